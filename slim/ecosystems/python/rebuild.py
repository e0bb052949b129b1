"""Python: the interpreter, the libraries that the application asks for, and the application.

Of installed distributions those stay that were asked for and that no finding takes for a tool of
development, with what they require; pip stays in the build stage. The interpreter is the packages that the
distribution splits it into, or the files that were compiled from its sources.
Source: Python packaging, "Recording installed projects" (REQUESTED); Debian's Python policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from slim.ecosystems.conda.rebuild import activates, environment_of, keep, plan_of
from slim.ecosystems.python.editable import editable_projects
from slim.ecosystems.python.environment import venv_at_run_time
from slim.ecosystems.python.named import (
    NO_REQUIREMENTS,
    for_development,
    not_used,
    read_requirements,
)
from slim.entrypoint.runs import Command
from slim.entrypoint.tables import names
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.rebuild.base import closure, needed_by_others
from slim.rebuild.interpreted import (
    copied,
    home_of,
    in_the_root,
    main_command,
    named,
    search_path,
    system_owner,
)
from slim.rebuild.interpreted import version as stated
from slim.rebuild.model import FROM_APPLICATION, TOOLS, Given, KeptFiles, Plan, Uninstall
from slim.rebuild.quoting import literal
from slim.rebuild.trees import below, row_at, rows_at

_INSTALLERS = frozenset(
    ("pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pdm", "virtualenv")
)
_RUN_OTHERS = names(
    "gunicorn uvicorn hypercorn daphne granian waitress waitress-serve uwsgi celery flask streamlit gradio "
    "dramatiq rq huey arq fastapi chalice scrapy robot pytest ipython jupyter jupyter-lab bokeh panel "
    "chainlit mlflow prefect dagster airflow locust behave django-admin"
)
"""Programs of distributions that run somebody's code: where that lies has to be known."""
_CODE = (b".py", b".so")
"""What can be imported."""
_FILES, _PROGRAMS = "files", "programs"
_NOT_NEEDED = frozenset((b"test", b"tests", b"idle_test", b"idlelib", b"ensurepip", b"turtledemo"))
"""Directories of the standard library that no program imports."""


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs a program of Python; None where it is not known which."""
    command = main_command(given, "python")
    if command is None:
        return None
    venv = venv_at_run_time(given.facts.runs, given.facts.roots)
    binary = _interpreter(given, command, venv)
    home = home_of(given, command, "python")
    loose = in_the_root(given, command) if home is None else []
    if binary is None or not (home or loose or _is_library(given, command)):
        return None
    homes = () if home is None else (home,)
    version = decoded(given.view.files.name[binary])
    owner = system_owner(given, binary)
    prefix = given.view.files.path(binary).removesuffix(b"/bin/" + encoded(version))
    stdlib = join(prefix, b"lib/" + encoded(version))
    ours, by_name = _candidates(given)
    requirements = NO_REQUIREMENTS if home is None else read_requirements(given, home)

    def left_without(gone: frozenset[int]) -> frozenset[int]:
        # An installer that a library requires is a library.
        return ours - closure(given.graph, [index for index in by_name if index not in gone])

    unused, untrusted = (
        not_used(given, requirements, by_name, trusted=trusted) for trusted in (True, False)
    )
    left, least = left_without(unused), left_without(untrusted)
    most = left_without(for_development(given, requirements, by_name))
    environment = None if venv is not None else environment_of(given, given.view.files.path(binary))
    if environment is not None:
        if activates(given):
            return None
        started = [binary, *rows_at(given.view, map(encoded, given.facts.runs.resolved))]
        conda = keep(given, environment, started, left, (unused, untrusted))
        return plan_of(given, home or environment, binary, environment, conda, least)
    places = [venv] if venv is not None else []
    searched = search_path(given, "PYTHONPATH", (*homes, *places))
    sites = _sites(given, stdlib, owner is None)
    if venv is not None:
        sites = tuple(site for site in given.facts.roots.of("site") if site.startswith(venv + b"/"))
    searched += editable_projects(given, sites, (*homes, *places, *searched), left)
    where = [*(places or sites), *searched]
    libraries = _libraries(given, where, left, beside=venv is None)
    maybe = [
        row
        for row in _libraries(given, where, most, beside=venv is None)
        if given.owned.owner[row] in left
    ]
    inside = tuple(place + b"/" for place in (*places, *searched, stdlib))
    loose = [path for path in loose if not (path + b"/").startswith(inside)]
    code = [
        row
        for place in (*homes, *loose)
        for row in (*below(given.view, place), *rows_at(given.view, (place,)))
        if not (given.view.files.path(row) + b"/").startswith(inside)
    ]
    interpreter = _stdlib(given, binary, stdlib) if owner is None else []
    packages = () if owner is None else (*named(given, _names(version)), owner)
    named_image = bool(stated(given, "PYTHON_VERSION"))
    by_hand = [] if owner is not None or named_image else [given.view.files.path(binary), stdlib]
    return Plan(
        stack="python",
        parts=(
            KeptFiles(
                "the application",
                "the project, without what findings would delete",
                code,
                loses=FROM_APPLICATION,
                paths=(*homes, *loose),
            ),
            KeptFiles(
                "libraries",
                "distributions that were asked for, and what they require; no installer",
                libraries,
                loses=FROM_APPLICATION,
                paths=_holding(given, where, libraries),
            ),
            KeptFiles(
                "Python",
                "interpreter and standard library, without tests",
                interpreter,
                paths=(stdlib,),
            ),
        ),
        runtime=(given.view.files.path(binary),),
        packages=tuple(dict.fromkeys(packages)),
        maybe=tuple(maybe),
        doubtful=tuple(row for row in libraries if given.owned.owner[row] in least),
        uninstalls=_uninstalls(given, ours, venv, places or sites),
        homes=(*homes, *places),
        values={
            "home": "/" if loose else f"/{decoded(home or b'src')}",
            "venv": f"/{decoded(venv)}" if venv is not None else "/opt/venv",
            "unknown" if not (home or loose) else _requirements(given, home or b""): "yes",
            **({} if owner is not None else {"own_toolchain": "yes"}),
            "image_python" if owner is None and named_image else "own_base": "yes",
        },
        copies=copied(b"", [*by_hand, venv or b"opt/venv", *searched, *homes, *loose]),
    )


def _is_library(given: Given, command: Command) -> bool:
    """Whether what runs is of a distribution, and needs no project: `mkdocs serve`, `python -m mkdocs`."""
    words = {command.name, *(path.rpartition("/")[2] for path in command.files), *command.words}
    if not _RUN_OTHERS.isdisjoint(words):
        return False
    paths = [encoded(path) for path in (command.path, *command.files[:1])]
    if "-m" in command.words[:-1]:
        module = encoded(command.words[command.words.index("-m") + 1].partition(".")[0])
        sites = given.facts.roots.of("site")
        ends = (b"/__init__.py", b"/__main__.py", b".py")
        paths += [join(site, module + end) for site in sites for end in ends]
    rows = (row_at(given.view, path) for path in paths if path)
    owners = (given.owned.owner[row] for row in rows if row is not None)
    return any(
        owner != NOBODY and given.graph.packages[owner].manager == "python" for owner in owners
    )


def _uninstalls(
    given: Given, ours: frozenset[int], venv: bytes | None, places: Iterable[bytes]
) -> tuple[Uninstall, ...]:
    """How distributions leave the environment, or the site directories: those of caches are not in it."""
    inside = tuple(place + b"/" for place in places)
    packages = given.graph.packages
    here = frozenset(index for index in ours if packages[index].record.startswith(inside))
    place = literal(f"/{decoded(venv)}") if venv is not None else ""
    if place and given.view.exists(join(venv or b"", b"bin/pip")):
        pip = f"{place}/bin/python3 -m pip"
    else:
        pip = f"python3 -m pip --python {place}/bin/python3" if place else "python3 -m pip"
    return (
        Uninstall(
            here,
            f"PIP_BREAK_SYSTEM_PACKAGES=1 {pip} uninstall --yes",
            # An installer takes itself away last.
            last=frozenset(("pip",)),
            why="Tools of development, and the installer.",
        ),
    )


def _requirements(given: Given, home: bytes) -> str:
    """What says which libraries are needed."""
    known = {
        b"requirements.txt": "requirements",
        b"pyproject.toml": "project",
        b"setup.py": "project",
    }
    return next((known[name] for name in known if given.view.is_file(join(home, name))), "unknown")


def _names(version: str) -> tuple[str, ...]:
    """The packages into which distributions split an interpreter: `python3.13` and its library."""
    return (
        version,
        "python3",
        "python3-minimal",
        f"{version}-minimal",
        f"lib{version}-stdlib",
        "python3-libs",
    )


def _holding(given: Given, places: Iterable[bytes], rows: Iterable[int]) -> tuple[bytes, ...]:
    """Those of some directories that have one of these rows in them, at any depth."""
    files = given.view.files
    homes = [files.directory_path(home) + b"/" for home in {files.directory[row] for row in rows}]
    return tuple(place for place in places if any(home.startswith(place + b"/") for home in homes))


def _interpreter(given: Given, command: Command, venv: bytes | None) -> int | None:
    """The row of `python3.13`, which the command, its environment or PATH leads to."""
    paths = [encoded(command.path)]
    if venv is not None:
        paths = [join(venv, b"bin/python3"), join(venv, b"bin/python"), *paths]
    paths += [
        b"usr/local/bin/python3",
        b"usr/bin/python3",
        b"usr/local/bin/python",
        b"usr/bin/python",
    ]
    for path in paths:
        row = row_at(given.view, path) if path else None
        if row is not None and given.view.files.name[row].startswith(b"python"):
            return row
    return None


def _candidates(given: Given) -> tuple[frozenset[int], list[int]]:
    """All distributions, and those that may stay: asked for by name or required by nothing, no installers and
    none for development.

    One is for development if findings of tools take nearly all that can be imported from it, or its programs.
    Large tests or sources inside of a library make it no tool.
    """
    packages, owner, files = given.graph.packages, given.owned.owner, given.view.files
    ours = [index for index, package in enumerate(packages) if package.manager == "python"]
    code: Counter[tuple[int, str]] = Counter()
    claimed: Counter[tuple[int, str]] = Counter()
    for row in given.owned.rows(ours):
        category = given.claimed.get(row, "")
        if category and category not in TOOLS:
            continue
        for kind, of_kind, amount in (
            (_FILES, files.name[row].endswith(_CODE), 1),
            (_PROGRAMS, row in files.elfs, files.size[row]),
        ):
            if of_kind:
                code[owner[row], kind] += amount
                claimed[owner[row], kind] += amount if category else 0
    gone = {
        index
        for index in ours
        if packages[index].name.lower() in _INSTALLERS
        or any(
            10 * claimed[index, kind] >= 9 * code[index, kind] > 0 for kind in (_FILES, _PROGRAMS)
        )
    }
    required = needed_by_others(given.graph, ours)
    by_name = [
        index
        for index in ours
        if index not in gone and (packages[index].auto is False or index not in required)
    ]
    return frozenset(ours), by_name


def _libraries(
    given: Given, places: Sequence[bytes], left: frozenset[int], *, beside: bool
) -> list[int]:
    """Files of the environment, or of the site directories and what lies beside them, without what is left
    behind."""
    rows: list[int] = []
    for place in places:
        rows += (
            row
            for row in below(given.view, place)
            if given.owned.owner[row] == NOBODY or given.owned.owner[row] not in left
        )
    if beside:
        # Their commands and data lie beside the site directories, where these begin: `usr/local/bin`.
        prefixes = tuple(
            {place.rpartition(b"/lib/")[0] + b"/" for place in places if b"/lib/" in place}
        )
        packages = given.graph.packages
        kept = [
            index
            for index, package in enumerate(packages)
            if package.manager == "python" and index not in left
        ]
        files = given.view.files
        rows += (row for row in given.owned.rows(kept) if files.path(row).startswith(prefixes))
    return [row for row in rows if system_owner(given, row) is None]


def _sites(given: Given, stdlib: bytes, compiled: bool) -> tuple[bytes, ...]:
    """The site directories of the interpreter: of one that was compiled those beside its library."""
    sites = given.facts.roots.of("site")
    return tuple(site for site in sites if site.startswith(stdlib + b"/") or not compiled)


def _stdlib(given: Given, binary: int, stdlib: bytes) -> list[int]:
    """The interpreter and its standard library, where no package has them."""
    files = given.view.files
    rows = [binary]
    sites = (stdlib + b"/site-packages/", stdlib + b"/dist-packages/")
    for row in below(given.view, stdlib):
        path = files.path(row)
        parts = path[len(stdlib) + 1 :].split(b"/")
        unused = not _NOT_NEEDED.isdisjoint(parts[:-1]) or path.endswith(b".a")
        if not unused and not path.startswith(sites):
            rows.append(row)
    return rows
