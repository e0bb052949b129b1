"""Reasons, recommendations and removals, on small graphs and against slow, obvious definitions."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from slim.packages.closure import recommends_only, removal_closure, why
from slim.packages.graph import Graph, link
from slim.packages.package import Dependency, Package
from tests.conftest import LONG


def package(
    name: str,
    depends: str = "",
    recommends: str = "",
    suggests: str = "",
    *,
    provides: str = "",
    auto: bool | None = True,
    essential: bool = False,
    required: bool = False,
    manager: str = "dpkg",
    files: tuple[bytes, ...] = (),
) -> Package:
    """A package; requirements are words, alternatives are joined by `|`."""

    def needs(words: str) -> tuple[Dependency, ...]:
        return tuple(Dependency(tuple(word.split("|"))) for word in words.split())

    return Package(
        manager,
        name,
        depends=needs(depends),
        recommends=needs(recommends),
        suggests=needs(suggests),
        provides=tuple(provides.split()),
        auto=auto,
        essential=essential,
        required=required,
        files=files,
    )


def installed_by_hand(name: str, *words: str, **more: str) -> Package:
    return replace(package(name, *words, **more), auto=False)  # type: ignore[arg-type]


def reasons(*packages: Package) -> dict[str, str]:
    graph = link(packages)
    return {
        package.name: why.text(graph) for package, why in zip(packages, why(graph), strict=True)
    }


def weak(*packages: Package) -> set[str]:
    return {packages[index].name for index in recommends_only(link(packages))}


def along(names: str, *packages: Package) -> set[str]:
    """What goes along with some packages, in words."""
    chosen = [index for index, package in enumerate(packages) if package.name in names.split()]
    return {packages[index].name for index in removal_closure(link(packages), chosen)}


GIT = (
    package("libc", essential=True),
    package("shadow", "libc", required=True),
    installed_by_hand("git", "libc perl", "ssh less|pager", "mail"),
    package("perl", "libc"),
    package("ssh", "libc libedit", "xauth"),
    package("libedit", "libc"),
    package("xauth", "libx11"),
    package("libx11"),
    package("more", provides="pager"),
    package("mail"),
    package("orphan"),
)


def test_reasons() -> None:
    assert reasons(*GIT) == {
        "libc": "base system",
        "shadow": "base system",
        "git": "manual",
        "perl": "needed by git",
        "ssh": "recommended by git",
        "libedit": "needed by ssh",
        "xauth": "recommended by ssh",
        "libx11": "needed by xauth",
        "more": "recommended by git",
        "mail": "suggested by git",
        "orphan": "unknown",
    }


def test_recommends_only() -> None:
    assert weak(*GIT) == {"ssh", "libedit", "xauth", "libx11", "more", "mail", "orphan"}


def test_nothing_is_recommended_only_when_it_was_asked_for_or_is_needed() -> None:
    assert weak(installed_by_hand("a", "b", "b c"), package("b"), installed_by_hand("c")) == set()
    assert weak(installed_by_hand("a", "x|y"), package("x"), package("y")) == set(), (
        "every alternative stays"
    )
    assert weak(installed_by_hand("a", "virtual"), package("p", provides="virtual")) == set()


def test_a_library_of_a_language_is_never_recommended_only() -> None:
    assert weak(package("a", manager="python"), package("b", manager="node")) == set()


def test_managers_do_not_see_each_other() -> None:
    packages = (
        installed_by_hand("a", "curl"),
        package("curl", manager="rpm", auto=True),
        package("curl"),
    )
    assert recommends_only(link(packages)) == {1}


def test_removal_takes_dependents_and_what_only_they_wanted() -> None:
    assert along("git", *GIT) == {
        *("git", "perl", "ssh", "libedit", "xauth", "libx11", "more", "mail", "orphan")
    }
    assert along("perl", *GIT) == along("git", *GIT)
    assert along("xauth", *GIT) == {"xauth", "libx11", "orphan"}
    assert along("", *GIT) == {"orphan"}


def test_removal_stops_at_alternatives() -> None:
    packages = (installed_by_hand("a", "x|y"), package("x"), package("y"))
    assert along("x", *packages) == {"x"}
    assert along("x y", *packages) == {"a", "x", "y"}
    same = (installed_by_hand("a", "v"), package("p", provides="v"), package("q", provides="v"))
    assert along("p", *same) == {"p"}


def test_removal_keeps_what_is_only_wished_for() -> None:
    packages = (
        installed_by_hand("a", "", "r", "s"),
        installed_by_hand("b", "r s"),
        package("r"),
        package("s"),
    )
    assert along("b", *packages) == {"b"}


def test_the_base_system_cannot_be_removed() -> None:
    assert along("libc", *GIT) == set()
    assert along("x", package("core", "x", essential=True), package("x")) == set()


def test_a_requirement_that_nothing_fulfils_breaks_nothing() -> None:
    assert along("x", installed_by_hand("a", "missing x|missing"), package("x")) == {"a", "x"}
    assert along("b", installed_by_hand("a", "missing"), package("b")) == {"b"}


def test_libraries_go_alone() -> None:
    packages = (
        package("a", "b", manager="python", auto=None),
        package("b", manager="python", auto=None),
        package("orphan", manager="python"),
    )
    assert along("b", *packages) == {"b"}


def test_rpm_without_reasons() -> None:
    tree = (
        package("app", "/bin/sh lib", "extra", manager="rpm", auto=None),
        package("bash", manager="rpm", auto=None, files=(b"usr/bin/sh",)),
        package("lib", "lib-data", manager="rpm", auto=None),
        package("lib-data", "lib", manager="rpm", auto=None),
        package("extra", "extra-data", manager="rpm", auto=None),
        package("extra-data", manager="rpm", auto=None),
        package("circle", "circus", manager="rpm", auto=None),
        package("circus", "circle", manager="rpm", auto=None),
        package("leaf", manager="rpm", auto=None),
    )
    assert weak(*tree) == {"extra", "extra-data"}
    assert reasons(*tree)["bash"] == "needed by app"
    assert reasons(*tree)["app"] == reasons(*tree)["leaf"] == "unknown"
    assert along("app", *tree) == {"app", "bash", "lib", "lib-data", "extra", "extra-data"}
    assert along("extra", *tree) == {"extra", "extra-data"}
    assert along("circus", *tree) == {"circle", "circus"}


def test_rpm_paths_are_found_under_either_name() -> None:
    for expected in ("/bin/sh", "/usr/bin/sh"):
        for listed in (b"bin/sh", b"usr/bin/sh"):
            app = package("app", expected, manager="rpm", auto=None)
            shell = package("shell", manager="rpm", auto=None, files=(listed,))
            assert reasons(app, shell)["shell"] == "needed by app"


def test_who_wants_only_itself_is_there_for_its_own_sake() -> None:
    extra = package("extra", manager="rpm", auto=None)
    app = package("app", "self", "extra", provides="self", manager="rpm", auto=None)
    assert weak(extra, app) == {"extra"}


def test_a_package_may_fulfil_its_own_requirement() -> None:
    packages = (installed_by_hand("a", "self", provides="self"),)
    assert reasons(*packages) == {"a": "manual"}
    assert along("a", *packages) == {"a"}


NAMES = "abcdefgh"
WORDS = st.lists(
    st.lists(st.sampled_from(NAMES + "xyz"), min_size=1, max_size=2).map("|".join), max_size=3
).map(" ".join)
PACKAGES = st.lists(
    st.builds(
        package,
        st.sampled_from(NAMES),
        WORDS,
        WORDS,
        WORDS,
        provides=st.lists(st.sampled_from("xyz"), max_size=1).map(" ".join),
        auto=st.booleans(),
        essential=st.sampled_from([False, False, False, True]),
    ),
    max_size=8,
    unique_by=lambda package: package.name,
)


def fulfilled(dependency: Dependency, installed: set[int], packages: list[Package]) -> set[int]:
    return {
        index
        for index in installed
        if {packages[index].name, *packages[index].provides} & set(dependency.names)
    }


def grown(start: set[int], installed: set[int], packages: list[Package], *kinds: str) -> set[int]:
    """Everything that `start` leads to, by definition: repeat until nothing is new."""
    found = set(start)
    while True:
        more = {
            other
            for index in found
            for kind in kinds
            for dependency in getattr(packages[index], kind)
            for other in fulfilled(dependency, installed, packages)
        }
        if more <= found:
            return found
        found |= more


@given(PACKAGES)
def test_recommends_only_by_definition(packages: list[Package]) -> None:
    everything = set(range(len(packages)))
    roots = {i for i in everything if packages[i].essential or not packages[i].auto}
    needed = grown(roots, everything, packages, "depends")
    expected = {i for i in everything - needed if packages[i].auto}
    assert recommends_only(link(packages)) == expected


@given(PACKAGES, st.sets(st.integers(0, 7)))
def test_removal_by_definition(packages: list[Package], chosen: set[int]) -> None:
    everything = set(range(len(packages)))
    removed = chosen & everything
    while True:
        left = everything - removed
        broken = {
            i
            for i in left
            for dependency in packages[i].depends
            if fulfilled(dependency, everything, packages)
            and not fulfilled(dependency, left, packages)
        }
        if not broken:
            break
        removed |= broken
    expected: set[int] = set()
    if not any(packages[i].essential for i in removed):
        roots = {i for i in left if packages[i].essential or not packages[i].auto}
        kept = grown(roots, left, packages, "depends", "recommends", "suggests")
        expected = removed | {i for i in left - kept if packages[i].auto}
    assert removal_closure(link(packages), chosen & everything) == expected


@given(PACKAGES)
def test_every_reason_is_true(packages: list[Package]) -> None:
    graph = link(packages)
    for index, reason in enumerate(why(graph)):
        if reason.by >= 0:
            kind = reason.cause.name.lower()
            wishes = {"needed": "depends", "recommended": "recommends", "suggested": "suggests"}
            by = getattr(packages[reason.by], wishes[kind])
            assert any(index in fulfilled(dependency, {index}, packages) for dependency in by)
            assert reason.text(graph).endswith(packages[reason.by].name)


@LONG
def test_what_everybody_provides_and_everybody_wants_is_linear() -> None:
    def seconds(count: int) -> float:
        packages = [
            package(f"p{n}", "v w|v", "v", "w", provides="v w", auto=n > 0) for n in range(count)
        ]
        before = time.perf_counter()
        graph: Graph = link(packages)
        why(graph)
        recommends_only(graph)
        removal_closure(graph, range(count // 2))
        return time.perf_counter() - before

    assert seconds(20_000) < 40 * max(seconds(2_000), 0.01)


@LONG
def test_a_long_chain_and_many_circles_are_linear() -> None:
    chain = [package(f"p{n}", f"p{n + 1}", auto=n > 0) for n in range(50_000)]
    assert len(removal_closure(link(chain), [49_999])) == 50_000
    circles = [package(f"c{n}", f"c{n ^ 1}", manager="rpm", auto=None) for n in range(20_000)]
    assert recommends_only(link(circles)) == frozenset()
