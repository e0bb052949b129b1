"""Images of Debian that grow by packages, for tests of what a rebuild keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slim
from slim.report import model
from slim.report.untrusted import bare
from tests.support.building import Parts, image, layer, save
from tests.support.checked import checked_analyze
from tests.support.elf import elf_image

LOADER = b"/lib64/ld-linux-x86-64.so.2"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
KILO, MEGA = 1_000, 1_000_000
ESSENTIAL = "Essential: yes\n"
Tree = Mapping[str, bytes | str | None]


def program(*needed: bytes, size: int = 10 * KILO, **more: Any) -> bytes:
    """A program or library that links to others."""
    return elf_image(
        more.pop("sections", []), needed=needed, interpreter=LOADER, filler=size, **more
    )


@dataclass
class Debian:
    """An image that grows by packages; the database is written at the end."""

    stanzas: list[str] = field(default_factory=list)
    automatic: list[str] = field(default_factory=list)
    files: dict[str, bytes | str | None] = field(default_factory=dict)

    def add(
        self,
        name: str,
        files: Tree,
        *,
        depends: str = "",
        auto: bool = False,
        fields: str = "",
    ) -> Tree:
        """Install a package; gives its files, without the database."""
        self.stanzas.append(
            f"Package: {name}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
            + (f"Depends: {depends}\n" if depends else "")
            + fields
        )
        if auto:
            self.automatic.append(f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n")
        listed = "".join(f"/{path}\n" for path in files).encode()
        own = {**files, f"var/lib/dpkg/info/{name}.list": listed}
        self.files |= own
        return own

    def layer(self) -> Tree:
        """The files since the last layer, with the database as it is now."""
        files, self.files = self.files, {}
        return {**files, **self.database()}

    def database(self) -> Tree:
        """The database as it is now."""
        return {
            "var/lib/dpkg/status": "\n".join(self.stanzas).encode(),
            "var/lib/apt/extended_states": "\n".join(self.automatic).encode(),
        }


def base(debian: Debian) -> Tree:
    """The layer of the distribution."""
    debian.add("base-files", {"etc/os-release": b'ID=debian\nVERSION_ID="13"\n'}, fields=ESSENTIAL)
    debian.add("dash", {"bin/sh": program(b"libc.so.6")}, depends="libc6", fields=ESSENTIAL)
    library = {f"{LIBRARIES}/libc.so.6": program(size=2 * MEGA), LOADER.decode()[1:]: program()}
    debian.add("libc6", library, auto=True)
    return debian.layer()


def compilers(debian: Debian) -> None:
    """What builds, and nothing that runs needs."""
    debian.add("gcc", {"usr/libexec/gcc/x86_64-linux-gnu/14/cc1": program(size=30 * MEGA)})


def nginx(debian: Debian) -> None:
    """A web server that includes the sites which are enabled."""
    debian.add(
        "nginx",
        {
            "usr/sbin/nginx": program(b"libc.so.6", size=MEGA),
            "etc/nginx/nginx.conf": b"http { include /etc/nginx/sites-enabled/*; }\n",
            "etc/nginx/snippets/php.conf": b"fastcgi_pass unix:/run/php.sock;\n",
        },
    )


def analyzed(folder: Path, *layers: Parts, **config: Any) -> slim.Report:
    """The report of an image of some layers: the distribution, packages, the application, what RUN made."""
    names = ["ADD rootfs.tar.xz /", "RUN apt-get install", "COPY . .", "RUN make", "RUN more"]
    sample = image(
        *(layer(content, created_by=name) for content, name in zip(layers, names, strict=False)),
        config={
            "WorkingDir": "/app",
            "ExposedPorts": {"80/tcp": {}},
            "Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            **config,
        },
        compression="gzip",
    )
    save(sample, folder / "image.tar", "docker")
    return checked_analyze(folder / "image.tar")


def rebuilt(report: slim.Report) -> model.Rebuild:
    """The rebuild, which there must be."""
    assert report.predicted.rebuild is not None, (report.image.role, report.image.stacks)
    return report.predicted.rebuild


def part(rebuild: model.Rebuild, what: str) -> model.KeepPart:
    """One part of a rebuild, by what it is."""
    return next(part for part in rebuild.keep if part.what == what)


def installed(rebuild: model.Rebuild) -> list[str]:
    """The packages on top of the base."""
    kept = (part.packages for part in rebuild.keep if part.what == "system packages")
    return [bare(name) for names in kept for name in names]
