"""Images of the common stacks with few files: Debian, Node.js, Go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import slim
from tests.support.building import image, layer, save
from tests.support.checked import checked_analyze
from tests.support.debian import ESSENTIAL, KILO, LIBRARIES, LOADER, MEGA, Debian, Tree, program
from tests.support.elf import elf_image, go_section


def base(debian: Debian) -> Tree:
    tree = {
        **debian.add(
            "base-files", {"etc/os-release": b'ID=debian\nVERSION_ID="13"\n'}, fields=ESSENTIAL
        ),
        **debian.add("dash", {"bin/sh": program(b"libc.so.6")}, depends="libc6", fields=ESSENTIAL),
        **debian.add(
            "libc6",
            {
                f"{LIBRARIES}/libc.so.6": program(size=2 * MEGA),
                LOADER.decode()[1:]: program(size=200 * KILO),
            },
            auto=True,
        ),
    }
    return {**tree, "etc/passwd": b"app:x:1000:1001::/home/app:/bin/sh\n", **debian.database()}


def analyzed(folder: Path, *layers: Tree, **config: Any) -> slim.Report:
    # A history with a hole cannot be repeated: the stack's template is filled in instead.
    names = ["ADD rootfs.tar.xz /", "", "COPY . .", "RUN make", "RUN more"]
    sample = image(
        *(layer(content, created_by=name) for content, name in zip(layers, names, strict=False)),
        config={"WorkingDir": "/app", "User": "app", "ExposedPorts": {"80/tcp": {}}, **config},
        compression="gzip",
    )
    save(sample, folder / "image.tar", "docker")
    return checked_analyze(folder / "image.tar")


def stepwise(folder: Path, *steps: tuple[str, Tree], **config: object) -> slim.Report:
    """Analyze an image of (instruction, files) steps, in a directory /app."""
    layers = [layer(files, created_by=instruction) for instruction, files in steps]
    settings = {"WorkingDir": "/app", "ExposedPorts": {"80/tcp": {}}, **config}
    save(image(*layers, config=settings, compression="gzip"), folder / "image.tar", "docker")
    return checked_analyze(folder / "image.tar", top=1000)


def tools(debian: Debian) -> Tree:
    """What builds, and nothing that runs needs."""
    return debian.add("gcc", {"usr/libexec/gcc/x86_64-linux-gnu/14/cc1": program(size=30 * MEGA)})


def node_image(
    folder: Path,
    *,
    build: bool = True,
    lock: str = "COPY",
    more: Mapping[str, bytes] | None = None,
    **config: Any,
) -> slim.Report:
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libnode.so.1")}, depends="libnode"),
        **debian.add("libnode", {f"{LIBRARIES}/libnode.so.1": program(size=5 * MEGA)}, auto=True),
        **debian.add("npm", {"usr/share/npm/cli.js": b"n" * 4 * MEGA}, depends="nodejs"),
        **debian.add("python3", {"usr/bin/python3": program(size=9 * MEGA)}),
    }
    manifest = {
        "name": "shop",
        "dependencies": {"express": "4"},
        "devDependencies": {"typescript": "5"},
        "scripts": {"build": "tsc"} if build else {},
    }
    packages = {"node_modules/express": {}, "node_modules/typescript": {"dev": True}}
    modules = "app/node_modules"
    app = {
        "app/package.json": json.dumps(manifest).encode(),
        **({"app/package-lock.json": b"{}"} if "COPY" in lock else {}),
        "app/src/server.ts": b"s" * 300 * KILO,
        "app/public/logo.png": b"p" * 50 * KILO,
        f"{modules}/.package-lock.json": json.dumps({"packages": packages}).encode(),
        f"{modules}/express/package.json": b'{"name": "express", "version": "4"}',
        f"{modules}/express/index.js": b"e" * 700 * KILO,
        f"{modules}/typescript/package.json": b'{"name": "typescript", "version": "5"}',
        f"{modules}/typescript/tsc.js": b"t" * 8 * MEGA,
        "app/dist/server.js": b"d" * 100 * KILO,
        **(more or {}),
    }
    result = {"app/package-lock.json": b'{"made": true}'} if "RUN" in lock else {}
    command = {"Cmd": ["node", "dist/server.js"], **config}
    return analyzed(folder, root, {**installed, **debian.database()}, app, result, **command)


def go_program(*needed: bytes) -> bytes:
    info = "path\texample.com/shop/cmd/server\nmod\texample.com/shop\t(devel)\t"
    sections = [
        (b".go.buildinfo", 1, 2, go_section(info), 0),
        (b".debug_info", 1, 0, b"debug" * 300_000, 0),
    ]
    return elf_image(
        sections, needed=needed, interpreter=LOADER if needed else b"", filler=3 * MEGA, type=2
    )
