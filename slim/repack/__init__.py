"""The image written again without what goes, and the certificate that says and proves what went."""
