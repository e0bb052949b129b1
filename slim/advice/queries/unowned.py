"""Query about files in the system's directories that no package brought.

Package managers and scanners do not know them. Much there is written by the packages' own scripts, though:
caches, indexes, compiled code; the table says which, and why they are not findings.
Source: Debian policy §6 and §9.1.2 (nothing but packages writes below /usr); FHS 3.0 §4.9.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from operator import eq

from slim.ecosystems.model import Subject
from slim.facts.gather import Facts, run_rows
from slim.files.table import both
from slim.files.view import View
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.libraries import libraries
from slim.rules.match import QueryResult
from slim.rules.matched_rows import matched_rows

_PLACES = [
    *("bin/**", "sbin/**", "lib/**", "lib64/**"),
    *("usr/bin/**", "usr/sbin/**", "usr/lib/**", "usr/lib64/**", "usr/libexec/**", "usr/share/**"),
]
_WRITTEN = [
    # Compiled by the maintainer scripts of Python, Emacs, Vim.
    *("**/__pycache__/**", "**/*.py[co]", "**/*.elc", "**/lib2to3/*.pickle"),
    "usr/share/vim/**/doc/tags",
    # Triggers: ldconfig, glib, gdk-pixbuf, GTK, MIME types, icons, fonts, info, udev, kernel modules.
    *("**/*.cache", "**/gschemas.compiled", "usr/share/mime/**", "usr/share/info/**"),
    *("**/fonts.{dir,scale}", "**/.uuid", "**/hwdb.bin", "{,usr/}lib/modules/**"),
    "{,usr/}lib/*/gconv/gconv-modules*",
    # Locales that locale-gen made; ICU's and the time zone compiler's output.
    *("usr/lib/locale/**", "usr/share/zoneinfo/**"),
    # Certificates and keys, which are meant to be added to.
    *("usr/share/ca-certificates/**", "usr/share/keyrings/**", "usr/share/pki/**"),
    # Java's class data archives, stores and links; whole JDKs are unpacked here, too.
    *("usr/lib/jvm/**", "usr/share/java/**"),
    # Symbols, which are a finding of their own.
    "usr/lib/debug/**",
    # Registries of documents, dictionaries and of Haskell and TeX.
    *("usr/share/{xml,sgml,texmf,dict,doc-base,debconf}/**", "usr/lib/ghc*/**", "usr/share/texlive/**"),
    # The managers' own.
    *("{,usr/}lib/{apk,rpm,sysimage,dpkg,opkg}/**", "usr/share/rpm/**", "{,usr/}lib/rc/**"),
    # Where other managers and people put what belongs to them.
    *("usr/{lib,share}/{node_modules,nodejs}/**", "usr/lib/python3*/**/{site,dist}-packages/**"),
    *("usr/share/{nginx,httpd,tomcat*,apache-tomcat*,caddy}/**", "usr/share/man/**", "usr/share/doc/**"),
]  # fmt: skip


def system(subject: Subject) -> QueryResult:
    """Files below `/usr` and the old directories of the root, but not `/usr/local`, without an owner.

    What commands run, and the libraries that they need, is the application. Nothing where no package
    manager has a database with files.
    """
    view, facts, ownership = subject.view, subject.facts, subject.owned
    packages = ownership.packages
    if not any(package.manager in SYSTEM and package.files for package in packages):
        return QueryResult()
    files = view.files
    unowned = bytearray(both(files.live_names(), bytes(map(eq, ownership.owner, repeat(NOBODY)))))
    for row in _application(view, facts):
        unowned[row] = 0
    rows = [
        row
        for answer, group in matched_rows(
            files, bytes(unowned), [*_PLACES, *_WRITTEN], len(_PLACES)
        )
        if answer[-1] < len(_PLACES)
        for row in group
    ]
    return QueryResult(rows=sorted(rows))


def _application(view: View, facts: Facts) -> frozenset[int]:
    programs = run_rows(view, facts)
    needed: Iterable[int] = libraries(view, programs, facts.env)
    return frozenset((*programs, *needed))
