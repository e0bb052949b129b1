"""Fat images as people write them, and their twins as a careful engineer makes them.

`tests/real/apps/STACK` holds a small application, the `Dockerfile` of the fat image and the
`Dockerfile.twin` of the careful one. Both start from the same Debian, made as the one that Docker
distributes, and their first instructions are the same: buildah builds and compresses those once.
The applications take their dependencies from the public registries that their package managers ask;
the certificates of this machine are mounted for that, and not part of the image.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from slim.dockerfile.parse import parse_dockerfile
from tests.real.tools import TAG, Store, run

APPS = Path(__file__).parent / "apps"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TRUST = "/run/certificates.crt"
"""Where the builds find the certificates."""
BASE = "debian"

DPKG = {
    "docker-apt-speedup": "force-unsafe-io\n",
    "docker": "path-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n"
    + "".join(
        f"path-exclude=/usr/share/{name}/*\n"
        for name in ("groff", "info", "linda", "lintian", "locale", "man")
    ),
}
"""dpkg's settings in Docker's slim Debian images (debuerreotype)."""

_EMPTY_CACHES = "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb"
APT = {
    "docker-clean": f'DPkg::Post-Invoke {{ "{_EMPTY_CACHES} /var/cache/apt/*.bin || true"; }};\n'
    f'APT::Update::Post-Invoke {{ "{_EMPTY_CACHES} /var/cache/apt/*.bin || true"; }};\n'
    'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n',
    "docker-no-languages": 'Acquire::Languages "none";\n',
    "docker-gzip-indexes": 'Acquire::GzipIndexes "true";\n',
    "docker-autoremove-suggests": 'Apt::AutoRemove::SuggestsImportant "false";\n',
}
"""apt's settings in Docker's Debian images (debuerreotype)."""


@dataclass(frozen=True)
class Twins:
    """A fat image and its twin, as OCI layouts, with what they were built from."""

    stack: str
    base: Path
    fat: Path
    twin: Path
    dockerfile: Path
    context: Path
    """What the Dockerfiles copy: the project as it was checked out."""
    store: Store
    """Where the images are, as `STACK-fat` and `STACK-twin`."""


STACKS = ("elixir", "node", "python", "go", "rust", "java")


def debian_root(target: Path, *, slim: bool = True) -> Path:
    """Write a root filesystem tar of Debian with Docker's settings; `slim` without documentation."""
    hooks = target.parent / f"{target.name}.settings"
    for folder, files in (("dpkg/dpkg.cfg.d", DPKG), ("apt/apt.conf.d", APT)):
        (hooks / "etc" / folder).mkdir(parents=True)
        for name, text in files.items():
            if slim or name != "docker":
                (hooks / "etc" / folder / name).write_text(text)
    excludes = [f"--dpkgopt={line}" for line in DPKG["docker"].splitlines()] if slim else []
    run(
        *("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", *excludes),
        f"--customize-hook=sync-in {hooks}/etc /etc",
        '--customize-hook=rm -f "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"',
        *("trixie", target),
    )
    shutil.rmtree(hooks)
    return target


def debian_base(store: Store, root: Path) -> str:
    """The base image of all twins: one layer, and the history of Debian's own image."""
    container = store.buildah("from", "scratch")
    store.buildah("add", "--quiet", container, root, "/")
    store.buildah("config", "--created-by", "# debian.sh --arch 'amd64' out/ 'trixie'", container)
    store.buildah("config", "--cmd", "bash", container)
    store.buildah("commit", "--quiet", "--rm", container, BASE)
    return BASE


def build(store: Store, stack: str, folder: Path) -> Twins:
    """Build both images of a stack on the store's base image and write them under `folder`."""
    context = folder / "context"
    shutil.copytree(APPS / stack, context)
    for dockerfile in context.glob("Dockerfile*"):
        dockerfile.rename(folder / dockerfile.name)
    run("git", "init", "--quiet", cwd=context)
    run("git", "add", ".", cwd=context)
    who = ("-c", "user.name=shop", "-c", "user.email=shop@example.org")
    run("git", *who, "commit", "--quiet", "--message", "First version", cwd=context)
    certificates = [f"--build-arg={name}={TRUST}" for name in ("NODE_EXTRA_CA_CERTS", "PIP_CERT")]
    for name, file in (("fat", "Dockerfile"), ("twin", "Dockerfile.twin")):
        _build(store, context, folder / file, f"{stack}-{name}", "--layers", *certificates)
    return Twins(
        stack,
        _save(store, BASE, folder / "base"),
        _save(store, f"{stack}-fat", folder / "fat"),
        _save(store, f"{stack}-twin", folder / "twin"),
        folder / "Dockerfile",
        context,
        store,
    )


def rebuild(pair: Twins, dockerfile: str, folder: Path) -> Path:
    """Build the Dockerfile that slim writes as `STACK-rebuilt`, and write the image under `folder`.

    Where it begins with an image of Debian, ours stands for the one that a registry would give.
    """
    for stage in parse_dockerfile(dockerfile).stages:
        if stage.base != "scratch":
            assert stage.base.startswith("debian:"), stage.base
            pair.store.buildah("tag", BASE, stage.base)
    file = folder / "Dockerfile"
    file.write_text(dockerfile)
    settings = {"/etc/pip.conf": f"[global]\ncert = {TRUST}\n", "/root/.npmrc": f"cafile={TRUST}\n"}
    options = []
    for number, (place, text) in enumerate(settings.items()):
        path = folder / f"settings-{number}"
        path.write_text(text)
        options += ["--volume", f"{path}:{place}:ro"]
    name = f"{pair.stack}-rebuilt"
    _build(pair.store, pair.context, file, name, *options)
    return _save(pair.store, name, folder / "rebuilt")


def _build(store: Store, context: Path, dockerfile: Path, name: str, *options: str) -> None:
    limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
    store.buildah(
        *("build", "--quiet", "--pull=never", *limits, *options),
        *("--volume", f"{CERTIFICATES}:{TRUST}:ro"),
        *("--file", dockerfile, "--tag", name, context),
    )


def _save(store: Store, name: str, layout: Path) -> Path:
    """As `Store.save`, but what several images have is stored once."""
    shared = store.folder / "layers"
    store.buildah("push", "--quiet", name, f"oci:{shared}:{name}")
    run("skopeo", "copy", "--quiet", f"oci:{shared}:{name}", f"oci:{layout}:{TAG}")
    return layout
