"""What people write for an image: which words are references, which are files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.errors import InputError, UsageError
from slim.image.ref import ImageRef
from slim.image.reference import looks_remote, parse_reference
from slim.image.source import find_reference, open_image

HEX = "ab" * 32


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("debian", "docker.io/library/debian:latest"),
        ("debian:12", "docker.io/library/debian:12"),
        ("org/app", "docker.io/org/app:latest"),
        ("docker.io/debian", "docker.io/library/debian:latest"),
        ("index.docker.io/org/app:1", "docker.io/org/app:1"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app:1", "localhost:5000/app:1"),
        ("registry.example.com/team/app:1.2", "registry.example.com/team/app:1.2"),
        ("Registry.Example.com/app", "registry.example.com/app:latest"),
        ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        (f"app@sha256:{HEX}", f"docker.io/library/app@sha256:{HEX}"),
        (f"app:1@sha256:{HEX}", f"docker.io/library/app:1@sha256:{HEX}"),
        ("a/b__c/d-e/f.g", "docker.io/a/b__c/d-e/f.g:latest"),
        ("app:_x.Y-z", "docker.io/library/app:_x.Y-z"),
    ],
)
def test_a_reference_is_completed_as_engines_do(text: str, full: str) -> None:
    assert str(parse_reference(text)) == full


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "app:",
        "app:-x",
        "app:" + "x" * 129,
        "App",
        "org/App",
        "Host/app",
        "app//x",
        "/app",
        "app/",
        "../etc/passwd",
        "registry.example.com/../../v2/x",
        "a..b",
        "a%2e%2e/b",
        "a b",
        "a\nb",
        "a\0b",
        "user:password@registry.example.com/app",
        "http://registry.example.com/app",
        "::1/app",
        "[::1/app",
        "registry.example.com:99999/app",
        "registry.example.com:/app",
        "-registry.example.com/app",
        "app@sha256:xyz",
        f"app@sha256:{HEX.upper()}",
        f"app@md5:{'a' * 32}",
        f"app@sha256:{HEX}@sha256:{HEX}",
        "app?x=1",
        "app#x",
        "a/" * 200 + "a",
        "ａpp",
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_reference(text)
    assert refused.value.slug == "bad-reference"
    assert refused.value.message.isprintable()
    assert not looks_remote(text)


@given(st.text(max_size=60) | st.text("a.:/@-_A0[]%", max_size=30))
def test_whatever_is_accepted_can_be_read_again(text: str) -> None:
    try:
        found = parse_reference(text)
    except UsageError:
        return
    assert parse_reference(str(found)) == found
    written = f"{found.host}/{found.repository}{found.tag}"
    assert written.isascii()
    assert not set(written) & set("%?#@\\ \n\0")
    assert ".." not in written


def test_what_exists_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("debian", "app:1"):
        assert find_reference(name) is not None
        (tmp_path / name).write_bytes(b"")
        assert find_reference(name) is None
        assert find_reference(f"registry:{name}") == parse_reference(name)
    (tmp_path / "build").mkdir()
    assert find_reference("build/image") is None, "a file that is not there, in a folder that is"
    assert find_reference("other/image") is not None


@pytest.mark.parametrize(
    "name",
    ["-", "image.tar", "image.tar.gz", "./app", "../app", "/app", "~/app", "Image", "oci-dir:app", "a b"],
)  # fmt: skip
def test_what_cannot_be_an_image_is_a_path(name: str) -> None:
    assert find_reference(name) is None


def test_a_missing_file_is_no_image_in_a_registry() -> None:
    with (
        pytest.raises(InputError, match="No such file") as refused,
        open_image(ImageRef("missing.tar")),
    ):
        pass
    assert "registry:NAME" in refused.value.hint


@pytest.mark.parametrize("name", ["registry:2", "registry:2.8.3", "registry:latest", "registry:v3"])
def test_the_image_called_registry_is_ambiguous(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_reference(name)
    assert refused.value.slug == "ambiguous-input"
    tag = name.partition(":")[2]
    assert f"registry:registry:{tag}" in refused.value.hint
    assert find_reference(f"registry:registry:{tag}") == parse_reference(name)
