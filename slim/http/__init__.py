"""HTTP for registries and forges, written once: requests that are bounded in time, size and number.

origin (where a URL leads) → sockets (connections that can be cut) → client (requests: one deadline, retries,
redirects; credentials stay with the first origin). What an answer means is the callers' business.
"""
