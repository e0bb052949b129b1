"""Where `slim repack` writes: files, layouts, engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from slim.errors import UsageError
from slim.image.engine import load_image, split_engine
from slim.repack.compressors import Compression, parse_compression
from slim.repack.run import Form, Target

_ENGINES = ("docker", "podman")
_FORMS: dict[str, Form] = {
    "oci-archive": "oci-archive",
    "oci-dir": "oci-dir",
    "docker-archive": "docker-archive",
}


@contextmanager
def opened(output: str | None, push: str | None, compression: str | None) -> Iterator[Target]:
    """Where the image is written. What an engine shall have is loaded into it when the block ends."""
    how: Compression | None = parse_compression(compression) if compression else None
    if not output:
        with TemporaryDirectory(prefix="slim-") as folder:
            yield Target(f"{folder}/image.tar", "oci-archive", how)
        return
    prefix, colon, path = output.partition(":")
    if push and prefix in (*_ENGINES, "docker-archive"):
        raise UsageError(
            "bad-choice",
            "--push takes an OCI archive or layout, and -o writes neither",
            "-o oci-archive:PATH, or no -o at all",
        )
    if colon and prefix in _ENGINES:
        engine, name = split_engine(output) or (prefix, path)
        if ":" not in name.rpartition("/")[2]:
            name += ":latest"
        with TemporaryDirectory(prefix="slim-") as folder:
            target = Target(f"{folder}/image.tar", "docker-archive", None, name)
            yield target
            load_image(engine, target.path)
    elif colon and prefix in _FORMS:
        yield Target(path, _FORMS[prefix], how)
    else:
        yield Target(output, "archive", how)


def beside(output: str) -> str:
    """`app.slim.tar` → `app.slim.json`; `docker:team/app:1` → `app-1.json` in this folder."""
    prefix, colon, path = output.partition(":")
    if colon and prefix in _ENGINES:
        return f"{path.rpartition('/')[2].replace(':', '-')}.json"
    if colon and prefix in _FORMS:
        if not path:
            raise UsageError("no-output", f"{output!r} names no file", f"write {prefix}:PATH")
        output = path
    path = output
    return str(Path(path).with_suffix(".json")) if Path(path).suffix else f"{path}.json"
