"""Programs, libraries and BEAM modules are stripped for real: each step takes what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slim import Report, analyze
from tests.real.tools import Store, need, run

pytestmark = pytest.mark.real

HEADERS = 4096
"""What `strip` takes of a file besides: names and headers of the sections, and their alignment."""

C = """\
struct part{0} {{ long a; char *b; struct part{0} *next; }};
long work{0}(struct part{0} *one) {{ long n = {0}; for (; one; one = one->next) n += one->a; return n; }}
"""
PROGRAMS = {
    "srv/lib/libshop.so": ("-shared", "-fPIC"),
    "srv/bin/shop": (),
    "srv/bin/shop-static": ("-static",),
    "srv/bin/shop-fixed": ("-no-pie", "-O2"),
    "srv/bin/shop-packed": ("-gz",),
}
"""A program's path and how it is linked: gcc's own choice is position-independent."""

MIX = """\
defmodule Shop.MixProject do
  use Mix.Project

  def project do
    strip = System.get_env("STRIP") == "yes"
    [app: :shop, version: "0.1.0", releases: [shop: [strip_beams: strip]]]
  end

  def application, do: [extra_applications: [:logger, :crypto]]
end
"""
SHOP = """\
defmodule Shop do
  @moduledoc "A shop."

  @doc "What it all costs."
  def total(prices), do: Enum.sum(prices)
end
"""


def built(store: Store, name: str, command: str, fill: Callable[[Path], None]) -> Report:
    """What slim says of an image of some files and a command."""
    store.change("scratch", name, fill, ("--cmd", command, "--env", "LANG=C.UTF-8"))
    return analyze(store.save(name, store.folder / name), top=1000)


def claimed(report: Report, rule: str) -> tuple[int, int]:
    """What a rule claims, on disk and in the pull."""
    finding = next((finding for finding in report.findings if finding.rule == rule), None)
    return (finding.claimed_bytes, finding.claimed_pull_bytes) if finding is not None else (0, 0)


def difference(fat: Report, slim: Report) -> tuple[int, int]:
    """What the first image has more, on disk and in the pull."""
    a, b = fat.totals, slim.totals
    return a.disk_bytes - b.disk_bytes, a.pull_bytes - b.pull_bytes


def test_strip_takes_the_debug_sections(tmp_path: Path) -> None:
    """To the byte, but for the headers of the sections; and what is stripped still runs."""
    need("buildah", "gcc", "strip")
    store = Store(tmp_path / "store")
    source = tmp_path / "shop.c"
    code = "".join(C.format(number) for number in range(800))
    source.write_text(f"{code}int main(void) {{ return 0; }}\n")

    def compiled(root: Path) -> None:
        for path, flags in PROGRAMS.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            run("gcc", "-g", *flags, "-o", root / path, source)

    def stripped(root: Path) -> None:
        compiled(root)
        run("strip", "--strip-debug", *(root / path for path in PROGRAMS))
        for program in (root / "srv/bin").iterdir():
            run(program)

    before = built(store, "compiled", "/srv/bin/shop", compiled)
    after = built(store, "stripped", "/srv/bin/shop", stripped)
    disk, pull = claimed(before, "CPP001")
    freed, saved = difference(before, after)
    assert disk > 500_000
    assert disk <= freed <= disk + len(PROGRAMS) * HEADERS
    assert pull == pytest.approx(saved, rel=0.15)
    assert claimed(after, "CPP001") == (0, 0)


def test_mix_leaves_out_the_chunks_that_are_claimed(tmp_path: Path) -> None:
    """A release with `strip_beams` is smaller by what is claimed of one without it, to the byte."""
    need("buildah", "mix")
    store = Store(tmp_path / "store")
    project = tmp_path / "project"
    (project / "lib").mkdir(parents=True)
    (project / "mix.exs").write_text(MIX)
    (project / "lib/shop.ex").write_text(SHOP)

    def release(strip: str) -> Callable[[Path], None]:
        def make(root: Path) -> None:
            where = root / "srv/shop"
            words = ("release", "--quiet", "--path", where)
            run("mix", *words, cwd=project, MIX_ENV="prod", STRIP=strip)
            total = run(where / "bin/shop", "eval", "IO.puts Shop.total([1, 2])", LANG="C.UTF-8")
            assert total == "3"

        return make

    before = built(store, "whole", "/srv/shop/bin/shop start", release("no"))
    after = built(store, "stripped", "/srv/shop/bin/shop start", release("yes"))
    disk, pull = claimed(before, "ELX014")
    freed, saved = difference(before, after)
    assert disk > 10_000_000
    assert disk == freed
    assert pull == pytest.approx(saved, rel=0.15)
    assert claimed(after, "ELX014") == (0, 0)
