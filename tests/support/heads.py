"""Contents that are looked into: an ELF header, a private key."""

from __future__ import annotations

from tests.support.elf import SECTIONS, elf_image

ELF = elf_image(SECTIONS, needed=(b"libc.so.6",))
KEY = b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
