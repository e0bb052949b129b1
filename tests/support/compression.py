"""Compressed streams with a given window."""

from __future__ import annotations

import sys

from tests.support.layouts import HELLO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TAR = HELLO.tar


def in_window(window_log: int, data: bytes = TAR) -> bytes:
    """A zstd frame that asks for this window."""
    parameter = zstd.CompressionParameter
    options = {int(parameter.window_log): window_log, int(parameter.checksum_flag): 1}
    engine = zstd.ZstdCompressor(options=options)
    return engine.compress(data) + engine.flush()
