"""dpkg's database in all the forms that images have it in."""

from __future__ import annotations

import pytest

from slim.ecosystems.dpkg.packages import read_dpkg
from slim.packages.control_fields import bare_name, paragraphs, relations
from slim.packages.package import MAX_WARNINGS, Package
from tests.support.installed_dpkg import STATUS

INFO = "var/lib/dpkg/info/"


def contents(**more: bytes) -> dict[bytes, bytes]:
    """A database with two lists; keywords are files of `info`, with `__` for a dot, `___` for a colon."""
    files = {
        b"var/lib/dpkg/status": STATUS,
        b"var/lib/dpkg/info/libz1:amd64.list": b"/.\n/lib\n/lib/libz.so.1\n/usr/share/doc/libz1\n",
        b"var/lib/dpkg/info/tools.list": b"/.\n/usr/bin/tool\n",
    }
    for name, data in more.items():
        files[(INFO + name.replace("___", ":").replace("__", ".")).encode()] = data
    return files


def by_name(files: dict[bytes, bytes]) -> dict[str, Package]:
    return {package.name: package for package in read_dpkg(files).packages}


def test_fields_of_a_package() -> None:
    package = by_name(contents())["libz1"]
    assert (package.version, package.arch, package.section) == ("1:1.3-2", "amd64", "libs")
    assert package.source == "zlib"
    assert package.provides == ("libz", "zlib-abi")
    assert [dependency.names for dependency in package.depends] == [
        ("libc6",),
        ("gcc-base",),
        ("debconf", "debconf-2.0"),
    ]
    assert [dependency.names for dependency in package.recommends] == [("tools",)]
    assert [dependency.names for dependency in package.suggests] == [("docs",)]
    assert package.files == (b".", b"lib", b"lib/libz.so.1", b"usr/share/doc/libz1")


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (b"/.\n/usr\n/usr/bin/tool\n", (b".", b"usr", b"usr/bin/tool")),
        (b"/.\n/usr/bin/tool", (b".", b"usr/bin/tool")),
        (b"/.\n\n/usr/bin/tool\n\n", (b".", b"usr/bin/tool")),
        (b"/.\n//usr/bin/tool\n", (b".", b"usr/bin/tool")),
        (b"package diverts others to: /x\n/usr/bin/tool\n", (b"usr/bin/tool",)),
        (b"", ()),
    ],
)
def test_a_list_has_one_path_a_line(text: bytes, files: tuple[bytes, ...]) -> None:
    assert by_name(contents(tools__list=text))["tools"].files == files


def test_only_packages_that_have_files_count() -> None:
    found = by_name(contents())
    assert set(found) == {"libz1", "tools", "base"}
    assert found["tools"].essential
    assert not found["tools"].required
    assert found["base"].required
    assert not found["base"].essential
    assert not found["libz1"].essential


def test_files_from_checksums_where_there_is_no_list() -> None:
    files = contents(base__md5sums=b"0123456789abcdef0123456789abcdef  usr/lib/base file\n")
    assert by_name(files)["base"].files == (b"usr/lib/base file", b"etc/base.conf")


def test_a_package_without_any_list_is_a_notice() -> None:
    (warning,) = read_dpkg(contents()).warnings
    assert warning.text == (
        "could not read var/lib/dpkg/status because the files of base are not listed"
    )
    assert by_name(contents())["base"].files == (b"etc/base.conf",)


def test_a_list_with_the_other_kind_of_name_is_found() -> None:
    files = contents(base___amd64__list=b"/usr/lib/base\n")
    assert by_name(files)["base"].files == (b"usr/lib/base",)


def test_what_was_installed_automatically() -> None:
    files = contents()
    assert by_name(files)["libz1"].auto is False, "without apt's list everything was asked for"
    files[b"var/lib/apt/extended_states"] = (
        b"Package: libz1\nArchitecture: amd64\nAuto-Installed: 1\n\n"
        b"Package: base\nArchitecture: amd64\nAuto-Installed: 0\n\n"
        b"Package: tools\nArchitecture: amd64\nAuto-Installed: 1\n"
    )
    found = by_name(files)
    assert found["libz1"].auto is True
    assert found["base"].auto is False
    assert found["tools"].auto is True, "apt files `all` under the machine's architecture"


def test_automatic_counts_for_its_architecture_only() -> None:
    files = contents()
    files[b"var/lib/apt/extended_states"] = (
        b"Package: libz1\nArchitecture: i386\nAuto-Installed: 1\n"
    )
    assert by_name(files)["libz1"].auto is False


def test_diverted_files_are_where_they_went() -> None:
    files = contents()
    files[b"var/lib/dpkg/diversions"] = (
        b"/lib/libz.so.1\n/lib/libz.so.1.real\ntools\n/usr/bin/tool\n/usr/bin/tool.old\ntools\n"
        b"/usr/share/doc/libz1\n/gone\n:\nhalf a record\n"
    )
    found = by_name(files)
    assert b"lib/libz.so.1.real" in found["libz1"].files
    assert b"usr/bin/tool" in found["tools"].files, "the diverting package's own file stays"
    assert b"gone" in found["libz1"].files, "a local diversion concerns every package"


def test_distroless() -> None:
    files = {
        b"var/lib/dpkg/status.d/base": b"Package: base-files\nVersion: 13\nArchitecture: amd64\n",
        b"var/lib/dpkg/status.d/base.md5sums": b"0123456789abcdef0123456789abcdef  usr/lib/os\n",
        b"var/lib/dpkg/status.d/bHRs": b"Package: tzdata\nVersion: 2025b\nArchitecture: all\n",
    }
    read = read_dpkg(files)
    assert [package.name for package in read.packages] == ["tzdata", "base-files"]
    assert read.packages[1].files == (b"usr/lib/os",)
    assert read.packages[1].auto is None, "nothing says who asked for it"
    assert not read.warnings


def test_damaged_records_are_skipped_and_noted() -> None:
    status = (
        b"Package: a\nStatus: broken\n\nStatus: install ok installed\nVersion: 1\n\n\xff\xfe\n"
        + STATUS
    )
    read = read_dpkg({**contents(), b"var/lib/dpkg/status": status})
    assert {package.name for package in read.packages} == {"libz1", "tools", "base"}
    assert len(read.warnings) == 3


def test_many_notices_are_counted() -> None:
    status = b"Package: a\nStatus: broken\n\n" * (MAX_WARNINGS + 7)
    warnings = read_dpkg({b"var/lib/dpkg/status": status}).warnings
    assert len(warnings) == MAX_WARNINGS
    assert warnings[-1].why.endswith("(and 7 more like this)")


def test_an_image_without_dpkg_has_no_packages() -> None:
    assert read_dpkg({b"etc/passwd": b""}).packages == ()


def test_paragraphs_of_other_systems() -> None:
    data = b"\r\n\nName: a\r\nVERSION: 1\r\n more\r\nName: b\r\nno field\r\n\r\n  \r\nName: c"
    found = list(paragraphs(data, {"name", "version"}))
    assert found == [{"name": "a\nb", "version": "1\nmore"}, {"name": "c"}]
    licence = b"Name: a\nLicense: free\n        \n        as in beer\nVersion: 1\n\nName: b\n"
    assert next(paragraphs(licence, {"name", "version"})) == {"name": "a", "version": "1"}


def test_names_end_where_conditions_begin() -> None:
    for relation in (
        "a (>= 1)",
        "a:any",
        "a[x]>=1",
        "a>=1",
        "a!=1",
        "a~=1",
        "a@ url",
        "a;b",
        " a ",
    ):
        assert bare_name(relation) == "a"
    assert bare_name("") == bare_name(" (>= 1)") == ""
    assert relations(" , | ,(>= 1)") == ()
