"""Packages of Node: places, dependencies by place, and what is only for development."""

from __future__ import annotations

from slim.ecosystems.node.packages import modules_of, read_node
from slim.packages.closure import why
from slim.packages.graph import link
from slim.packages.package import Package, Read
from tests.support.installed_node import APP, LOCK, PNPM, Fields, manifest, tree


def dev(read: Read) -> dict[str, bool | None]:
    return {package.directories[0].decode(): package.dev for package in read.packages}


def test_every_package_directory_is_a_package() -> None:
    found = {package.directories[0]: package for package in read_node(APP).packages}
    assert len(found) == 9
    deep = found[b"app/node_modules/@x/deep"]
    assert (deep.name, deep.version) == ("@x/deep", "1.0.0")
    assert found[b"app/node_modules/web/node_modules/ms"].version == "2.0.0"


def test_dependencies_lead_to_the_nearest_place() -> None:
    packages = read_node(APP).packages
    graph = link(packages)
    reasons = {
        package.directories[0].decode().removeprefix("app/node_modules/"): reason.text(graph)
        for package, reason in zip(packages, why(graph), strict=True)
    }
    assert reasons == {
        "web": "manual",
        "test": "manual",
        "web-types": "manual",
        "web/node_modules/ms": "needed by web",
        "types": "needed by test",
        "speed": "recommended by web",
        "ms": "needed by test",
        "@x/deep": "needed by test",
        "unasked": "unknown",
    }


def test_development_follows_from_the_project() -> None:
    marks = {
        name.removeprefix("app/node_modules/"): mark for name, mark in dev(read_node(APP)).items()
    }
    assert marks == {
        "web": False,
        "web/node_modules/ms": False,
        "types": False,
        "speed": False,
        "test": True,
        "web-types": True,
        "ms": True,
        "@x/deep": True,
        "unasked": None,
    }


def test_the_installers_record_counts_more() -> None:
    lock = {
        "packages": {
            "": {"name": "app"},
            "node_modules/web": {"dev": True},
            "node_modules/ms": {"devOptional": True},
            "node_modules/test": {},
            "node_modules/speed": {"optional": True},
            "../../../escape": {"dev": True},
        }
    }
    read = read_node(APP | tree(**{"app/node_modules/.package-lock.json": lock}))
    marks = dev(read)
    assert marks["app/node_modules/web"] is True
    assert marks["app/node_modules/ms"] is False, "without development it stays as optional"
    assert marks["app/node_modules/test"] is False
    optional = {package.name for package in read.packages if package.optional}
    assert optional == {"ms", "speed"}


def test_without_a_project_nothing_is_known() -> None:
    packages = {path: data for path, data in APP.items() if path != b"app/package.json"}
    assert set(dev(read_node(packages)).values()) == {None}
    assert {package.auto for package in read_node(packages).packages} == {None}


def test_workspaces_keep_what_they_need() -> None:
    marks = dev(
        read_node(APP | tree(**{"app/packages/b/package.json": manifest(dependencies="test")}))
    )
    assert marks["app/node_modules/test"] is False
    assert marks["app/node_modules/@x/deep"] is False
    assert marks["app/node_modules/web-types"] is True


def names(read: Read, mark: bool) -> set[str]:
    return {f"{package.name}@{package.version}" for package in read.packages if package.dev is mark}


def test_pnpm_without_a_lock_keeps_every_version_that_may_be_meant() -> None:
    assert names(read_node(PNPM), True) == {"test@1.0.0", "@x/deep@1.0.0"}


def test_pnpms_lock_is_exact() -> None:
    five = LOCK.replace(b"@1.0.0(ms@2.0.0)", b"/1.0.0_ms@2.0.0").replace(b"@1.0.0:", b"/1.0.0:")
    five = five.replace(b"@1.0.0'", b"/1.0.0'").replace(b"/ms@2.0.0", b"/ms/2.0.0")
    for lock in (LOCK, five):
        state = {
            b"app/node_modules/.modules.yaml": b"included:\n  devDependencies: true\n",
            b"app/node_modules/.pnpm/lock.yaml": lock,
        }
        read = read_node(PNPM | state)
        assert names(read, True) == {"test@1.0.0", "@x/deep@1.0.0", "ms@2.0.0"}
        assert names(read, False) == {"web@1.0.0", "ms@1.0.0"}


def test_pnpm_that_left_development_out() -> None:
    for state in (
        b"included:\n  devDependencies: false\n",
        b'{"included":{\n"devDependencies": false,\n}}',
    ):
        read = read_node(PNPM | {b"app/node_modules/.modules.yaml": state})
        assert names(read, True) == set()


def test_what_is_a_package_directory() -> None:
    assert modules_of(b"node_modules/a") == b"node_modules"
    assert modules_of(b"x/node_modules/@s/a") == b"x/node_modules"
    for folder in (b"", b"node_modules", b"node_modules/.bin", b"node_modules/a/b", b"x/@s/a"):
        assert modules_of(folder) is None


def test_odd_manifests_are_read_as_far_as_they_go() -> None:
    fields: Fields = {"version": 1, "dependencies": ["a"], "devDependencies": None}
    read = read_node(tree(**{"node_modules/a/package.json": fields, "package.json": fields}))
    assert [(package.name, package.version, package.depends) for package in read.packages] == [
        ("a", "", ())
    ]
    broken = read_node({b"node_modules/a/package.json": b"{"})
    assert not broken.packages
    assert broken.warnings[0].text.startswith("could not read node_modules/a/package.json because")


def test_only_projects_with_packages_are_read() -> None:
    without = {b"usr/share/nodejs/b/package.json": b"{", b"app/package.json": b"{"}
    assert not read_node(without).warnings
    beside = read_node(without | {b"app/node_modules/a/package.json": b"{}"})
    assert [warning.path for warning in beside.warnings] == [b"app/package.json"]


def test_an_alias_has_the_name_of_its_place() -> None:
    read = read_node(tree(**{"node_modules/alias/package.json": {"name": "real", "version": "1"}}))
    assert read.packages[0].name == "alias"


def test_depth_is_no_trouble() -> None:
    folder = "app" + "/node_modules/a" * 250
    files = {
        f"app{'/node_modules/a' * n}/package.json": manifest(dependencies="a b") for n in range(251)
    }
    packages: tuple[Package, ...] = read_node(tree(**files)).packages
    assert len(packages) == 250
    assert packages[-1].depends[0].names != ()
    assert max(len(package.directories[0]) for package in packages) == len(folder)
