"""Images in registries: read over HTTP, never written to.

access (what the user allows) → origin (which URL may be asked, and who may see credentials) → transport
(one request) → tokens, credentials (who we are) → client (documents and blobs, retried and resumed) →
lazy (tables of contents instead of blobs) → image.
"""
