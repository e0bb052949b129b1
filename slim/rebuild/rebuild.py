"""How big a multi-stage build would make the image, computed from what it keeps, on one page.

The stack says what of the application stays and which packages run it; from there on everything is the
same for all: the base, the libraries that are linked to, packages and what they depend on, what was copied
from elsewhere. The sum is a prediction of another build, so that what it assumes is listed with it.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.adjusted import account, adjusted, below_copied
from slim.rebuild.application import elsewhere, unknown_data
from slim.rebuild.base import base_layers, closure
from slim.rebuild.build_steps import build_steps
from slim.rebuild.image_values import image_names, user_ids
from slim.rebuild.interpreted import copied, system_owner
from slim.rebuild.keep import Keep, claims_on_packages
from slim.rebuild.libraries import libraries
from slim.rebuild.linked_places import linked_places
from slim.rebuild.model import (
    FROM_ANY,
    FROM_APPLICATION,
    BuildStep,
    Bytes,
    Given,
    KeptFiles,
    Origin,
    Plan,
    Rebuild,
    Recipe,
    Transfer,
)
from slim.rebuild.named_paths import named_by_start
from slim.rebuild.system import System, named_packages, packages_in, system_packages
from slim.rebuild.transfer import transfer
from slim.rebuild.trees import below as rows_below
from slim.rebuild.trees import first_rows_at, row_at, written_by
from slim.rebuild.unexplained import other_copies, unexplained

_LEAST_BYTES = 1_000_000
_LEAST_SHARE = 10
"""A rebuild is proposed from one tenth of the image on: moving to stages is work."""
_DEBCONF = frozenset(
    (b"var/cache/debconf", name)
    for name in (b"templates.dat", b"templates.dat-old", b"config.dat", b"config.dat-old")
)
"""Questions of packages: written anew whenever a package that asks some is installed."""
_STATUS = (b"var/lib/dpkg/status", b"var/lib/dpkg/status-old")
_INSTALLED = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")


_OF_APPLICATION = FROM_ANY - {"cache"}
"""Categories of rules about files that come with an application and that nobody takes out as a rule."""
_DEBRIS = (
    *(b"var/lib/dpkg/status-old", b"var/log/dpkg.log", b"var/log/apt", b"var/log/alternatives.log"),
    *(b"var/cache/debconf/templates.dat-old", b"var/cache/debconf/config.dat-old"),
)
"""What apt and dpkg leave behind wherever they install something."""
_MAX_UNUSED = 50
_MAX_PLACES = 20


def rebuild(given: Given, recipe: Recipe, disk_bytes: int) -> Rebuild | None:
    """The rebuilt image; None where a multi-stage build is not the answer, or is not known.

    Args:
        recipe: as `recipe_for` says.
        disk_bytes: of the image as it is; of what it shows, a good part of that must stay behind.
    """
    plan = recipe.plan(given)
    if plan is None:
        return None
    result = _assemble(given, plan, recipe)
    # Dead bytes are no reason: they go without stages, too.
    saved = sum(layer.live_bytes for layer in given.layers) - result.disk
    if saved < _LEAST_BYTES or saved * _LEAST_SHARE < disk_bytes:
        return None
    return result


def _assemble(given: Given, plan: Plan, recipe: Recipe) -> Rebuild:
    layers = 0 if plan.static else base_layers(given, plan.runtime)
    origin: Origin = "scratch" if plan.static else "layers" if layers else "packages"
    files = given.view.files
    claims = claims_on_packages(given)
    keep = Keep(given, files.starts[layers], claims)
    programs = [
        row for part in plan.parts for row in part.rows if given.claimed.get(row) not in part.loses
    ]
    commands = _commands(given, plan.skips)
    named = named_by_start(given)
    if plan.static:
        # Nothing is installed, but the build stage is the same distribution.
        under = packages_in(given, base_layers(given, plan.runtime))
        linked: list[int] = []
        system = System(frozenset(), (), frozenset(), tuple(named_packages(given, under)))
    else:
        linked = libraries(given.view, [*programs, *commands, *named], given.facts.env)
        system = system_packages(given, plan, [*linked, *commands], layers, claims)
    loose = [row for row in (*linked, *commands) if system_owner(given, row) is None]
    _base(given, keep, system, layers, origin)
    for part in plan.parts:
        keep.add(part)
    if not plan.static:
        _packages(given, keep, system)
        keep.add(KeptFiles("scripts and libraries", "the entry point leads to them", loose))
    linked_in = linked_places(given, plan.homes)
    keep.add(
        KeptFiles(
            "linked directories",
            "links in the application's directory lead to them",
            [row for place in linked_in for row in rows_below(given.view, place)],
            loses=FROM_APPLICATION,
            paths=linked_in,
        )
    )
    beside = _elsewhere(given, keep, plan)
    keep.add(
        KeptFiles("files that the start names", "an option or a variable has their path", named)
    )
    if not plan.static:
        _database(given, keep, system, origin)
    keep.headers()
    packages = given.graph.packages
    rows = keep.rows()
    values = {**image_names(given, recipe), **user_ids(given), **plan.values}
    known_base = "own_toolchain" not in values or "toolchain" in values or "any_toolchain" in values
    copies = (*plan.copies, *copied(b"", linked_in)) if linked_in else plan.copies
    steps = build_steps(given, "own_toolchain" in values) if known_base else ()
    if not steps:
        copies = (*copies, *other_copies(given, plan, copies, [*loose, *named, *beside]))
    return Rebuild(
        stack=plan.stack,
        origin=origin,
        base=_BASES[origin],
        parts=tuple(keep.parts),
        rows=rows,
        stripped=keep.stripped,
        packages=tuple(packages[index].name for index in system.installs),
        build_packages=tuple(packages[index].name for index in system.named),
        manager=next((package.manager for package in packages if package.manager in SYSTEM), ""),
        guesses=plan.guesses,
        values=values,
        copies=copies,
        unexplained=unexplained(given, plan, copies),
        command=plan.command,
        building=given.building,
        build_environment=plan.build_environment,
        layers=layers,
        homes=plan.homes,
        strips=plan.strips,
        steps=steps,
        transfer=_transfer(given, steps, keep.names().union(commands), plan, system, layers)
        if steps
        else Transfer(),
        runs=frozenset(
            (
                *_commands(given, frozenset()),
                *plan.loaded,
                *libraries(given.view, plan.loaded, given.facts.env),
            )
        ),
        unsure=keep.unsure([*_package_rows(given, system.unsure), *plan.doubtful]),
        more=keep.beyond(_more(given, plan, system)),
        unused=_unused(given, system),
    )


def _transfer(
    given: Given,
    steps: tuple[BuildStep, ...],
    kept: frozenset[int],
    plan: Plan,
    system: System,
    layers: int,
) -> Transfer:
    found = transfer(
        given,
        kept,
        given.view.files.starts[layers],
        installs=bool(system.base or system.kept),
        uninstalls=plan.uninstalls,
    )
    changed = adjusted(given, kept, system.kept, layers)
    more = [path for path in changed.copies if not below_copied(path, found.copies)]
    return replace(
        found,
        copies=(*found.copies, *("/" + decoded(path) for path in more)),
        links=tuple(
            (decoded(target), "/" + decoded(path))
            for target, path in changed.links
            if not below_copied(path, found.copies)
        ),
        removed=tuple("/" + decoded(path) for path in changed.removed),
        account=account(given, steps, layers),
        indexes_libraries=_indexed(given, kept),
    )


def _indexed(given: Given, kept: frozenset[int]) -> bool:
    """Whether libraries that no package has are found by the loader's index.

    Source: ldconfig(8); Debian's /etc/ld.so.conf.d/libc.conf.
    """
    view, files = given.view, given.view.files
    if not view.is_file(b"etc/ld.so.cache"):
        return False
    local = b"usr/local/lib"
    places = {local, *(local + b"/" + name for name in view.names_in(local) if b"-linux-" in name)}
    return any(
        b".so" in files.name[row]
        and row in files.elfs
        and given.owned.owner[row] == NOBODY
        and files.directory_path(files.directory[row]) in places
        for row in kept
    )


_BASES = {
    "layers": "the distribution's layers that it has now",
    "packages": "the essential packages of the distribution",
    "scratch": "nothing (FROM scratch)",
}


def _base(given: Given, keep: Keep, system: System, layers: int, origin: Origin) -> None:
    if origin == "layers":
        plural = "layers" if layers > 1 else "layer"
        keep.base(
            layers,
            "the base image",
            f"the first {plural}: a distribution, and nothing of the application's language in it",
        )
    elif origin == "packages":
        keep.add(
            KeptFiles(
                "the distribution's base system",
                "essential and required packages, and what they depend on",
                given.owned.rows(system.base),
                packages=_names(given, system.base),
            )
        )


def _packages(given: Given, keep: Keep, system: System) -> None:
    rows = _package_rows(given, system.kept)
    keep.add(
        KeptFiles(
            "system packages",
            "libraries that are linked to, programs that are called, and what these depend on",
            rows,
            packages=_names(given, system.kept),
        )
    )


def _package_rows(given: Given, packages: frozenset[int]) -> list[int]:
    """Rows of packages, and of what their installation writes."""
    return [*given.owned.rows(packages), *written_by(given.view, _names(given, packages))]


def _more(given: Given, plan: Plan, system: System) -> list[int]:
    """What may be there besides what is kept: tools that something may call; tests, documentation and maps
    of the application, which go only if their findings are followed; data of unknown use; and what an
    installation in the final stage leaves behind."""
    rows = [*given.owned.rows(system.more), *plan.maybe]
    for part in plan.parts:
        rows += (row for row in part.rows if given.claimed.get(row) in _OF_APPLICATION & part.loses)
    rows += unknown_data(given, plan.homes)
    if system.kept:
        for path in _DEBRIS:
            found = row_at(given.view, path)
            rows += rows_below(given.view, path) if found is None else [found]
    return rows


def _unused(given: Given, system: System) -> tuple[tuple[str, Bytes], ...]:
    """What was asked for by name and nothing kept uses, each with what comes along and nothing else needs."""
    graph, owned = given.graph, given.owned
    used = (system.kept - system.unsure) | system.base
    sizes: list[tuple[str, Bytes]] = []
    for index in system.unused:
        own = closure(graph, [index]) - used
        others = closure(graph, [other for other in system.unused if other != index])
        alone = own - others or {index}
        disk, pulled = (
            sum(owned.disk[package] for package in alone),
            sum(owned.pull[package] for package in alone),
        )
        sizes.append((graph.packages[index].name, (disk, pulled)))
    sizes.sort(key=lambda item: (-item[1][0], item[0]))
    return tuple(sizes[:_MAX_UNUSED])


def _names(given: Given, packages: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted({given.graph.packages[index].name for index in packages}))


def _commands(given: Given, skips: frozenset[str]) -> list[int]:
    """Rows of scripts and programs that the entry point and the health check lead to."""
    runs = given.facts.runs
    skipped = {command.path for command in runs.commands if command.name in skips}
    checks = {path for command in runs.healthcheck for path in (command.path, *command.files)}
    # What says what is started is read then, be it a script, a Makefile or a supervisor's settings.
    named = {
        path for command in runs.commands for path in (command.path, command.how, *command.files)
    }
    paths = {encoded(path) for path in checks | (named - skipped) if path}
    return [row for path in sorted(paths) if (row := row_at(given.view, path)) is not None]


def _elsewhere(given: Given, keep: Keep, plan: Plan) -> list[int]:
    """Keep what the application's steps put outside of its directory; gives its rows."""
    runtime = {row for path in plan.runtime if (row := row_at(given.view, path)) is not None}
    if plan.command:
        tools = (
            command.path for command in given.facts.runs.commands if command.name in plan.skips
        )
        runtime |= {row for path in tools if (row := row_at(given.view, encoded(path))) is not None}
    found: list[int] = []
    copied, written = elsewhere(given, plan.homes)
    for what, why, rows in (
        ("other copied files", "COPY or ADD put them beside the application", copied),
        ("other files of the application", "its steps put them outside of its directory", written),
    ):
        kept = [row for row in rows if row not in runtime]
        places = {given.view.files.directory[row]: None for row in kept}
        paths = tuple(given.view.files.directory_path(place) for place in places)
        keep.add(KeptFiles(what, why, kept, loses=FROM_APPLICATION, paths=paths[:_MAX_PLACES]))
        found += kept
    return found


def _database(given: Given, keep: Keep, system: System, origin: Origin) -> None:
    """The package database, as far as it is about what is kept."""
    if origin == "layers" and not system.kept:
        return
    shown = {given.graph.packages[index].name.encode() for index in system.base | system.kept}
    disk = pulled = 0
    for paths, mark in ((_STATUS, b"Package: "), (_INSTALLED, b"P:")):
        for path in paths:
            row = row_at(given.view, path)
            if row is None or (row < given.view.files.starts[1] and origin == "layers"):
                continue
            part = _about(given.view.read(paths[0]) or given.view.read(path) or b"", mark, shown)
            disk += part
            pulled += given.pull[row] * part // max(given.view.files.size[row], 1)
    if _asks_questions(given, system):
        for row in first_rows_at(given.view, _DEBCONF):
            disk += given.view.files.size[row]
            pulled += given.pull[row]
    if disk:
        keep.add(
            KeptFiles(
                "the package database", "it lists what is installed", (), extra=(disk, pulled)
            )
        )


def _asks_questions(given: Given, system: System) -> bool:
    """Whether a package is installed on top of the base that asks questions by debconf."""
    graph = given.graph
    providers = {
        graph.packages[provider].name
        for index in system.kept
        for names in graph.depends[index]
        for name in names
        for provider in graph.providers[name]
    }
    return "debconf" in providers


def _about(text: bytes, mark: bytes, names: set[bytes]) -> int:
    """Bytes of the paragraphs that describe some packages."""
    total = 0
    for paragraph in text.split(b"\n\n"):
        at = 0 if paragraph.startswith(mark) else paragraph.find(b"\n" + mark) + 1
        name = paragraph[at + len(mark) :].partition(b"\n")[0]
        if name in names:
            total += len(paragraph) + 2
    return total
