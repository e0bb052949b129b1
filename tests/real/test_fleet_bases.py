"""Ten images on two bases: the common base that is proposed is built, and saves what was predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from slim.fleet.folder import folder_of
from slim.fleet.report import FleetReport, make_report
from slim.fleet.store import Store as FleetStore
from slim.fleet.teams import Teams
from tests.real.tools import Store, need
from tests.real.twin_images import debian_base
from tests.support.fleets import NOW, scan

pytestmark = pytest.mark.real

LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
MATHS = "libicu76", "jq", "file"
APPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "shop": ("one", MATHS),
    "search": ("one", (*MATHS, "less")),
    "billing": ("one", (*MATHS, "bc")),
    "mail": ("one", (*MATHS, "busybox-static")),
    "status": ("one", ("jq",)),
    "static": ("one", ()),
    "store": ("two", ("sqlite3", "file")),
    "import": ("two", ("sqlite3", "file", "bc")),
    "upload": ("two", ("file",)),
    "login": ("two", ()),
}
"""What each application asks for, and the base that it stands on."""


@dataclass(frozen=True)
class Workshop:
    """Where images are built, with the packages that they install."""

    store: Store
    packages: Path
    needs: Mapping[str, Sequence[str]]
    """Application → all packages that it installs, with what these need."""

    def install(
        self, base: str, name: str, packages: Sequence[str], application: bytes = b""
    ) -> str:
        """Commit an image: a base with packages, and an application, in one layer."""
        container = self.store.buildah("from", *LIMITS, base)
        if packages:
            files = [f"/packages/{name}.deb" for name in packages]
            volume = f"{self.packages}:/packages:ro"
            words = ("dpkg", "--install", *files)
            self.store.buildah("run", "--volume", volume, container, "--", *words)
        if application:
            root = Path(self.store.buildah("mount", container))
            (root / "srv").mkdir(exist_ok=True)
            (root / "srv" / name).write_bytes(application)
        self.store.buildah("config", "--created-by", f"RUN install {name}", container)
        self.store.buildah("commit", "--quiet", "--rm", container, name)
        return name

    def push(self, layout: Path, images: Mapping[str, str]) -> Path:
        """Write images to a layout by the names that a registry would have for them."""
        for name, image in images.items():
            self.store.buildah("push", "--quiet", image, f"oci:{layout}:registry.example/{name}:1")
        return layout


@pytest.fixture(scope="module")
def shop(workshop: Path, debian_roots: Callable[[bool], Path]) -> Workshop:
    """The two bases: Debian, and Debian with a tool. Packages are fetched once, for all images."""
    need("mmdebstrap", "buildah")
    store = Store(workshop / "bases" / "store", "overlay")
    packages = workshop / "bases" / "packages"
    packages.mkdir(parents=True)
    base = debian_base(store, debian_roots(True))
    store.buildah("tag", base, "one")
    asked = sorted({name for _, names in APPS.values() for name in names} | {"procps"})
    script = f"""
        apt-get update -qq
        for name in {" ".join(asked)}; do
            echo "for $name"
            apt-get install --simulate --no-install-recommends $name | grep ^Inst
        done > /packages/needs
        cd /packages
        apt-get download -qq $(sed -n 's/^Inst \\([^ ]*\\) .*/\\1/p' needs | sort -u)
        for file in *_*.deb; do mv $file ${{file%%_*}}.deb; done
    """
    container = store.buildah("from", *LIMITS, base)
    words = ("--volume", f"{packages}:/packages", container, "--", "sh", "-ec", script)
    store.buildah("run", *words)
    store.buildah("rm", container)
    needs: dict[str, list[str]] = {}
    for line in (packages / "needs").read_text().splitlines():
        kind, name = line.split()[:2]
        if kind == "for":
            found = needs[name] = []
        else:
            found.append(name)
    made = Workshop(
        store,
        packages,
        {
            app: list(dict.fromkeys(each for name in names for each in needs[name]))
            for app, (_, names) in APPS.items()
        },
    )
    made.install("one", "two", needs["procps"])
    return made


def reported(store: Path, layout: Path) -> FleetReport:
    assert scan(store, layout).failures == []
    return make_report(FleetStore(folder_of(str(store))), Teams(), {}, 1000, NOW.date())


def test_a_proposed_base_saves_what_was_predicted(shop: Workshop, tmp_path: Path) -> None:
    random = Random(1)  # noqa: S311
    applications = {name: random.randbytes(300_000) for name in APPS}
    for name, (base, _) in APPS.items():
        shop.install(base, name, shop.needs[name], applications[name])
    bases = {"base/one": "one", "base/two": "two"}
    before = shop.push(tmp_path / "before", {**bases, **{f"team/{name}": name for name in APPS}})
    report = reported(tmp_path / "store-before", before)
    section = next(each for each in report.sections if each.name == "bases")
    found = {row[0]: row[1] for row in section.rows}
    assert found == {"registry.example/base/one:1": 7, "registry.example/base/two:1": 4}

    best = report.common_bases[0]
    group = {name.removeprefix("registry.example/team/").removesuffix(":1") for name in best.images}
    moved = [package.split()[0] for package in best.packages]
    assert group == {"shop", "search", "billing", "mail"}
    assert {"libicu76", "jq", "libjq1", "file", "libmagic-mgc"} <= set(moved)
    shop.install("one", "common", [name for name in shop.needs["shop"] if name in moved])
    for name in group:
        left = [each for each in shop.needs[name] if each not in moved]
        shop.install("common", f"{name}-moved", left, applications[name])
    images = {f"team/{name}": f"{name}-moved" if name in group else name for name in APPS}
    after = reported(tmp_path / "store-after", shop.push(tmp_path / "after", {**bases, **images}))
    for predicted, total in (
        (best.saves_bytes, "disk_bytes"),
        (best.saves_pull_bytes, "blob_bytes"),
    ):
        saved = report.totals[total] - after.totals[total]
        assert predicted > 20_000_000
        assert abs(saved - predicted) <= 0.05 * predicted, (total, saved, predicted)
