"""Compiled modules of Erlang and Elixir: an input is one BEAM file, gzipped or not.

Oracle: nothing is raised; what stripping takes is less than the whole file; gzipping changes nothing but
what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import asdict

from slim.files.extract.beam import is_beam, parse_beam
from slim.files.extract.found import Beam
from tests.support.beam import MODULE, atoms, beam_file, chunk
from tests.support.building import gzip

_OF_THE_FILE = {"file_bytes", "gzipped", "dropped_packed"}


def seeds() -> Iterator[bytes]:
    yield from (MODULE, gzip(MODULE))
    yield beam_file(atoms(b"lists"), chunk(b"Code", b"c" * 9), chunk(b"Abst", b""))
    yield beam_file(chunk(b"AtU8", b"\xff\xff\xff\xff\x28A"), chunk(b"Dbgi", b"d"))


def check(data: bytes) -> None:
    assert isinstance(is_beam(data[:12], b"a.beam"), bool)
    found = parse_beam(data)
    if found is None:
        return
    assert found.module
    assert 0 <= found.strip_bytes < max(found.file_bytes, found.form_bytes)
    if not found.gzipped:
        again = parse_beam(gzip(data))
        assert again is not None
        assert _of_the_form(again) == _of_the_form(found)


def _of_the_form(found: Beam) -> dict[str, object]:
    return {key: value for key, value in asdict(found).items() if key not in _OF_THE_FILE}
