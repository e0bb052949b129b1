"""What a Go program says about its build, in the form that Go 1.18 and later write it.

The section `.go.buildinfo` begins with 16 bytes, `\\xff Go buildinf:`, pointer size and flags; with flag 2
two strings follow at byte 32, each after its length as a varint: the version of Go and the module info,
which has 16 bytes of marks at either end and lines such as `mod<TAB>example.com/a<TAB>v1.2.3`.
Source: Go's debug/buildinfo and runtime/debug (ParseBuildInfo).
"""

from __future__ import annotations

from slim.files.extract.found import GoBuild

MAGIC = b"\xff Go buildinf:"
SECTION_BYTES = 1 << 20
"""Most that is read of the section."""
_INLINE = 2
_MARK = 16
_MAX_TEXT = 256
_MAX_LINES = 10_000
_SETTINGS = frozenset(
    (b"-buildmode", b"-compiler", b"-race", b"-trimpath", b"CGO_ENABLED", b"GOARCH", b"GOOS")
)


def parse_go(section: bytes) -> GoBuild | None:
    """The build information; None when this is none."""
    if section[: len(MAGIC)] != MAGIC or len(section) < 32:
        return None
    if not section[15] & _INLINE:
        return GoBuild()
    version, at = _text(section, 32)
    info, _ = _text(section, at)
    if len(info) >= 2 * _MARK + 1 and info[-_MARK - 1 : -_MARK] == b"\n":
        info = info[_MARK:-_MARK]
    else:
        info = b""
    main = module = module_version = b""
    settings: list[tuple[bytes, bytes]] = []
    for line in info.split(b"\n", _MAX_LINES)[:_MAX_LINES]:
        kind, _, rest = line.partition(b"\t")
        if kind == b"path":
            main = rest[:_MAX_TEXT]
        elif kind == b"mod":
            module, _, rest = rest[: 2 * _MAX_TEXT].partition(b"\t")
            module_version = rest.partition(b"\t")[0]
        elif kind == b"build" and len(settings) <= len(_SETTINGS):
            key, _, value = rest.partition(b"=")
            if key in _SETTINGS:
                settings.append((key, value[:_MAX_TEXT]))
            elif key == b"-ldflags":
                settings.append((key, _stripping(value)))
    return GoBuild(version[:_MAX_TEXT], main, module, module_version, tuple(settings))


def _stripping(flags: bytes) -> bytes:
    words = flags[: 16 * _MAX_TEXT].replace(b'"', b" ").replace(b"'", b" ").split()
    return b" ".join(flag for flag in (b"-s", b"-w") if flag in words)


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    """A string after its length, and the offset behind it; empty when it is cut off."""
    length, shift = 0, 0
    while shift < 35 and at < len(data):
        byte = data[at]
        length |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if not byte & 0x80:
            end = at + length
            return (data[at:end], end) if end <= len(data) else (b"", len(data))
    return b"", len(data)
