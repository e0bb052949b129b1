"""Elixir: a release instead of the Mix project that runs, or the release that lies in `_build`.

What `mix release` takes is what the applications ask for: those of the project, `kernel`, `stdlib`,
`sasl`, `elixir` and `iex`, and all that their `.app` files name; of each its `ebin`, `priv` and `include`;
the run-time system's `erts-VERSION/bin`; protocols as they were consolidated. Modules are stripped.
Source: mix release, "Requirements", `:applications`, `:strip_beams`, `:include_erts`; Erlang/OTP app(4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from slim.ecosystems.elixir import escript
from slim.ecosystems.elixir.releases import Release, mix_task, releases, releases_of
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.patterns import regex
from slim.rebuild.interpreted import listed, script_names
from slim.rebuild.model import Given, KeptFiles, Plan
from slim.rebuild.trees import below, in_context

_ALWAYS = ("kernel", "stdlib", "sasl", "elixir", "iex")
"""What is in every release of Mix."""
_ASSETS = frozenset(("nodejs", "npm", "yarn", "yarnpkg", "inotify-tools"))
"""Packages that build the assets, or serve development."""
_ELIXIR = (b"usr/lib/elixir", b"usr/local/lib/elixir")
"""Where Elixir is installed, by packages and from its own archive."""
_PARTS = (b"ebin", b"priv", b"include")
_SCRIPTS = (24_000, 6_000)
"""bin/NAME, releases/VERSION/{elixir,iex,env.sh,vm.args,…}: the same in every release."""
_BOOT = 13, 2
"""Four boot files hold the applications' descriptions: 6.5 times those, measured on a release."""
_NAMES_RELEASE = regex(
    rb"\breleases(?:\(\))?(?::|\s+do\b|,\s*do:)\s*\[\s*(?:\{\s*:)?([a-z][a-z0-9_]{0,99})\s*[:,]"
)
"""`releases: [shop: […]]`, or a function of this name. Source: mix release, "Releases"."""


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a release, or Mix; None where there is nothing to build from."""
    running = _running(given)
    if running is not None:
        home = running.root.partition(b"/_build/")[0]
        return _plan(given, home, running, (), running.root.rpartition(b"/")[2])
    script = escript.started(given)
    if script is not None:
        return escript.plan(given, script)
    homes = given.facts.roots.projects_of("elixir")
    found = _home(given, homes) if _starts_project(given) else None
    library = None if found is None else _library(given, found)
    if found is None or library is None:
        return None
    own = [
        name
        for name in given.view.children(library)
        if not given.view.is_dir(join(found, b"deps/" + name))
    ]
    release = _release(given, library, own)
    if release is None and not given.facts.roots.of("otp_root"):
        return None
    parts = (
        ()
        if release is not None
        else (*_assembled(given, library, own), _boot(given, library, own))
    )
    application = own[0] if own else found.rpartition(b"/")[2]
    return _plan(given, found, release, parts, _release_name(given, found) or application)


def _release_name(given: Given, home: bytes) -> bytes:
    """The release that a project names, the first of several; empty where it takes its application's name, as
    it may with one application."""
    named = _NAMES_RELEASE.search(given.view.read(join(home, b"mix.exs")) or b"")
    return named[1] if named else b""


def _plan(
    given: Given, home: bytes, release: Release | None, parts: tuple[KeptFiles, ...], name: bytes
) -> Plan:
    if release is not None:
        where = decoded(release.root)
        whole = KeptFiles(
            "the release",
            f"mix release made it in /{where}; its applications and Erlang are in it",
            list(below(given.view, release.root)),
            paths=(release.root,),
        )
        parts = (whole, *parts)
    if release is None or not release.has_erts:
        parts = (*parts, _erts(given))
    replaced = _replaced(given)
    command: tuple[str, ...] = (f"bin/{decoded(name)}", "start")
    if release is not None and home == release.root:
        command = ()
    return Plan(
        stack="elixir",
        parts=parts,
        runtime=(
            *given.facts.roots.of("otp_root"),
            *(join(root, b"lib") for root in given.facts.roots.of("otp_root")),
        ),
        replaced=replaced,
        builds=_ASSETS,
        homes=(home, *given.facts.roots.of("otp_root"), *_ELIXIR),
        values={
            **({} if replaced else {"own_toolchain": "yes"}),
            **({"assembled": "yes"} if command else {}),
            **_values(given, home),
        },
        command=command,
    )


def _running(given: Given) -> Release | None:
    """The release whose start script the image runs."""
    for command in given.facts.runs.main:
        for release in releases_of(given.facts.roots, given.view):
            if release.root and encoded(command.path).startswith(release.root + b"/"):
                return release
    return None


def _starts_project(given: Given) -> bool:
    """Whether Mix starts the project, or `elixir` and `erl` with its compiled modules on their path."""
    runs = given.facts.runs
    return mix_task(runs) is not None or any(
        given.facts.families[command] == "beam" and any("_build/" in word for word in command.words)
        for command in runs.main
    )


def _values(given: Given, home: bytes) -> dict[str, str]:
    """What the project has, for the instructions that need it."""
    view = given.view
    found = {"lock" if in_context(given, join(home, b"mix.lock")) else "no_lock": "yes"}
    if "lock" in found or not _local(given, home):
        found["hex"] = "yes"
    phoenix = view.is_dir(join(home, b"deps/phoenix"))
    scripts = script_names(view.read(join(home, b"assets/package.json")))
    script = next((name for name in ("deploy", "build") if name in scripts), "")
    if script:
        found["assets_script"] = script
        if phoenix:
            found["digest"] = "yes"
    elif phoenix and view.is_dir(join(home, b"assets")):
        found["mix_assets"] = "yes"
    if phoenix:
        found["phoenix"] = "yes"
    return found


def _local(given: Given, home: bytes) -> bool:
    """Whether a project's libraries are all directories of its own: nothing is fetched for it."""
    libraries = [
        join(home, b"deps/" + dependency) for dependency in given.view.children(join(home, b"deps"))
    ]
    return given.view.is_file(join(home, b"mix.exs")) and not any(
        given.view.is_file(join(library, name))
        for library in libraries
        for name in (b".hex", b".fetch", b"hex_metadata.config")
    )


def _home(given: Given, homes: list[bytes]) -> bytes | None:
    """The project that runs: the working directory, or the only one that was compiled."""
    workdir = given.view.real(encoded(given.config.working_dir))
    if workdir in homes:
        return workdir
    built = [home for home in homes if given.view.is_dir(join(home, b"_build"))]
    return built[0] if len(built) == 1 else None


def _library(given: Given, home: bytes) -> bytes | None:
    """`_build/ENVIRONMENT/lib`: of MIX_ENV, else of the only environment that was built."""
    build = join(home, b"_build")
    named = encoded(given.facts.env.get("MIX_ENV", "dev"))
    for name in (named, b"prod", *given.view.children(build)):
        place = join(build, name + b"/lib")
        if b"/" not in name and given.view.is_dir(place):
            return place
    return None


def _release(given: Given, library: bytes, own: list[bytes]) -> Release | None:
    """The release that was assembled beside the compiled applications, if it is the only one."""
    place = join(library.rpartition(b"/")[0], b"rel")
    marks = [join(place, name + b"/releases/start_erl.data") for name in given.view.children(place)]
    found = releases([mark for mark in marks if given.view.is_file(mark)], given.view)
    named = [release for release in found if release.root.rpartition(b"/")[2] in own]
    chosen = named or list(found)
    return chosen[0] if len(chosen) == 1 else None


def _assembled(given: Given, library: bytes, own: list[bytes]) -> tuple[KeptFiles, ...]:
    """The release as `mix release` would assemble it."""
    places = _applications(given, library)
    chosen = _needed(given, places, [*(decoded(application) for application in own), *_ALWAYS])
    built: list[int] = []
    otp: list[int] = []
    for name in sorted(chosen):
        folder = places[name][0]
        into = built if folder.startswith(library + b"/") else otp
        for part in _PARTS:
            into += below(given.view, join(folder, part))
    for application in own:
        built += below(given.view, join(library, application + b"/consolidated"))
    ours = sorted(name for name in chosen if places[name][0].startswith(library + b"/"))
    theirs = sorted(chosen - set(ours))
    return (
        KeptFiles(
            "the application and its dependencies",
            f"{len(ours)} applications, stripped: {listed(ours)}",
            built,
            strip=True,
            paths=(library,),
        ),
        KeptFiles(
            "applications of Erlang and Elixir",
            f"what their .app files require, stripped: {listed(theirs)}",
            otp,
            strip=True,
            paths=tuple(sorted({places[name][0].rpartition(b"/")[0] for name in theirs})),
        ),
    )


def _applications(given: Given, library: bytes) -> dict[str, tuple[bytes, int]]:
    """Application → its directory and package: compiled ones first, then Elixir's, then Erlang's."""
    packages = given.graph.packages
    ours = [index for index, package in enumerate(packages) if package.manager == "otp"]
    folders = {index: packages[index].record.rpartition(b"/ebin/")[0] for index in ours}
    built = library.rpartition(b"/_build/")[0] + b"/"
    # Elixir's own place: not below the project, and of several the one nearest to the root.
    elixir = min(
        (
            folder.rpartition(b"/")[0]
            for index, folder in folders.items()
            if packages[index].name == "elixir" and not folder.startswith(built)
        ),
        key=lambda place: (place.count(b"/"), place),
        default=library,
    )
    ranks = {join(root, b"lib"): 2 for root in given.facts.roots.of("otp_root")}
    ranks |= {elixir: 1, library: 0}
    found: dict[str, tuple[bytes, int]] = {}
    places = [(folder.rpartition(b"/")[0], folder, index) for index, folder in folders.items()]
    ranked = [(ranks[above], folder, index) for above, folder, index in places if above in ranks]
    for _, folder, index in sorted(ranked):
        found.setdefault(packages[index].name, (folder, index))
    return found


def _needed(
    given: Given, places: Mapping[str, tuple[bytes, int]], names: Iterable[str]
) -> set[str]:
    """The applications, and what they require; of optional ones those that are there."""
    chosen: set[str] = set()
    pending = [name for name in names if name in places]
    while pending:
        name = pending.pop()
        if name in chosen:
            continue
        chosen.add(name)
        package = given.graph.packages[places[name][1]]
        for dependency in (*package.depends, *package.suggests):
            # `usr/lib/erlang/lib:ssl`: where it was looked for, and its name.
            pending += [
                known for text in dependency.names if (known := text.rpartition(":")[2]) in places
            ]
    return chosen


def _erts(given: Given) -> KeptFiles:
    rows: list[int] = []
    paths: list[bytes] = []
    for root in given.facts.roots.of("otp_root"):
        for name in given.view.children(root):
            if name.startswith(b"erts-"):
                paths.append(join(root, name + b"/bin"))
                rows += below(given.view, paths[-1])
        if rows:
            break
    return KeptFiles("Erlang's run-time system", "it runs the release", rows, paths=tuple(paths))


def _boot(given: Given, library: bytes, own: list[bytes]) -> KeptFiles:
    """Boot files and scripts, which no file of the image holds yet."""
    places = _applications(given, library)
    files = given.view.files
    disk, pulled = _SCRIPTS
    for name in _needed(given, places, [*(decoded(application) for application in own), *_ALWAYS]):
        for row in below(given.view, join(places[name][0], b"ebin")):
            if files.name[row].endswith(b".app"):
                disk += files.size[row] * _BOOT[0] // _BOOT[1]
                pulled += given.pull[row] * 4
    return KeptFiles(
        "boot files and start scripts", "mix release writes them", (), extra=(disk, pulled)
    )


def _replaced(given: Given) -> frozenset[int]:
    """Packages of the system that hold Erlang and Elixir: the release brings its own."""
    roots = [root + b"/" for root in given.facts.roots.of("otp_root")]
    roots += [folder + b"/" for folder in _ELIXIR]
    view, owner = given.view, given.owned.owner
    found: set[int] = set()
    for root in roots:
        found.update(owner[row] for row in below(view, root.rstrip(b"/")))
    found.discard(NOBODY)
    return frozenset(index for index in found if given.graph.packages[index].manager in SYSTEM)
