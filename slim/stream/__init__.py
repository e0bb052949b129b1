"""Bytes in, bytes out: decompression and the tar format, without a notion of images or layers."""
