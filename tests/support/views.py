"""Whole images as the facts see them: a tree of files, its texts and a config."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from slim.ecosystems import KEEPS, KNOWLEDGE
from slim.entrypoint.resolve import script_paths
from slim.facts.gather import Facts, gather
from slim.files.blob import scan_blob
from slim.files.extract.found import Elf, GoBuild, Links
from slim.files.overlay import resolve
from slim.files.table import Files, Kind, settled
from slim.files.view import View, view_of
from slim.image.model import Config, History, Platform
from slim.packages.package import Package
from tests.support.building import MemoryBlob, layer

C = Elf(64, 62, 3, Links(), 0, 0, False, False, b"", False, None, False)
GO = replace(C, type=2, go=GoBuild(b"go1.22.1", b"example.com/api"))
ELFS = {"c": C, "go": GO, "rust": replace(C, rustc=b"rustc version 1.80.0")}

FILES = {
    "debian": """
        bin->usr/bin sbin->usr/sbin lib->usr/lib usr/bin/{dash,bash,cat,ls,env,nice,perl}
        usr/bin/sh->dash var/lib/dpkg/{status,info/dash.list} root/ home/ tmp/
        usr/lib/x86_64-linux-gnu/libc.so.6
    """,
    "alpine": """
        bin/busybox bin/{sh,ash,cat,ls}->/bin/busybox usr/bin/env->/bin/busybox etc/alpine-release
        lib/apk/db/installed lib/ld-musl-x86_64.so.1 root/ home/ tmp/
    """,
    "distroless": """
        var/lib/dpkg/status.d/base etc/ssl/certs/ca-certificates.crt home/nonroot/ tmp/
    """,
    "ubi": "usr/bin/{bash,env} bin->usr/bin usr/bin/sh->bash var/lib/rpm/rpmdb.sqlite root/",
    "gcc": "usr/libexec/gcc/x86_64-linux-gnu/14/{cc1,cc1plus} usr/bin/{gcc,g++,make}",
    "otp": """
        usr/local/lib/erlang/{bin/{erl,erlc},erts-15.2/bin/{beam.smp,erlexec,epmd}}
        usr/local/lib/erlang/{lib/stdlib-6.2/ebin/stdlib.app,releases/RELEASES}
        usr/local/lib/erlang/releases/{start_erl.data,27/{OTP_VERSION,start_clean.boot}}
        usr/local/bin/erl->../lib/erlang/bin/erl usr/local/bin/erlc->../lib/erlang/bin/erlc
    """,
    "elixir": """
        usr/local/lib/elixir/{bin/{elixir,iex,mix},lib/elixir/ebin/elixir.app}
        usr/local/bin/mix->../lib/elixir/bin/mix usr/local/bin/iex->../lib/elixir/bin/iex
        usr/local/bin/elixir->../lib/elixir/bin/elixir
    """,
    "release-plain": """
        ROOT/releases/{COOKIE,start_erl.data,0.1.0/{start.boot,demo.rel,env.sh,vm.args,sys.config}}
        ROOT/{releases/0.1.0/{elixir,iex},lib/{demo-0.1.0,elixir-1.18.3,stdlib-6.2}/ebin/x.app}
        ROOT/lib/demo-0.1.0/priv/static/app.js ROOT/erts-15.2/bin/{beam.smp,erlexec,erl}
    """,
    "node": """
        usr/local/bin/{node,docker-entrypoint.sh} usr/local/lib/node_modules/npm/package.json
        usr/local/lib/node_modules/npm/bin/npm-cli.js
    """,
    "npm": "usr/local/bin/npm->../lib/node_modules/npm/bin/npm-cli.js",
    "python": """
        usr/local/bin/{python3.12,pip} usr/local/bin/python3->python3.12
        usr/local/bin/python->python3 usr/local/lib/python3.12/{os.py,site-packages/pip/__init__.py}
    """,
}

FILES["release"] = FILES["release-plain"] + "ROOT/lib/phoenix-1.8.0/ebin/phoenix.app"
FILES["release-no-erts"] = FILES["release"].replace("ROOT/erts-15.2/bin/{beam.smp,erlexec,erl}", "")
ACCOUNTS = "root:x:0:0:root:/root:/bin/sh\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\n"

BASE_TEXTS = {
    "debian": {
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n',
        "etc/passwd": ACCOUNTS
        + "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        + "app:x:1000:1000::/home/app:/bin/sh\n",
    },
    "alpine": {
        "etc/os-release": 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.1\n',
        "etc/passwd": ACCOUNTS,
    },
    "distroless": {
        "etc/os-release": 'PRETTY_NAME="Distroless"\nID=debian\n',
        "etc/passwd": "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
    },
    "ubi": {"etc/os-release": 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="fedora"\n'},
}

TEXTS = {
    "server": '#!/bin/sh\nset -eu\n\ncd -P -- "$(dirname -- "$0")"\nPHX_SERVER=true exec ./demo start\n',
    "mix-script": (
        '#!/bin/sh\nset -e\nRELEASE_ROOT="$(cd "$(dirname "$0")/.." && pwd -P)"\n'
        'RELEASE_VSN="$(cut -d" " -f2 "$RELEASE_ROOT/releases/start_erl.data")"\n'
        'start () {\n  exec "$RELEASE_ROOT/releases/$RELEASE_VSN/iex" "$@"\n}\nstart "$@"\n'
    ),
    "node-entry": (
        '#!/bin/sh\nset -e\nif [ "${1#-}" != "${1}" ] || [ -z "$(command -v "${1}")" ]; then\n'
        '  set -- node "$@"\nfi\nexec "$@"\n'
    ),
}


def expand(text: str) -> list[str]:
    """`a/{b,c}/d` → `a/b/d`, `a/c/d`; braces may nest."""
    start = text.find("{")
    if start < 0:
        return [text]
    depth, last, pieces = 0, start + 1, []
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if (text[at] == "," and depth == 1) or not depth:
            pieces.append(text[last:at])
            last = at + 1
        if not depth:
            return [
                expanded
                for piece in pieces
                for expanded in expand(text[:start] + piece + text[last:])
            ]
    raise AssertionError(f"unbalanced: {text}")


def paths_of(words: str) -> Iterator[str]:
    """The paths of a tree; `@name` is a set of files, `@name:root` one below a directory."""
    for word in words.split():
        if word.startswith("@"):
            name, _, root = word[1:].partition(":")
            yield from paths_of(FILES[name].replace("ROOT", root))
        else:
            yield from expand(word)


def files_of(
    tree: str = "", contents: Mapping[str, str] | None = None, elfs: Mapping[str, Elf] | None = None
) -> Files:
    """One layer of a tree; `contents` are kept as the small files that facts may read."""
    new_layer = layer(entries_of(tree, contents or {}, elfs or {}))
    files = with_elfs(resolve([scan_blob(MemoryBlob(new_layer.blob, 1 << 16))]), elfs or {})
    rows = rows_of(files)
    texts = {rows[path]: text.encode() for path, text in (contents or {}).items()}
    return replace(files, texts=texts)


def entries_of(
    tree: str, contents: Mapping[str, str], elfs: Mapping[str, Elf]
) -> dict[str, bytes | str | None]:
    entries: dict[str, bytes | str | None] = {}
    for path in paths_of(tree):
        name, arrow, target = path.partition("->")
        entries[name.rstrip("/")] = target if arrow else None if path.endswith("/") else b""
    entries.update(dict.fromkeys(elfs, b""))
    entries.update({path: text.encode() for path, text in contents.items()})
    return entries


def rows_of(files: Files) -> dict[str, int]:
    rows = (row for row in range(len(files)) if files.kind[row] == Kind.FILE)
    return {files.path(row).decode(): row for row in rows}


def with_elfs(files: Files, elfs: Mapping[str, Elf]) -> Files:
    rows = rows_of(files)
    return replace(files, elfs={rows[path]: elf for path, elf in elfs.items()})


def view(
    tree: str = "", contents: Mapping[str, str] | None = None, elfs: Mapping[str, Elf] | None = None
) -> View:
    return view_of(files_of(tree, contents, elfs))


def config(**fields: Any) -> Config:
    return Config(Platform("linux", "amd64"), **fields)


@dataclass
class Case:
    """An image, and what is true about it."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    tree: list[str] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)
    elfs: dict[str, Elf] = field(default_factory=dict)
    history: list[History] = field(default_factory=list)
    packages: list[Package] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)

    def add(self, key: str, rest: str, text: str) -> None:
        """Take one line; `text` is what was indented below it."""
        words = rest.split()
        if key == "FROM":
            self.tree.append(f"@{rest}")
            self.contents.update(BASE_TEXTS[rest])
        elif key == "FILES":
            self.tree.append(rest)
        elif key == "ELF":
            self.elfs[words[1]] = ELFS[words[0]]
        elif key == "TEXT":
            self.contents[words[0]] = TEXTS[words[1][1:]] if len(words) > 1 else text
        elif key == "HISTORY":
            self.history.append(History(rest))
        elif key == "PACKAGE":
            files = tuple(word.encode() for word in words[2:])
            self.packages.append(Package(words[0], words[1], files=files))
        elif key == "=":
            name, _, value = rest.partition(" ")
            self.expected[name] = value
        elif key in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
            self.config[key.lower()] = tuple(json.loads(rest))
        elif key in ("ENV", "EXPOSE"):
            words = [rest[1:-1]] if rest.startswith('"') else words
            self.config[{"ENV": "env", "EXPOSE": "exposed_ports"}[key]] = tuple(words)
        elif key == "LABEL":
            name, _, value = rest.partition("=")
            self.config.setdefault("labels", {})[name] = value
        else:
            name = {"USER": "user", "WORKDIR": "working_dir", "ONBUILD": "onbuild"}[key]
            self.config[name] = (rest,) if key == "ONBUILD" else rest

    def facts(self) -> Facts:
        seen = view(" ".join(self.tree), self.contents, self.elfs)
        return gather(config(**self.config), self.history, seen, self.packages, knowledge=KNOWLEDGE)

    def facts_as_scanned(self) -> Facts:
        """The same with the contents that are kept while an image is read."""
        image = config(**self.config)
        new_layer = layer(entries_of(" ".join(self.tree), self.contents, self.elfs))
        named = script_paths(image)
        table = scan_blob(MemoryBlob(new_layer.blob), extract=True, keeps=KEEPS, extra=named)
        table = settled(table, named)
        files = with_elfs(resolve([table]), self.elfs)
        return gather(image, self.history, view_of(files), self.packages, knowledge=KNOWLEDGE)


def read_cases(text: str) -> list[Case]:
    cases: list[Case] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        key, _, rest = lines[at].partition(" ")
        at += 1
        indented = []
        while cases and "".join(lines[at : at + 2]).startswith("    "):
            indented.append(lines[at][4:] + "\n")
            at += 1
        if key == "##":
            cases.append(Case(rest))
        elif key and cases:
            cases[-1].add(key, rest, "".join(indented))
    return cases
