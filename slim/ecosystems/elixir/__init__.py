"""Erlang and Elixir: OTP, releases, Mix, Phoenix."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.elixir.assets import old_digests
from slim.ecosystems.elixir.otp import read_otp, read_releases
from slim.ecosystems.elixir.queries import beam_chunks, erts_twice, not_in_releases, old_versions
from slim.ecosystems.elixir.rebuild import plan
from slim.ecosystems.elixir.releases import (
    in_use,
    is_start_script,
    mix_task,
    otp_roots,
    releases,
    releases_of,
)
from slim.ecosystems.model import Ecosystem, Reader
from slim.ecosystems.shared import calls
from slim.entrypoint.runs import Command, Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.known import Evidence, Known
from slim.facts.programs import Programs
from slim.facts.roots import Marks, Place, Roots
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import MEDIUM, Keep
from slim.files.view import View, below, decoded, encoded
from slim.packages.package import Contents, PackageWarnings, Read
from slim.rebuild.model import Building, Recipe, Sources


def _read(contents: Contents) -> Read:
    """Applications, and what is wrong with the lists of releases."""
    read, warnings = read_otp(contents), PackageWarnings()
    read_releases(contents, warnings)
    return Read(read.packages, read.warnings + warnings.all())


def _release_roots(found: Marks, view: View, runs: Runs) -> list[bytes]:
    all_of_them = releases(found[b"start_erl.data"], view)
    return [release.root for release in in_use(all_of_them, runs.resolved, view)]


def _otp_roots(found: Marks, view: View, _: Runs) -> tuple[bytes, ...]:
    return otp_roots(found[b"erlexec"], view)


def _is_beam(command: Command, roots: Roots, view: View) -> bool:
    """A command of a release or of an installation of OTP."""
    path = encoded(command.path)
    homes = roots.of("release_root")
    if path and any(
        path.startswith((home + b"/bin/" if home else b"bin/", home + b"/erts-")) for home in homes
    ):
        # Where a release was unpacked into the root directory, the system's own programs are beside it.
        return b"" not in homes or view.elf(path) is None
    return any(path.startswith(root + b"/") for root in roots.of("otp_root"))


def _release(known: Known) -> Evidence:
    return tuple(
        f"{decoded(root) or '/'} has a boot file, releases/start_erl.data and applications"
        for root in known.roots.of("release_root")
    )


def _mix_runtime(known: Known) -> Evidence:
    task = mix_task(known.runs)
    return () if task is None else (f"{task.how}: {task.brief}",)


def _otp_twice(known: Known) -> Evidence:
    installed = known.roots.of("otp_root")
    systems = [
        decoded(release.root) or "/"
        for release in releases_of(known.roots, known.view)
        if release.has_erts
    ]
    systems += map(decoded, installed)
    if len(systems) < 2 or not installed:
        return ()
    return tuple(f"{system} has an Erlang run-time system" for system in systems)


def _carried(known: Known) -> Iterator[str]:
    for release in releases_of(known.roots, known.view):
        yield f"{decoded(release.root) or '/'} is a {release.kind} release"


def _kinds(known: Known) -> Iterator[str]:
    found = releases_of(known.roots, known.view)
    yield from (f"{release.kind} release" for release in found)
    if mix_task(known.runs) is not None:
        yield "mix at run time"
    projects = known.roots.projects_of("elixir")
    if any(release.phoenix for release in found) or any(
        known.view.is_dir(below(home, b"deps/phoenix")) for home in projects
    ):
        yield "phoenix"
    if found and not projects and not any(release.elixir for release in found):
        yield "erlang only"


ELIXIR = Ecosystem(
    name="elixir",
    keeps=(
        Keep(
            "ebin/*.app releases/*.rel releases/*/*.rel mix.lock priv/static/cache_manifest.json",
            MEDIUM,
        ),
        Keep("releases/start_erl.data mix.exs", unnamed="deps"),
    ),
    packages=Reader(_read, (b"ebin/", b"releases/")),
    projects=raw_names("mix.exs rebar.config"),
    places=(
        Place(
            name="release_root",
            marks=raw_names("start_erl.data"),
            find=_release_roots,
            application=True,
        ),
        Place(name="otp_root", marks=raw_names("erlexec"), find=_otp_roots),
    ),
    foreign=raw_names("deps _build erlang"),
    programs=Programs(
        family="beam",
        names=names(
            "erl iex elixir mix erlexec beam.smp beam escript rebar3 werl run_erl livebook ct_run "
            "rabbitmq-server"
        ),
        ambiguous=names("livebook"),
        endings=(".exs", ".escript"),
        is_place=_is_beam,
        repls=names("iex erl mix elixir"),
        servers=names("rabbitmq-server"),
        works=names(
            "-S -e -r -s -eval --eval --rpc-eval -run -noshell -noinput -boot -detached --pipe-to"
        ),
        valued=names(
            "--name --sname --cookie -name -sname -setcookie --erl --dot-iex --remsh -pa -pz"
        ),
        builds={
            "mix": names(
                "compile deps.get deps.compile release test assets.deploy format dialyzer"
            ),
            "rebar3": names("compile release tar ct eunit"),
        },
        starters=names("server"),
    ),
    start_script=is_start_script,
    stack=True,
    carried=_carried,
    kinds=_kinds,
    role=RoleSigns(
        production={"MIX_ENV": "prod"},
        development={"MIX_ENV": ("dev", "test")},
        release=("PHX_SERVER",),
        builds=("elixir", "a Mix project"),
    ),
    variables=(
        Variable(
            name="otp_root", samples=("usr/lib/erlang", "usr/local/lib/erlang"), place="otp_root"
        ),
        Variable(name="release_root", samples=("app", "opt/app"), place="release_root"),
        Variable(
            name="mix_home",
            samples=("root/.mix", "opt/mix"),
            env=("MIX_HOME",),
            in_home=(b".mix", b".local/share/mix"),
        ),
        Variable(
            name="hex_home",
            samples=("root/.hex", "opt/hex"),
            env=("HEX_HOME",),
            in_home=(b".hex", b".cache/hex", b".config/hex", b".local/share/hex"),
        ),
        Variable(
            name="rebar_cache",
            samples=("root/.cache/rebar3",),
            env=("REBAR_CACHE_DIR",),
            in_cache=(b"rebar3",),
        ),
    ),
    facts={
        "elixir.release": _release,
        "elixir.mix_runtime": _mix_runtime,
        "elixir.otp_twice": _otp_twice,
        "jit.cxx": calls({"mix": names("compile deps.compile deps.get")}),
    },
    queries={
        "otp.not_in_rel": not_in_releases,
        "otp.beam_chunks": beam_chunks,
        "otp.erts_twice": erts_twice,
        "otp.old_versions": old_versions,
        "phoenix.old_digests": old_digests,
    },
    building=Building(
        packages=names("rebar3 inotify-tools"),
        variables=(r"(?:MIX|HEX)_\w*", r"(?:ELIXIR|OTP)_(?:VERSION|SHA256)"),
        loaders=names("mix"),
    ),
    rebuild=Recipe(plan, "elixir", "ELIXIR_VERSION"),
    sources=Sources(
        unread=(b".ex", b".exs", b".erl", b".beam"),
        libraries=frozenset((b"deps",)),
        settings=frozenset((b"env.sh",)),
    ),
)
