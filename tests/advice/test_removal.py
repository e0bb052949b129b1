"""What goes along when packages are uninstalled: claimed with them, and nothing that the program needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from slim.advice.suppression import Suppression
from slim.report.model import Finding, Report
from slim.report.untrusted import bare, untrusted
from tests.support.building import Entry, Layer, file, image, layer, save
from tests.support.checked import checked_analyze
from tests.support.elf import SECTIONS, elf_image

Reports = Callable[..., Report]
LOADER = b"/lib64/ld-linux-x86-64.so.2"
APP = elf_image(SECTIONS, needed=(b"libpq.so.5",), interpreter=LOADER)
RUN = {"Cmd": ["/srv/app"], "User": "1000"}
SIZE = 1_200_000


@pytest.fixture
def report(tmp_path: Path) -> Reports:
    """Analyze an image of some layers."""

    def analyze(*layers: Layer, config: Mapping[str, Any] = RUN, **more: Any) -> Report:
        sample = image(*layers, config=config)
        return checked_analyze(
            save(sample, tmp_path / "image.tar"), top=1000, role="release", **more
        )

    return analyze


def finding(report: Report, rule: str) -> Finding:
    return next(finding for finding in report.findings if finding.rule == rule)


def debian(*packages: str, auto: str = "") -> list[Entry]:
    """Packages of one file each, `usr/lib/NAME`: `name: dependencies`, with `!` in front if essential."""
    status, files = [], []
    for package in packages:
        name, _, depends = package.partition(":")
        fields = [f"Package: {name.strip('!')}", "Status: install ok installed", "Version: 1"]
        fields += ["Architecture: amd64", f"Depends: {depends.strip()}"]
        section = "libdevel" if name.startswith("lib") and "-dev" in name else "misc"
        fields += ["Essential: yes"] * name.startswith("!") + [f"Section: {section}"]
        status.append("\n".join(fields) + "\n")
        path = LIBRARY if name == "libpq5" else f"usr/lib/{name.strip('!')}"
        content = elf_image(SECTIONS) if name == "libpq5" else name.encode() * (SIZE // len(name))
        files += [
            file(path, content),
            file(f"var/lib/dpkg/info/{name.strip('!')}.list", f"/{path}\n".encode()),
        ]
    states = [f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n" for name in auto.split()]
    return [
        file("var/lib/dpkg/status", "\n".join(status).encode()),
        file("var/lib/apt/extended_states", "\n".join(states).encode()),
        *files,
    ]


LIBRARY = "usr/lib/x86_64-linux-gnu/libpq.so.5"
PROGRAM = [file("srv/app", APP)]
BUILD = (
    "!libc6:", "build-essential: gcc, make", "gcc: libc6, libisl, perl", "make:", "libisl:",
    "git: perl, less", "less:", "perl: libc6", "libpq-dev: libpq5, libssl-dev", "libpq5: libc6, libldap",
    "libssl-dev:", "libldap:", "tool: libtool1", "libtool1:",
)  # fmt: skip
AUTO = "gcc make libisl less perl libpq5 libssl-dev libldap libtool1"


def names(finding: Finding) -> tuple[list[str], list[str]]:
    """Packages of its own, and those that go along."""
    return [bare(name) for name in finding.packages], [bare(name) for name in finding.along]


def test_steps_claim_what_goes_along_one_after_the_other(report: Reports) -> None:
    result = report(layer(debian(*BUILD, auto=AUTO)), layer(PROGRAM))
    gcc, make, git = (finding(result, rule) for rule in ("TCH001", "TCH002", "TCH014"))
    assert names(gcc) == (["build-essential", "gcc"], ["libisl"])
    assert names(make) == (["make"], [])
    # Perl is wanted by gcc and git: it goes with the step after which nobody wants it.
    assert names(git) == (["git"], ["less", "perl"])
    assert git.claimed_bytes >= 3 * SIZE - 20
    kept = {package.name for package in result.packages if not package.reclaimable_bytes}
    assert kept == {"libc6", "libpq5", "libldap", "tool", "libtool1"}


def test_what_the_program_links_to_stays_with_all_that_it_needs(report: Reports) -> None:
    result = finding(report(layer(debian(*BUILD, auto=AUTO)), layer(PROGRAM)), "DEB012")
    assert names(result) == (["libpq-dev", "libssl-dev"], [])
    # Without the program nothing holds the library.
    other = [file("srv/app", elf_image(SECTIONS, interpreter=LOADER))]
    result = finding(report(layer(debian(*BUILD, auto=AUTO)), layer(other)), "DEB012")
    assert result.along == ["libldap", "libpq5"]


def test_nothing_goes_along_where_nobody_knows_what_is_run(report: Reports) -> None:
    config = {"Cmd": ["/srv/missing"]}
    result = report(layer(debian(*BUILD, auto=AUTO)), layer(PROGRAM), config=config)
    assert not any(finding.along for finding in result.findings)


def test_a_package_that_the_program_needs_is_not_removed(report: Reports) -> None:
    packages = debian("!libc6:", "libpq5: make", "make: libm4", "libm4:", auto="libpq5 libm4 make")
    result = report(layer(packages), layer(PROGRAM))
    assert "TCH002" not in {finding.rule for finding in result.findings if finding.claimed_bytes}


def test_what_is_opened_by_name_stays(report: Reports) -> None:
    packages = debian("git: tzdata, libnss-x, libcurl", "tzdata:", "libnss-x:", "libcurl:",
                      auto="tzdata libnss-x libcurl")  # fmt: skip
    assert finding(report(layer(packages), layer(PROGRAM)), "TCH014").along == [
        untrusted("libcurl")
    ]


def test_packages_asked_for_by_name_stay_though_they_depend_on_it(report: Reports) -> None:
    packages = debian("git: perl", "hook: git, libhook", "libhook:", "perl:", auto="perl libhook")
    result = finding(report(layer(packages), layer(PROGRAM)), "TCH014")
    assert names(result) == (["git"], ["perl"])


def test_the_base_images_packages_stay(report: Reports, tmp_path: Path) -> None:
    result = debian("git: less, libcurl", "less:", "libcurl:", auto="less libcurl")
    base = layer([entry for entry in result if b"less" in entry.name])
    top = layer([entry for entry in result if b"less" not in entry.name])
    path = save(image(base), tmp_path / "base.tar")
    assert finding(report(base, top, layer(PROGRAM), base=path), "TCH014").along == [
        untrusted("libcurl")
    ]


@pytest.mark.parametrize("docker", [False, True])
def test_what_is_only_suggested_goes_where_apt_is_set_so(docker: bool, report: Reports) -> None:
    """Docker's Debian images do not keep Perl because perl-base suggests it."""
    result = debian("!perl-base:", "git: perl", "perl:", auto="perl")
    status = next(entry for entry in result if entry.name.endswith(b"status"))
    suggesting = status.content.replace(b"Essential: yes", b"Essential: yes\nSuggests: perl")
    result = [file(entry.name, suggesting) if entry is status else entry for entry in result]
    setting = [file("etc/apt/apt.conf.d/docker-autoremove-suggests", b"x")] if docker else []
    found = finding(report(layer([*result, *setting]), layer(PROGRAM)), "TCH014")
    assert found.along == (["perl"] if docker else [])


def test_a_suppressed_step_takes_nothing_along(report: Reports) -> None:
    ignores = [Suppression("TCH014", reason="it deploys itself")]
    result = report(layer(debian(*BUILD, auto=AUTO)), layer(PROGRAM), ignores=ignores)
    assert finding(result, "TCH001").along == ["libisl"]
    assert "perl" in {package.name for package in result.packages if not package.reclaimable_bytes}


APK = """P:gcc\nV:1\nA:x86_64\nD:isl\nF:usr/lib\nR:gcc\n
P:isl\nV:1\nA:x86_64\nF:usr/lib\nR:isl\n
P:build-base\nV:1\nA:x86_64\nD:gcc make\n
P:make\nV:1\nA:x86_64\nF:usr/lib\nR:make\n
P:.build-deps\nV:1\nA:noarch\nD:build-base linux-headers\n
P:linux-headers\nV:1\nA:x86_64\nF:usr/include\nR:linux.h\n
P:zlib\nV:1\nA:x86_64\nF:usr/lib\nR:zlib\n
"""


def test_alpines_groups_hold_nothing(report: Reports) -> None:
    files = [
        file(f"usr/lib/{name}", name.encode() * SIZE) for name in ("gcc", "isl", "make", "zlib")
    ]
    files += [file("usr/include/linux.h", b"h" * SIZE), file("etc/alpine-release", b"3")]
    database = [
        file("lib/apk/db/installed", APK.encode()),
        file("etc/apk/world", b"build-base\n.build-deps\nzlib\n"),
    ]
    result = report(layer([*files, *database]), layer(PROGRAM))
    assert finding(result, "TCH001").along == ["isl"]
    kept = {
        package.name
        for package in result.packages
        if package.files and not package.reclaimable_bytes
    }
    assert kept == {"zlib"}


@pytest.mark.parametrize(
    ("interpreter", "module", "development"),
    [
        ("php8.4-cli", "php8.4-xml", "php8.4-dev"),
        ("php8.4-cli", "php8.4-xml", "php-dev"),
        ("python3.13", "python3-yaml", "python3-dev"),
        ("ruby3.3", "ruby-nokogiri", "ruby-dev"),
        ("ruby3.3", "ruby-nokogiri", "ruby3.3-dev"),
        ("php8.4-cli", "php8.4-xml", "php8.4-doc"),
    ],
)
def test_development_packages_are_no_modules_of_an_interpreter(
    interpreter: str, module: str, development: str, report: Reports
) -> None:
    """They are named like modules, and depend on a compiler, which nothing then holds back. Debian has most
    of them in the section of their language, not in that of libraries for development."""
    packages = debian(
        "!libc6:", f"{interpreter}: libc6", f"{module}: libxml2", "libxml2:", f"{development}: gcc",
        "gcc: libisl", "libisl:", "base-files:", auto="libisl libxml2",
    )  # fmt: skip
    found = report(layer(packages), config={"Cmd": [f"/usr/lib/{interpreter}"]})
    own, along = names(finding(found, "TCH001"))
    assert own == ["gcc"]
    assert "libisl" in along
    claimed = {bare(package.name): package.reclaimable_bytes for package in found.packages}
    assert not claimed[module]
    assert not claimed["libxml2"], "the module may be loaded, and needs it"
