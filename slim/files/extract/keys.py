"""Private keys, recognised by how their files begin. Nothing of them is kept.

Source: RFC 7468 §2 and §10–11 (PEM labels), RFC 9580 §6.2 (OpenPGP armor), PuTTY's appendix "PPK file
format", age's format specification ("AGE-SECRET-KEY-1").
"""

from __future__ import annotations

HEAD_BYTES = 64 << 10
"""What is looked at: certificates may come before the key in one file."""
NAMES = frozenset((b"key.txt", b"keys.txt"))
"""Files that may begin with a comment of age's."""
_BEGIN = b"-----BEGIN "
_PUTTY = b"PuTTY-User-Key-File-"
_AGE, _AGE_COMMENT = b"AGE-SECRET-KEY-1", b"# created: "
_LABEL = 64


def may_be_key(head: bytes) -> bool:
    """Whether `private_key` is worth asking, by the first few bytes."""
    return head.startswith((_BEGIN, _PUTTY, _AGE, _AGE_COMMENT))


def private_key(head: bytes) -> str:
    """What key a file with this beginning is: `pem`, `pgp`, `putty` or `age`; empty for none.

    >>> private_key(b"-----BEGIN OPENSSH PRIVATE KEY-----\\n")
    'pem'
    >>> private_key(b"-----BEGIN CERTIFICATE-----\\n")
    ''
    """
    if head.startswith(_PUTTY):
        return "putty"
    if head.startswith(_AGE):
        return "age"
    if head.startswith(_AGE_COMMENT) and b"\n" + _AGE in head[:512]:
        return "age"
    if not head.startswith(_BEGIN):
        return ""
    at = 0
    while at >= 0:
        begin = at + len(_BEGIN)
        label, dashes, _ = head[begin : begin + _LABEL].partition(b"-----")
        if dashes and label.endswith(b"PRIVATE KEY"):
            return "pem"
        if dashes and label == b"PGP PRIVATE KEY BLOCK":
            return "pgp"
        at = head.find(_BEGIN, begin, HEAD_BYTES)
    return ""
