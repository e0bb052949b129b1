"""JSON that two parsers read differently is refused, in every document of an image."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.errors import InputError, SlimError
from slim.image.documents import Object, check_digest, parse
from slim.limits import DEFAULT_LIMITS, Limits
from tests.support.attacks import Attack, named, prove, shown
from tests.support.building import descriptor
from tests.support.layouts import (
    CONFIG,
    HELLO,
    Members,
    blob_name,
    config,
    docker,
    entry,
    index,
    manifest,
    packed,
    simple,
    world,
)

Change = Callable[[bytes], bytes]

MADE = config(HELLO)
TOP = manifest(MADE, HELLO)


def with_config(change: Change) -> Members:
    result = change(MADE)
    top = manifest(result, HELLO)
    return world(index(entry(top)), top, result, HELLO)


def with_manifest(change: Change) -> Members:
    top = change(TOP)
    return world(index(entry(top)), top, MADE, HELLO)


def with_index(change: Change) -> Members:
    return world(change(index(entry(TOP))), TOP, MADE, HELLO)


def with_nested_index(change: Change) -> Members:
    below = change(index(entry(TOP)))
    kind = "application/vnd.oci.image.index.v1+json"
    return world(index(entry(below, kind)), below, TOP, MADE, HELLO)


def with_layout(change: Change) -> Members:
    members = simple(HELLO)
    data = members["oci-layout"]
    assert isinstance(data, bytes)
    return {**members, "oci-layout": change(data)}


def with_docker(change: Change) -> Members:
    members = docker(MADE, HELLO)
    data = members["manifest.json"]
    assert isinstance(data, bytes)
    return {**members, "manifest.json": change(data)}


DOCUMENTS = {
    "config": with_config,
    "manifest": with_manifest,
    "index": with_index,
    "nested-index": with_nested_index,
    "oci-layout": with_layout,
    "manifest.json": with_docker,
}
KEYS = {
    "config": "rootfs",
    "manifest": "layers",
    "index": "manifests",
    "nested-index": "manifests",
    "oci-layout": "imageLayoutVersion",
    "manifest.json": "Layers",
}


def member(text: bytes) -> Change:
    """One more member in the first object."""
    return lambda data: data.replace(b"{", b"{" + text + b",", 1)


def value(text: bytes) -> Change:
    """The value of a key that no reader knows."""
    return member(b'"x":' + text)


def recoded(encoding: str) -> Change:
    """The document in another encoding."""
    return lambda data: data.decode().encode(encoding)


def with_size(text: bytes) -> Members:
    """An image whose config has this for a size."""
    size = b'"size":%d' % len(MADE)
    return with_manifest(lambda data: data.replace(size, b'"size":' + text, 1))


def in_other_case(key: str) -> Change:
    """A known key once more, in other case."""
    return member(f'"{key.swapcase()}":[]'.encode())


def whole(change: Change) -> Change:
    return change


ANYWHERE: tuple[tuple[str, str, Change, str], ...] = (
    ("duplicate", "a key twice", member(b'"x":1,"x":1'), "twice"),
    ("deep-duplicate", "a key twice, further in", value(b'[{"y":{"z":1,"z":2}}]'), "twice"),
    ("escaped-duplicate", "a key twice, once escaped", member(b'"x":1,"\\u0078":1'), "twice"),
    ("nan", "NaN", value(b"NaN"), "'NaN'"),
    ("infinity", "Infinity", value(b"-Infinity"), "'-Infinity'"),
    ("fraction", "a number with a fraction", value(b"1.0"), "'1.0'"),
    ("exponent", "a number with an exponent", value(b"1e3"), "'1e3'"),
    ("digits", "a number of 5,000 digits", value(b"1" * 5000), "not valid JSON"),
    ("zero", "a number with a leading zero", value(b"01"), "not valid JSON"),
    ("surrogate", "half of a surrogate pair", value(b'"\\ud800"'), "surrogate"),
    ("surrogate-key", "half of a surrogate pair in a key", member(b'"\\ud800":1'), "surrogate"),
    (
        "surrogate-swapped",
        "a surrogate pair the wrong way round",
        value(b'"\\udc00\\ud800"'),
        "surrogate",
    ),
    ("utf-8", "bytes that are not UTF-8", value(b'"\xff"'), "not valid JSON"),
    ("overlong", "an overlong UTF-8 sequence", value(b'"\xc0\xaf"'), "not valid JSON"),
    (
        "cesu",
        "surrogates in raw bytes (CESU-8)",
        value(b'"\xed\xa0\x80\xed\xb0\x80"'),
        "not valid JSON",
    ),
    ("bom", "a byte order mark", whole(lambda data: b"\xef\xbb\xbf" + data), "not valid JSON"),
    ("utf-16", "UTF-16", recoded("utf-16"), "not valid JSON"),
    ("utf-16le", "UTF-16 without a mark", recoded("utf-16-le"), "not valid JSON"),
    ("utf-32", "UTF-32", recoded("utf-32"), "not valid JSON"),
    ("trailing", "data after the document", whole(lambda data: data + b"{}"), "not valid JSON"),
    ("nul", "a NUL byte after the document", whole(lambda data: data + b"\0"), "not valid JSON"),
    ("comment", "a comment", whole(lambda data: b"/**/" + data), "not valid JSON"),
    ("quotes", "a key in single quotes", member(b"'x':1"), "not valid JSON"),
    ("comma", "a trailing comma", value(b"[1,]"), "not valid JSON"),
    ("control", "a raw control character in a string", value(b'"\x1b"'), "not valid JSON"),
    ("nothing", "no bytes at all", whole(lambda data: b""), "not valid JSON"),
    ("number", "a number as the document", whole(lambda data: b"1"), "is not"),
    ("text", "a string as the document", whole(lambda data: b'"x"'), "is not"),
    ("null", "null as the document", whole(lambda data: b"null"), "is not"),
)

LIMITED: tuple[tuple[str, str, Change, str], ...] = (
    ("deep", "65 arrays in each other", value(b"[" * 64 + b"]" * 64), "limit-json-depth"),
    ("deeper", "5,000 arrays in each other", value(b"[" * 5000 + b"]" * 5000), "limit-json-depth"),
    ("unclosed", "5,000 arrays that never close", value(b"[" * 5000), "limit-json-depth"),
    ("nodes", "200,001 values", value(b"[" + b"0," * 200_000 + b"0]"), "limit-json-nodes"),
    ("bytes", "more than 4 MiB", whole(lambda data: data + b" " * (4 << 20)), "limit-json-bytes"),
)

ATTACKS = (
    *(
        Attack(
            id=f"J-{name}-{document}",
            given=f"{what} in {document}",
            make=packed(build(change)),
            error="bad-document",
            says=(says,),
        )
        for document, build in DOCUMENTS.items()
        for name, what, change, says in ANYWHERE
    ),
    *(
        Attack(
            id=f"J-{name}-{document}",
            given=f"{what} in {document}",
            make=packed(build(change)),
            error=slug,
            code=5,
        )
        for document, build in DOCUMENTS.items()
        for name, what, change, slug in LIMITED
        if document in ("config", "manifest.json")
    ),
    *(
        Attack(
            id=f"J-{name}-{document}",
            given=f"{what} in {document}",
            make=packed(build(change(KEYS[document]))),
            error="bad-document",
            says=("parsers disagree",),
        )
        for document, build in DOCUMENTS.items()
        for name, what, change in (
            ("case", "a known key twice, in other case", in_other_case),
            (
                "only-case",
                "a known key in other case only",
                lambda key: (
                    lambda data: data.replace(f'"{key}"'.encode(), f'"{key.upper()}"'.encode())
                ),
            ),
        )
    ),
    Attack(
        id="J-long-s",
        given="annotation\u017f, which Go takes for annotations",
        make=packed(with_manifest(member('"annotation\u017f":{}'.encode()))),
        error="bad-document",
        says=("parsers disagree",),
    ),
    Attack(
        id="J-kelvin",
        given="a layer's \u212aelvin sign in a key that no reader knows",
        make=packed(with_manifest(member('"\u212a":{}'.encode()))),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="J-case-descriptor",
        given="Digest beside digest in a layer's descriptor",
        make=packed(
            with_manifest(lambda data: data.replace(b'"digest"', b'"Digest":"sha256:00","digest"'))
        ),
        error="bad-document",
        says=("parsers disagree",),
    ),
    *(
        Attack(
            id=f"J-size-{name}",
            given=f"a config whose size is {text.decode()}",
            make=packed(with_size(text)),
            error="bad-document",
        )
        for name, text in (
            ("negative", b"-1"),
            ("huge", b"9223372036854775808"),
            ("fraction", b"%d.0" % len(MADE)),
            ("exponent", b"1e3"),
            ("true", b"true"),
            ("text", b'"%d"' % len(MADE)),
            ("array", b"[%d]" % len(MADE)),
        )
    ),
    Attack(
        id="J-minus-zero",
        given="-0 where no reader looks",
        make=packed(with_config(value(b"-0"))),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="J-escapes",
        given="known keys and digests with escapes in them",
        make=packed(with_manifest(lambda data: data.replace(b'"layers"', b'"\\u006c\\u0061yers"'))),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="J-pairs",
        given="a proper surrogate pair",
        make=packed(with_config(value(b'"\\ud83d\\ude00"'))),
        counts={"totals.layers": 1},
    ),
    Attack(
        id="J-depth",
        given="60 arrays in each other",
        make=packed(with_config(value(b"[" * 60 + b"]" * 60))),
        counts={"totals.layers": 1},
    ),
)


@pytest.mark.parametrize("attack", shown(ATTACKS), ids=named)
def test_documents(attack: Attack, tmp_path: Path) -> None:
    prove(attack, tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_refusal(data: bytes) -> None:
    with suppress(InputError):
        parse(data, "it", DEFAULT_LIMITS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3)
    ),
    max_leaves=20,
)
NAMES = ("digest", "size", "urls", "annotations", "data", "config", "layers", "manifests")


@given(JSON | st.dictionaries(st.sampled_from(NAMES), JSON), st.sampled_from(NAMES))
def test_any_value_is_read_as_its_type_or_refused(document: object, name: str) -> None:
    """No type confuses the reader of a field."""
    for read in ("text", "integer", "boolean", "items", "texts", "mapping", "keys", "base64"):
        with suppress(InputError):
            getattr(Object(document, "it", NAMES), read)(name)


@given(st.text(max_size=80) | st.from_regex(r"sha256:[0-9a-f]{60,68}", fullmatch=True))
def test_a_digest_that_passes_is_one_path_below_blobs(text: str) -> None:
    try:
        check_digest(text, "it")
    except SlimError:
        return
    algorithm, _, encoded = text.partition(":")
    assert "/" not in text
    assert ".." not in text
    assert algorithm
    assert encoded
    assert text.isascii()
    assert algorithm != "sha256" or len(encoded) == 64


def test_depth_can_be_raised_and_not_beyond_the_interpreter() -> None:
    assert parse(b"[" * 100 + b"]" * 100, "it", Limits(json_depth=100))
    with pytest.raises(SlimError, match="nested 100,000 deep"):
        parse(b"[" * 100_000, "it", Limits(json_depth=1_000_000))


def test_the_mistaken_part_is_named() -> None:
    with pytest.raises(SlimError, match=r"blobs/sha256/[0-9a-f]{64}"):
        parse(b"{", blob_name(MADE), DEFAULT_LIMITS)
    assert descriptor(CONFIG, MADE)["size"] == len(MADE)
