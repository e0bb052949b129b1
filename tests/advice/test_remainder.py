"""What the move to stages saves beyond all other steps, and what that rule leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import slim
from fixtures.build import FOLDER
from slim.advice.suppression import Suppression
from slim.report import model
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import image, layer, save
from tests.support.checked import checked_analyze
from tests.support.commands import run
from tests.support.debian import KILO, MEGA, Debian, program, rebuilt
from tests.support.shared import FAT, TABLES
from tests.support.small_images import analyzed, base, go_program, node_image, tools

RULE = "TCH029"
LICENCE = "usr/share/doc/python3/copyright"


def step(report: slim.Report) -> model.Finding:
    return next(finding for finding in report.findings if finding.rule == RULE)


def paths(finding: model.Finding) -> set[str]:
    return {bare(example.path) for example in finding.examples}


def service(folder: Path, *, more: dict[str, bytes | str | None] | None = None) -> slim.Report:
    """Node with a package that only builds, and what a RUN fetched."""
    debian = Debian()
    root = base(debian)
    installed = {
        **tools(debian),
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("python3", {"usr/bin/python3": program(size=6 * MEGA), LICENCE: b"free"}),
    }
    app = {"app/package.json": b"{}", "app/server.js": b"1"}
    fetched = {"srv/models/shop.bin": b"m" * 5 * MEGA, **(more or {})}
    return analyzed(
        folder, root, {**installed, **debian.database()}, app, fetched, Cmd=["node", "server.js"]
    )


@LONG
def test_all_steps_together_make_the_rebuilt_image(tmp_path: Path) -> None:
    """Also where findings take a copy that the rebuild keeps, and it leaves out the other."""
    for report in (slim.analyze(FAT, cache=TABLES), node_image(tmp_path)):
        rebuild = rebuilt(report)
        assert report.predicted.all.disk_bytes == pytest.approx(rebuild.disk_bytes, rel=0.05)
        assert report.predicted.all.disk_bytes >= rebuild.disk_bytes, (
            "no more goes than stages leave out"
        )
        assert report.predicted.safe.disk_bytes > report.predicted.all.disk_bytes
        assert step(report).safety == "check"
        assert step(report).confidence == rebuild.confidence


def test_it_claims_what_no_other_step_does(tmp_path: Path) -> None:
    report = service(tmp_path)
    found = step(report)
    assert paths(found) == {"usr/bin/python3", LICENCE, "var/lib/dpkg/info/python3.list"}, (
        "a package goes with its licence and its part of the database"
    )
    assert 6 * MEGA < found.claimed_bytes < 6 * MEGA + 20 * KILO
    assert found.fix.snippet == rebuilt(report).dockerfile


def test_a_package_goes_with_what_its_scripts_wrote(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    installed: dict[str, bytes | str | None] = {
        **debian.add("nodejs", {"usr/bin/node": program(b"libc.so.6", size=MEGA)}),
        **debian.add("shared-mime-info", {"usr/bin/update-mime-database": b"u"}, auto=True),
        "usr/share/mime/mime.cache": b"m" * 3 * MEGA,
    }
    report = analyzed(
        *(tmp_path, root, {**installed, **debian.database()}, {"app/server.js": b"1"}),
        Cmd=["node", "/app/server.js"],
    )
    assert "usr/share/mime/mime.cache" in paths(step(report))


@LONG
def test_what_a_run_fetched_may_be_data(tmp_path: Path) -> None:
    report = service(tmp_path, more={"var/lib/shop/seed.db": b"s" * 2 * MEGA})
    assert not {"srv/models/shop.bin", "var/lib/shop/seed.db"} & paths(step(report))
    assert not {"var/lib/dpkg/status", "etc/passwd"} & paths(step(report))


def test_what_is_meant_to_stay_stays(tmp_path: Path) -> None:
    """A suppressed finding's bytes are not claimed by this one instead."""
    before = node_image(tmp_path)
    ignores = [Suppression("NOD010", reason="compiled when it starts", by="slim.toml:3")]
    after = slim.analyze(tmp_path / "image.tar", ignores=ignores)
    assert step(after).claimed_bytes == step(before).claimed_bytes
    freed = next(finding for finding in before.findings if finding.rule == "NOD010").claimed_bytes
    assert after.totals.reclaimable_bytes == before.totals.reclaimable_bytes - freed


@LONG
def test_it_can_be_suppressed_itself(tmp_path: Path) -> None:
    before = node_image(tmp_path)
    ignores = [Suppression(RULE, reason="stages come next year", by="slim.toml:3")]
    after = slim.analyze(tmp_path / "image.tar", ignores=ignores)
    assert step(after).suppressed
    assert step(after).claimed_bytes == 0
    assert not [warning for warning in after.warnings if warning.id.startswith("ignore-")]
    claimed = step(before).claimed_bytes
    assert after.totals.reclaimable_bytes == before.totals.reclaimable_bytes - claimed
    assert after.predicted.rebuild is not None


@LONG
def test_a_secret_is_no_saving(tmp_path: Path) -> None:
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"k" * 2 * MEGA
    report = node_image(tmp_path)
    (folder := tmp_path / "key").mkdir()
    other = node_image(folder, more={"app/deploy.pem": key})
    assert any(finding.category == "secret" for finding in other.findings)
    assert step(other).claimed_bytes == step(report).claimed_bytes


@LONG
def test_the_base_image_is_not_claimed(tmp_path: Path) -> None:
    """A static program stands on nothing: the distribution is another base's matter."""
    debian = Debian()
    root = base(debian)
    save(image(layer(root), compression="gzip"), tmp_path / "base.tar", "docker")
    installed = {
        **debian.add("golang", {"usr/lib/go/bin/go": program(size=40 * MEGA)}),
        **debian.add("python3", {"usr/bin/python3": program(size=6 * MEGA)}),
        "var/cache/debconf/templates.dat": b"t" * MEGA,
    }
    analyzed(
        tmp_path,
        root,
        {**installed, **debian.database()},
        {"app/go.mod": b"module example.com/shop\n"},
        {"usr/local/bin/shop": go_program()},
        Cmd=["/usr/local/bin/shop"],
    )
    report = checked_analyze(tmp_path / "image.tar", base=tmp_path / "base.tar")
    assert rebuilt(report).origin == "scratch"
    found = step(report)
    assert found.base_bytes > 2 * MEGA
    assert 7 * MEGA < found.claimed_bytes < 8 * MEGA, (
        "where no system is, its databases are of no use"
    )
    sizes = report.predicted
    assert sizes.all.disk_bytes - sizes.other_base_bytes == pytest.approx(
        rebuilt(report).disk_bytes, rel=0.02
    )
    assert report.predicted.other_base_bytes >= found.base_bytes
    assert report.totals.reclaimable_bytes <= report.totals.disk_bytes - report.totals.base_bytes


@LONG
def test_without_a_rebuild_it_says_nothing() -> None:
    for role in ("builder", "dev", "base", "tool"):
        report = slim.analyze(FAT, cache=TABLES, role=role)
        assert RULE not in {finding.rule for finding in report.findings}


def test_why_it_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", RULE, str(FOLDER / "phoenix-slim.tar")) == 0
    out = capsys.readouterr().out
    assert "did not fire: no multi-stage build is proposed for this image." in out


def test_settings_that_a_link_enables_stay(tmp_path: Path) -> None:
    """The link is no package's, and a server does not start where it leads nowhere."""
    debian = Debian()
    root = base(debian)
    debian.add("lighttpd", {"usr/sbin/lighttpd": program(b"libc.so.6", size=MEGA)})
    debian.add("npm", {"usr/bin/npm": b"n" * MEGA}, fields="Recommends: javascript-common\n")
    available = "etc/lighttpd/conf-available/90-javascript-alias.conf"
    script = "usr/share/javascript/all.js"
    debian.add("javascript-common", {available: b"alias", script: b"j" * 4 * MEGA}, auto=True)
    links = {
        "etc/lighttpd/conf-enabled/90-javascript-alias.conf": f"../conf-available/{Path(available).name}",
        "etc/lighttpd/other/90-javascript.js": f"/{script}",
    }
    report = analyzed(
        *(tmp_path, root, {**debian.layer(), **links}, {"srv/index.html": b"1"}),
        Cmd=["lighttpd", "-D"],
        User="",
    )
    claimed = set().union(*(paths(finding) for finding in report.findings))
    assert script in claimed
    assert available not in claimed
