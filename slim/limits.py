"""Budgets for hostile input: numbers with names, so that an error can say which one was exceeded.

Defaults follow what engines and registries enforce (OCI distribution spec, Go's archive/tar, Linux
PATH_MAX) or what the largest known images need. Each is a command-line flag (`--limit NAME=VALUE`), an
environment variable (`SLIM_LIMIT_LAYER_BYTES`) and a key of slim.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from slim.errors import LimitError, UsageError
from slim.units import parse_bytes

_MIB = 1 << 20
_GIB = 1 << 30
_VARIABLE = "SLIM_LIMIT_"


class Limits(Struct, frozen=True):
    """Upper bounds; sizes in bytes, the rest counts."""

    json_bytes: int = 4 * _MIB
    """A manifest, index, config or docker `manifest.json`."""
    layout_bytes: int = 64 << 10
    """An `oci-layout` file."""
    json_depth: int = 64
    json_nodes: int = 200_000
    index_depth: int = 8
    index_documents: int = 1_000
    descriptors: int = 10_000
    layers: int = 1_024
    members: int = 200_000
    """Members of the outer archive with their extension headers, or files of a layout directory."""
    member_name_bytes: int = 64 * _MIB
    """Names and link targets of all members of the outer archive together."""
    extension_bytes: int = _MIB
    """A PAX or GNU extension record, a sparse map: Go's own bound."""
    path_bytes: int = 8_192
    path_depth: int = 512
    link_hops: int = 255
    layer_entries: int = 2_000_000
    layer_name_bytes: int = 128 * _MIB
    """Names, directories and link targets of a layer together."""
    image_entries: int = 5_000_000
    memory_bytes: int = 640 * _MIB
    """About what names, link targets, kept contents and warnings of all layers take in memory."""
    layer_bytes: int = 64 * _GIB
    """A layer once decompressed."""
    image_bytes: int = 256 * _GIB
    """All layers once decompressed."""
    window_log: int = 27
    """zstd window, as a power of two: 128 MiB."""
    toc_bytes: int = 64 * _MIB
    """The table of contents of a layer that is not read, once decompressed."""
    frames: int = 10_000_000
    """gzip members or zstd frames of one blob."""
    report_bytes: int = 64 * _MIB
    """A report that is read back."""
    report_depth: int = 64
    report_nodes: int = 5_000_000
    timeout: int = 900
    """Seconds for a command until it writes its outputs, 0 for no bound; `--timeout` too. Calls from
    Python have none."""


DEFAULT_LIMITS = Limits()


def exceeded(name: str, value: int, limit: int, where: str = "") -> LimitError:
    """The error for a limit: names value, limit and flag."""
    place = f" in {where}" if where else ""
    return LimitError(
        f"limit-{name.replace('_', '-')}",
        f"{name.replace('_', ' ')}: {value:,} is over the limit of {limit:,}{place}",
        f"if you trust the input, raise it with --limit {name.replace('_', '-')}=VALUE",
    )


def limit_names() -> tuple[str, ...]:
    """The names of all limits as users write them: `layer-bytes`."""
    return tuple(name.replace("_", "-") for name in Limits.__struct_fields__)


def limits_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The settings of variables such as `SLIM_LIMIT_LAYER_BYTES=100GiB`, as `NAME=VALUE`."""
    return tuple(
        f"{name.removeprefix(_VARIABLE).lower().replace('_', '-')}={value}"
        for name, value in sorted(environment.items())
        if name.startswith(_VARIABLE) and value
    )


def with_limits(settings: Iterable[str], base: Limits = DEFAULT_LIMITS) -> Limits:
    """Apply `NAME=VALUE` settings; values are counts or sizes such as `1 GiB`.

    Raises:
        UsageError: unknown name or a value that is not a number.
    """
    known = {name: name.replace("-", "_") for name in limit_names()}
    values: dict[str, int] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in known:
            raise UsageError(
                "unknown-limit", f"unknown limit {name!r}", f"limits: {', '.join(known)}"
            )
        try:
            values[known[name]] = parse_bytes(text)
        except ValueError as error:
            raise UsageError("bad-limit", f"limit {name}: {error}") from None
    return replace(base, **values)
