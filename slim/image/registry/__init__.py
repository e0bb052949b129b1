"""Images in registries: read over HTTP, never written to.

access (what the user allows) → origin (which URL may be asked, and who may see credentials) → tokens,
credentials (who we are) → protocol (oras-py over our own HTTP client) → client (documents and blobs,
verified, resumed) → lazy (tables of contents instead of blobs) → image.
"""
