"""A sound database of every package manager, and all that is read of it."""

from __future__ import annotations

from array import array

from slim.ecosystems.catalog import Catalog
from slim.packages.closure import recommends_only, removal_closure, why
from slim.packages.graph import link
from slim.packages.owners import own
from slim.packages.package import SYSTEM
from tests.support.building import layer
from tests.support.checked import checked_files
from tests.support.installed_apk import INSTALLED as APK
from tests.support.installed_apk import WORLD
from tests.support.installed_dpkg import STATUS
from tests.support.installed_languages import GEMSPEC, RECORD, SITE, conda
from tests.support.installed_node import APP, LOCK, PNPM
from tests.support.installed_otp import APP as OTP
from tests.support.installed_otp import REL
from tests.support.rpm import DATABASES

SOUND: dict[bytes, bytes] = {
    b"var/lib/dpkg/status": STATUS,
    b"var/lib/dpkg/status.d/base": STATUS,
    b"var/lib/dpkg/status.d/base.md5sums": b"0123  usr/bin/x\n",
    b"var/lib/dpkg/info/libz1:amd64.list": b"/.\n/lib\n/lib/libz.so.1\n",
    b"var/lib/dpkg/diversions": b"/lib/libz.so.1\n/lib/moved\n:\n",
    b"var/lib/apt/extended_states": b"Package: libz1\nArchitecture: amd64\nAuto-Installed: 1\n",
    b"lib/apk/db/installed": APK,
    b"etc/apk/world": WORLD,
    SITE + b"demo-1.0.dist-info/METADATA": b"Name: demo\nVersion: 1\nRequires-Dist: x\n",
    SITE + b"demo-1.0.dist-info/RECORD": RECORD.encode(),
    SITE + b"old.egg-info/PKG-INFO": b"Name: old\n",
    SITE + b"old.egg-info/installed-files.txt": b"../old/a.py\n",
    b"usr/lib/gems/specifications/nokogiri-1.gemspec": GEMSPEC,
    b"app/vendor/composer/installed.json": b'{"packages":[{"name":"a/b","require":{"c/d":"1"}}]}',
    b"app/a.deps.json": b'{"runtimeTarget":{"name":"t"},"targets":{"t":{"a/1":{"runtime":{"a":{}}}}}}',
    b"app/node_modules/.package-lock.json": b'{"packages":{"node_modules/web":{"dev":true}}}',
    b"app/node_modules/.modules.yaml": b"included:\n  devDependencies: true\n",
    b"app/node_modules/.pnpm/lock.yaml": LOCK,
    b"app/lib/phoenix/ebin/phoenix.app": OTP,
    b"app/releases/1/demo.rel": REL,
    b"usr/lib/sysimage/libdnf5/packages.toml": b'[packages]\n"a.x" = {reason = "User"}\n',
    **APP,
    **PNPM,
    **conda(),
}

PATHS = sorted({*SOUND, *DATABASES})
MANAGERS = {*SYSTEM, "conda", "python", "node", "otp", "gem", "composer", "nuget"}


def use(catalog: Catalog) -> None:
    """Everything that is done with packages, on an image that has a few of their files."""
    for warning in catalog.warnings:
        assert warning.text.startswith("could not read ")
    graph = link(catalog.packages)
    for reason in why(graph):
        assert reason.text(graph)
    recommends_only(graph)
    for index, package in enumerate(catalog.packages):
        assert package.name
        assert package.manager in MANAGERS
        assert len(removal_closure(graph, [index])) <= len(catalog.packages)
    stacked = checked_files([layer("lib->usr/lib usr/lib/libz.so.1=1 app/node_modules/web/x=2")])
    ownership = own(stacked.files, catalog.packages, array("q", bytes(8 * len(stacked.files))))
    assert sum(ownership.files) <= 2
