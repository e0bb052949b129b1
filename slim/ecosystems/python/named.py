"""Which installed distributions an application names: in its sources, as requirements, or through others.

One that nothing names may still be loaded by a name computed at run time, so that this only parts what is
known to be used from the rest.
Source: PEP 508, PEP 621, PEP 735; Python packaging "Core metadata specifications" (Provides-Extra); pip's
documentation, "Requirements File Format"; Poetry's, "Dependencies".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import Struct

from slim.ecosystems.conda import environment_file
from slim.ecosystems.python.packages import normalized
from slim.entrypoint.tables import names
from slim.files.view import below as join
from slim.files.view import decoded
from slim.packages.owners import NOBODY
from slim.packages.package import Package
from slim.patterns import regex
from slim.rebuild.base import closure
from slim.rebuild.mentions import words_of
from slim.rebuild.model import Given
from slim.rebuild.trees import below
from slim.toml import parse_toml

_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]{0,100})\s*(?:\[|[=<>!~;@,\s]|$)")
_REQUIRES = regex(
    r"(?mi)^Requires-Dist:\s*([A-Za-z0-9._-]{1,100})\s*(?:\[([^\]\n]{0,500})\])?([^\n]*)"
)
_MARKER = regex(r"\bextra\s*==\s*[\"']([^\"'\n]{1,100})")
_DEVELOPMENT = regex(rb"dev|test|lint|doc|ci|debug|local")
_INCLUDES = regex(rb"(?m)^\s*(?:-r|--requirement)[ =]")
_PRODUCTION = regex(rb"prod|deploy|serv|web|api|worker|run|main|app|docker|gpu|cpu|cuda")
"""What lists of requirements that take in another are called where the program runs with them."""
_FOR_DEVELOPMENT = names(
    "dev devel develop development test tests testing lint linting linters doc docs documentation ci debug "
    "typing types typecheck mypy format style check checks quality qa cov coverage bench benchmark"
)
"""Words in the names of extras and groups that developers ask for."""
_GROUP = regex(rb"(?m)^\s*\[([^\]\n]{1,100})\]")
_BY_NAME = names(
    "psycopg2 psycopg2-binary psycopg psycopg-binary psycopg-c asyncpg pg8000 mysqlclient pymysql "
    "aiomysql asyncmy mysql-connector-python aiosqlite oracledb cx-oracle pyodbc aioodbc pymssql redis "
    "hiredis pymongo motor cassandra-driver gevent eventlet uvloop httptools tornado python-multipart "
    "email-validator orjson ujson lxml html5lib openpyxl xlrd xlsxwriter pyarrow fastparquet bcrypt "
    "argon2-cffi cryptography brotli zstandard pysocks h2 tzdata pytz setuptools python-dotenv whitenoise "
    "watchdog"
)
"""Distributions that libraries load where a setting, an address or a file asks for them, whether or not they
say so in an extra: drivers of databases, event loops, parsers, codecs."""
_IN_NOTEBOOKS = names(
    "altair bokeh folium holoviews hvplot ipykernel ipympl ipython ipywidgets jupyter jupyterlab matplotlib "
    "notebook panel plotly pygwalker pyvis seaborn ydata-profiling"
)
"""Distributions that draw and show: where sources do not name them, a project's notebooks use them."""
_REQUIREMENTS = (b".txt", b".in", b"pyproject.toml", *environment_file.NAMES)
"""How the names of files end that ask for distributions, and use none."""
_EVERYTHING = frozenset(("all", "full", "complete", "everything", "recommended"))
"""Extras that bring all others."""
_LEAST_NAME = 3
"""Shorter names of extras are in many words by chance."""


class Requirements(Struct, frozen=True):
    """What a project's files ask for, and what its sources say."""

    names: frozenset[str]
    """Distributions that it runs with; none where a file of them is not known."""
    for_development: frozenset[str]
    """Distributions that it only develops with."""
    for_a_purpose: frozenset[str]
    """Of `names`, those that only a list asks for which takes in another: `requirements-export.txt`."""
    words: frozenset[bytes] | None
    """Of the sources; None where not all are known."""
    has_notebooks: bool


NO_REQUIREMENTS = Requirements(frozenset(), frozenset(), frozenset(), None, has_notebooks=False)
"""Of an image without a project: whatever was installed by name may be used."""


def read_requirements(given: Given, home: bytes) -> Requirements:
    """Read the files of the project in `home`."""
    required, development, purpose = _required(given, home)
    files, owner = given.view.files, given.owned.owner
    return Requirements(
        required,
        development,
        purpose,
        words_of(given, (home,), _REQUIREMENTS) if required else None,
        any(
            files.name[row].endswith(b".ipynb") and owner[row] == NOBODY
            for row in below(given.view, home)
        ),
    )


def not_used(
    given: Given, requirements: Requirements, candidates: Collection[int], *, trusted: bool
) -> frozenset[int]:
    """Those of some distributions that nothing names; none where requirements are not known.

    What requirements ask for and no source names is known to be used where another library loads it: as a
    driver or a plug-in, or for what one of its extras is for. Settings and models that are loaded may name
    more. Where not all sources are known, only those are returned that developers alone ask for: in
    requirements of their own, or by an extra that no other asks for.

    Args:
        candidates: what was asked for by name or is required by nothing.
        trusted: whether what requirements ask for counts as used, but for what notebooks draw with.
    """
    required, words = requirements.names, requirements.words
    if not required:
        return frozenset()
    packages = given.graph.packages
    called = {index: normalized(packages[index].name) for index in candidates}
    trusted_names = required - requirements.for_a_purpose if trusted else frozenset[str]()
    if requirements.has_notebooks:
        trusted_names -= _IN_NOTEBOOKS
    if words is None:
        named = {
            index
            for index, name in called.items()
            if name in required
            or (packages[index].auto is not True and name not in requirements.for_development)
        }
    else:
        named = {
            index
            for index, name in called.items()
            if name.encode() in words
            or not (modules := frozenset(_modules(packages[index])))
            or not words.isdisjoint(modules)
            or (name in required and (name in trusted_names or _is_loaded(given, packages[index])))
        }
    while True:
        extras = _extras(given, closure(given.graph, sorted(named)))
        more = {
            index
            for index, name in called.items()
            if index not in named
            and (found := extras.get(name))
            and (words is None or name not in required or _means(words, found))
        }
        if not more:
            return frozenset(candidates) - named
        named |= more


def _is_loaded(given: Given, package: Package) -> bool:
    """Whether libraries load a distribution by a name that they are given, or find it by what it says."""
    if normalized(package.name) in _BY_NAME:
        return True
    entries = package.record.rpartition(b"/")[0] + b"/entry_points.txt"
    groups = _GROUP.findall(given.view.read(entries) or b"")
    return any(not group.endswith(b"_scripts") for group in groups)


def for_development(
    given: Given, requirements: Requirements, candidates: Collection[int]
) -> frozenset[int]:
    """Those of some distributions that the project's files ask for only to develop."""
    packages = given.graph.packages
    return frozenset(
        index
        for index in candidates
        if normalized(packages[index].name) in requirements.for_development
    )


def _extras(given: Given, kept: Collection[int]) -> dict[str, frozenset[str]]:
    """Distribution → extras of some others that ask for it, or use it where it is there; empty names stand
    for extras that a requirement names.

    Of a distribution that was asked for by name all extras count, those for development aside.
    """
    by_extra: dict[str, set[tuple[str, str]]] = {}
    asked: set[tuple[str, str]] = set()
    roots: set[str] = set()
    for index in kept:
        package = given.graph.packages[index]
        if package.manager != "python":
            continue
        own = normalized(package.name)
        if package.auto is not True:
            roots.add(own)
        about = decoded(given.view.read(package.record) or b"")
        for name, extras, rest in _REQUIRES.findall(about):
            target = normalized(name)
            asked.update((target, normalized(extra.strip())) for extra in extras.split(","))
            for extra in _MARKER.findall(rest):
                by_extra.setdefault(target, set()).add((own, normalized(extra)))
    found: dict[str, frozenset[str]] = {}
    for name, pairs in by_extra.items():
        counted = {
            "" if (own, extra) in asked else extra
            for own, extra in pairs
            if (own, extra) in asked or (own in roots and not _for_development(extra))
        }
        if counted:
            found[name] = frozenset(counted)
    return found


def _for_development(extra: str) -> bool:
    return not _FOR_DEVELOPMENT.isdisjoint(normalized(extra).split("-"))


def _means(words: Collection[bytes], extras: Collection[str]) -> bool:
    """Whether a source may use what an extra is for, as `frame.plot()` what `pandas[plot]` brings."""
    meant = [
        extra.encode() for extra in extras if len(extra) >= _LEAST_NAME and extra not in _EVERYTHING
    ]
    return "" in extras or any(extra in word for word in words for extra in meant)


def _modules(package: Package) -> Iterator[bytes]:
    """The names under which it is imported and started."""
    site = package.record.rpartition(b"/")[0].rpartition(b"/")[0] + b"/"
    for file in package.files:
        if file.startswith(site):
            first, _, rest = file[len(site) :].partition(b"/")
            yield first if rest else first.partition(b".")[0]
        elif b"/bin/" in b"/" + file:
            yield file.rpartition(b"/")[2]


def _required(given: Given, home: bytes) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Distributions that the project's files ask for, those that they ask for only to develop, and those for
    one of its purposes; empty where it has no such file that is known."""
    found: set[str] = set()
    development: set[str] = set()
    purpose: set[str] = set()
    view = given.view
    for row in below(view, home):
        path, name = view.files.path(row), view.files.name[row]
        if b"requirements" not in path[len(home) :] or not name.endswith((b".txt", b".in")):
            continue
        ours = development if _DEVELOPMENT.search(path[len(home) :].lower()) else found
        content = view.files.texts.get(row)
        if content is None:
            if ours is found:
                return frozenset(), frozenset(), frozenset()
            continue
        if ours is found and _INCLUDES.search(content) and not _PRODUCTION.search(name):
            ours = purpose
        for line in decoded(content).splitlines():
            if not line.lstrip().startswith(("-", "#")):
                ours.update(_names((line,)))
    for name in environment_file.NAMES:
        asked = environment_file.asked_for(decoded(view.read(join(home, name)) or b""))
        found.update(map(normalized, asked))
    document = _document(view.read(join(home, b"pyproject.toml")))
    project, tool = _table(document, "project"), _table(document, "tool")
    poetry = _table(tool, "poetry")
    found.update(_names(project.get("dependencies")))
    found.update(map(normalized, _table(poetry, "dependencies")))
    development.update(map(normalized, _table(poetry, "dev-dependencies")))
    for groups in (_table(project, "optional-dependencies"), _table(document, "dependency-groups")):
        for group, listed in groups.items():
            (development if _for_development(group) else found).update(_names(listed))
    for group, table in _table(poetry, "group").items():
        listed = map(normalized, _table(table, "dependencies"))
        (development if _for_development(group) else found).update(listed)
    required = frozenset(found | purpose)
    return required, frozenset(development - required), frozenset(purpose - found)


def _names(requirements: object) -> Iterator[str]:
    """The distributions of a list of requirements."""
    for requirement in requirements if isinstance(requirements, list | tuple) else ():
        if isinstance(requirement, str) and (match := _NAME.match(requirement)):
            yield normalized(match[1])


def _document(content: bytes | None) -> dict[str, object]:
    try:
        return parse_toml(decoded(content or b""))
    except (ValueError, RecursionError):
        return {}


def _table(document: object, name: str) -> dict[str, object]:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}
