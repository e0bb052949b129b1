"""Who owns a file: paths through links, priorities, sums."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from slim.files.ledger import account
from slim.files.table import Fate, Files, Kind
from slim.packages.owners import NOBODY, Ownership, own
from slim.packages.package import Package, normal
from slim.packages.places import NOWHERE, Places
from tests.support.building import Parts, delete, hardlink, layer
from tests.support.checked import checked_files


@dataclass(frozen=True)
class Owned:
    files: Files
    ownership: Ownership
    live_bytes: int
    live_pull_bytes: int

    def owner(self, path: str) -> str | None:
        """Name of the owner of a live path."""
        (row,) = (
            row
            for row in range(len(self.files))
            if self.files.shown[row] and self.files.path(row) == path.encode()
        )
        index = self.ownership.owner[row]
        return None if index == NOBODY else self.ownership.packages[index].name


def owned(packages: list[Package], *layers: Parts) -> Owned:
    built = [layer(part, compression="gzip") for part in layers]
    stacked = checked_files(built)
    ledger = account(stacked.files, stacked.tables, [len(layer.blob) for layer in built])
    result = own(stacked.files, packages, ledger.pull)
    _check(stacked.files, result)
    return Owned(
        stacked.files,
        result,
        sum(layer.live_bytes for layer in ledger.layers),
        sum(layer.live_pull_bytes for layer in ledger.layers),
    )


def _check(files: Files, result: Ownership) -> None:
    """Sums are those of the rows, and only live rows have an owner."""
    for index in range(len(result.packages)):
        rows = result.rows([index])
        live = [
            row for row in rows if files.kind[row] == Kind.FILE and files.fate[row] == Fate.LIVE
        ]
        assert result.disk[index] == sum(files.size[row] for row in live)
        names = [row for row in rows if files.shown[row] and files.kind[row] <= Kind.HARDLINK]
        assert result.files[index] == len(names)
        assert (result.layer[index] < 0) == (not names)
    for row, index in enumerate(result.owner):
        if index != NOBODY and files.kind[row] == Kind.FILE:
            assert files.fate[row] == Fate.LIVE


def dpkg(name: str, *files: str, stems: str = "") -> Package:
    return Package(
        "dpkg",
        name,
        files=tuple(file.encode() for file in files),
        stems=tuple(stem.encode() for stem in stems.split()),
    )


def at(manager: str, name: str, *directories: str) -> Package:
    return Package(
        manager, name, directories=tuple(directory.encode() for directory in directories)
    )


def test_lists_lead_through_links() -> None:
    image = owned(
        [dpkg("libz", "lib/libz.so", "bin/tool", "var/run/pid", "./usr//share/../share/x")],
        "usr/ usr/lib/ usr/lib/libz.so=1234 lib->usr/lib bin->/usr/bin usr/bin/tool=12",
        "run/pid=1 var/ var/run->../run usr/share/x=22 usr/lib/other=9",
    )
    for path in ("usr/lib/libz.so", "usr/bin/tool", "run/pid", "usr/share/x"):
        assert image.owner(path) == "libz"
    assert image.owner("usr/lib/other") is None
    assert list(image.ownership.disk) == [4 + 2 + 1 + 2]
    assert list(image.ownership.files) == [4]


def test_circles_of_links_and_missing_directories_lead_nowhere() -> None:
    stacked = checked_files([layer("a->b b->a c->c/d d/ d/e->../d/f d/f->/d x->d/e/.. up->../..")])
    places = Places(stacked.files)
    assert places.directory(b"d") == places.directory(b"d/e") == places.directory(b"d/e/e/f")
    assert places.directory(b"x") == places.directory(b"up") == 0
    for path in (b"a", b"b/c", b"c", b"c/d", b"no", b"d/no/../e"):
        assert places.directory(path) == NOWHERE


def test_the_first_claim_counts() -> None:
    packages = [
        at("node", "mod", "usr/lib/node_modules/mod"),
        Package("python", "six", files=(b"usr/lib/six.py", b"usr/lib/both.py")),
        dpkg("one", "usr/lib/both.py", "usr/lib/twice"),
        dpkg("two", "usr/lib/twice", "usr/lib/node_modules/mod/listed"),
    ]
    image = owned(
        packages,
        "usr/lib/both.py=1 usr/lib/six.py=1 usr/lib/twice=1"
        " usr/lib/node_modules/mod/listed=1 usr/lib/node_modules/mod/rest=1",
    )
    assert image.owner("usr/lib/both.py") == "one"
    assert image.owner("usr/lib/twice") == "one"
    assert image.owner("usr/lib/six.py") == "six"
    assert image.owner("usr/lib/node_modules/mod/listed") == "two"
    assert image.owner("usr/lib/node_modules/mod/rest") == "mod"


def test_the_innermost_directory_counts() -> None:
    packages = [
        at("otp", "app", "app"),
        at("node", "outer", "app/node_modules/outer"),
        at("node", "inner", "app/node_modules/outer/node_modules/inner"),
        at("otp", "root", "", "/", "."),
    ]
    image = owned(
        packages,
        "app/x=1 app/node_modules/y=1 app/node_modules/outer/z=1 top=1"
        " app/node_modules/outer/node_modules/inner/deep/w=1",
    )
    assert image.owner("app/x") == image.owner("app/node_modules/y") == "app"
    assert image.owner("app/node_modules/outer/z") == "outer"
    assert image.owner("app/node_modules/outer/node_modules/inner/deep/w") == "inner"
    assert image.owner("top") is None, "a package in the root does not own the image"


def test_compiled_python_goes_with_its_source() -> None:
    image = owned(
        [dpkg("py", "usr/lib/a.py"), Package("python", "b", files=(b"usr/lib/b.py",))],
        "usr/lib/a.py=1 usr/lib/b.py=1 usr/lib/__pycache__/a.cpython-312.pyc=11"
        " usr/lib/__pycache__/b.cpython-312.opt-1.pyc=22 usr/lib/__pycache__/c.cpython-312.pyc=33",
    )
    assert image.owner("usr/lib/__pycache__/a.cpython-312.pyc") == "py"
    assert image.owner("usr/lib/__pycache__/b.cpython-312.opt-1.pyc") == "b"
    assert image.owner("usr/lib/__pycache__/c.cpython-312.pyc") is None


def test_the_managers_own_files_go_along() -> None:
    image = owned(
        [dpkg("a", stems="info/a info/a:amd64"), dpkg("a.b", stems="info/a.b")],
        "info/a.list=1 info/a:amd64.md5sums=1 info/a.b.list=1 info/b.list=1 info/a=1",
    )
    assert image.owner("info/a.list") == image.owner("info/a:amd64.md5sums") == "a"
    assert image.owner("info/a.b.list") == "a.b"
    assert image.owner("info/b.list") is None
    assert image.owner("info/a") is None


def test_only_live_files_count() -> None:
    image = owned(
        [dpkg("a", "x", "y", "d/z", "link")],
        "x=old y=gone d/z=1 link->x",
        "x=longer",
        (delete("y"),),
    )
    assert list(image.ownership.disk) == [len("longer") + 1]
    assert list(image.ownership.files) == [2]
    assert list(image.ownership.layer) == [1]
    assert image.owner("link") == "a"


def test_bytes_of_hard_links_belong_to_who_shows_them() -> None:
    image = owned(
        [dpkg("a", "usr/a"), dpkg("b", "usr/b")],
        "usr/a=body",
        (hardlink("usr/b", "usr/a"), hardlink("usr/c", "usr/a")),
    )
    assert (list(image.ownership.disk), list(image.ownership.files)) == ([4, 0], [1, 1])
    gone = owned([dpkg("b", "b")], (*layer("a=body").entries, hardlink("b", "a")), (delete("a"),))
    assert (list(gone.ownership.disk), list(gone.ownership.files)) == ([4], [1])


def test_the_layer_with_most_bytes_is_the_origin() -> None:
    image = owned([dpkg("a", "x", "y", "z"), dpkg("none", "q")], "x=1 y=22", "z=55555")
    assert list(image.ownership.layer) == [1, -1]


def test_pull_bytes_are_the_ledgers() -> None:
    image = owned([dpkg("all", "a", "b")], f"a={'a' * 900} b={'b' * 900}")
    assert list(image.ownership.pull) == [image.live_pull_bytes]
    assert list(image.ownership.disk) == [image.live_bytes]


PARTS = st.lists(st.sampled_from(["a", "b", "c", "..", ".", ""]), max_size=6)


@given(st.lists(st.tuples(st.sampled_from("abc"), PARTS.map("/".join)), max_size=5), PARTS)
def test_places_never_leave_the_image(links: list[tuple[str, str]], parts: list[str]) -> None:
    words = " ".join(
        f"{name}/{number}->{target or '.'}" for number, (name, target) in enumerate(links)
    )
    stacked = checked_files([layer("a/ b/ c/ a/b/ a/b/c/ " + words)])
    found = Places(stacked.files).directory("/".join(parts).encode())
    assert found == NOWHERE or stacked.files.dir_shown[found] or found == 0
    path = normal("/".join(parts).encode())
    if path is not None and path in {b"a", b"a/b", b"a/b/c", b"b"} and ".." not in parts:
        assert stacked.files.directory_path(found) == path


def test_a_ladder_of_links_is_followed_once() -> None:
    """Every link leads twice through the one before: 2^200 steps for who follows them anew."""
    words = "l0->d d/ " + " ".join(f"l{n}->l{n - 1}/../l{n - 1}" for n in range(1, 200))
    stacked = checked_files([layer(words)])
    places = Places(stacked.files)
    assert places.directory(b"l199") == places.directory(b"d")
