"""PHP: the interpreter that runs, the extensions that its settings enable, and the application.

Of Composer's packages those for development stay in the build stage, with Composer itself, and with the
`node_modules` from which assets were built.
Source: the PHP manual, "The configuration file"; Debian's PHP policy (`conf.d`, `mods-available`).
"""

from __future__ import annotations

from collections.abc import Iterable

from slim.ecosystems.php.extensions import not_called, required
from slim.ecosystems.php.interfaces import APACHE, module_of, not_started
from slim.ecosystems.shared import without
from slim.ecosystems.sites import site_of
from slim.entrypoint.runs import Command
from slim.files.view import below as join
from slim.files.view import decoded, encoded
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.patterns import regex
from slim.rebuild.base import closure
from slim.rebuild.interpreted import copied, home_of, listed, main_command, system_owner
from slim.rebuild.model import FROM_APPLICATION, Given, KeptFiles, Plan
from slim.rebuild.trees import below, outermost, row_at

_BUILDS = frozenset(
    (
        *("composer", "php-dev", "php-pear", "phpunit", "pkg-php-tools", "dh-php"),
        *("nodejs", "npm", "yarn", "yarnpkg"),
    )
)
"""Packages that build applications of PHP and their assets, or test them."""
_EXTENSION = regex(rb"(?m)^\s*(?:zend_)?extension\s*=\s*[\"']?([^\s\"';]{1,200})")
_PROGRAM = regex(rb"(?:php|frankenphp)[a-z0-9.-]*")
_PROGRAMS = (b"usr/local/bin/php", b"usr/local/sbin/php-fpm", b"usr/bin/php")
_SETTINGS = (b"usr/local/etc/php", b"usr/local/etc/php-fpm.d", b"usr/local/etc/php-fpm.conf")
"""Settings of an interpreter that was compiled from its sources."""
_DEFAULT = b"var/www/html"
"""What is served where nothing else is named."""


def plan(given: Given) -> Plan | None:
    """What to keep of an image that runs an application of PHP; None where it is not known which."""
    command = main_command(given, "php")
    if command is None or command.name in ("composer", "phpunit"):
        return None
    binary = _binary(given, command)
    homes = _homes(given, command)
    if binary is None or not homes:
        return None
    owner = system_owner(given, binary)
    extensions = _extensions(given, _interface(given, binary, command))
    declared = required(given, homes)
    unused = _along(given, binary, extensions, declared)
    spare = _spare(
        given, binary, extensions, not_called(given, homes, _stems(given, extensions), declared)
    )
    unused |= {row for row in extensions if system_owner(given, row) in spare}
    spare |= not_started(given, command)
    extensions = [row for row in extensions if row not in unused]
    owned = [found for row in extensions if (found := system_owner(given, row)) is not None]
    compiled: list[int] = []
    places: tuple[bytes, ...] = ()
    if owner is None:
        places = (given.view.files.path(binary), *_existing(given, _SETTINGS))
        compiled = [binary, *(row for path in places for row in _rows(given, path))]
    loose = [row for row in extensions if system_owner(given, row) is None]
    code = [row for home in homes for row in _code(given, home)]
    return Plan(
        stack="php",
        parts=(
            KeptFiles(
                "the application",
                "the project with Composer's packages for production",
                code,
                loses=FROM_APPLICATION,
                paths=tuple(homes),
            ),
            KeptFiles(
                "PHP",
                "the interpreter, its settings and the extensions that they enable: "
                + (listed(sorted({_stem(given, row) for row in extensions})) or "none"),
                [*compiled, *loose],
                paths=places,
            ),
        ),
        runtime=(given.view.files.path(binary),),
        packages=tuple(dict.fromkeys([*([] if owner is None else [owner]), *owned])),
        unnamed=spare,
        builds=_BUILDS,
        homes=tuple(homes),
        values={
            "home": f"/{decoded(homes[0])}",
            **({"own_toolchain": "yes"} if owner is None else {}),
            **(
                {"composer": "yes"}
                if given.view.is_file(join(homes[0], b"composer.json"))
                and given.view.is_dir(join(homes[0], b"vendor"))
                else {}
            ),
        },
        copies=tuple(
            pair
            for path in dict.fromkeys(
                [*homes, *places, *(given.view.files.path(row) for row in loose)]
            )
            for pair in copied(path, ())
        ),
        guesses=(
            "the application does not use extensions that neither its sources nor its packages name:"
            f" {listed(sorted({_stem(given, row) for row in unused}))}",
        )
        if unused
        else (),
    )


def _binary(given: Given, command: Command) -> int | None:
    """The row of the interpreter: a program, or the module of Apache."""
    if command.name in APACHE:
        path = module_of(given.view)
        return None if path is None else row_at(given.view, path)
    for path in (encoded(command.path), *_PROGRAMS):
        row = row_at(given.view, path) if path else None
        if row is None or not _PROGRAM.match(given.view.files.name[row]):
            continue
        if given.view.elf(given.view.files.path(row)) is not None:
            return row
    return None


def _homes(given: Given, command: Command) -> list[bytes]:
    """The application's directory, and those that web servers in the same image serve."""
    found: list[bytes] = []
    home = home_of(given, command, "php")
    if home is not None:
        found.append(home)
    cwd = given.view.real(encoded(given.config.working_dir)) or b""
    projects = given.facts.roots.projects_of("php")
    names = {command.name for command in given.facts.runs.main}
    served: list[bytes] = []
    if "nginx" in names:
        served += site_of(given.view, "nginx", given.facts.runs.main, cwd).roots
    if names & APACHE:
        served += site_of(given.view, "apache", (), cwd).roots
    if not found and not served:
        served.append(_DEFAULT)
    directories = [real for path in served if (real := given.view.real(path))]
    directories = [
        path
        for path in directories
        if not given.facts.roots.is_system(path) and not path.startswith(b"usr/share/")
    ]
    for path in directories:
        above = [
            project for project in projects if path == project or path.startswith(project + b"/")
        ]
        found += [max(above, key=len)] if above else []
    return [path for path in outermost(found or directories) if given.view.is_dir(path)]


def _code(given: Given, home: bytes) -> list[int]:
    """The application without Composer's packages for development, and what only builds assets."""
    owner, packages = given.owned.owner, given.graph.packages
    return [
        row
        for row in without(given, home, (b"node_modules", b"composer.phar"))
        if owner[row] == NOBODY
        or packages[owner[row]].manager != "composer"
        or packages[owner[row]].dev is not True
    ]


def _interface(given: Given, binary: int, command: Command) -> bytes:
    """The name of the interface under which Debian keeps its settings: `fpm`, `cli`, `apache2`, `cgi`."""
    name = given.view.files.name[binary]
    if command.name in APACHE:
        return b"apache2"
    return b"fpm" if b"fpm" in name else b"cgi" if b"cgi" in name else b"cli"


def _extensions(given: Given, interface: bytes) -> list[int]:
    """Rows of the modules that are enabled for an interface."""
    view = given.view
    folders = [b"usr/local/etc/php/conf.d", b"etc/php.d"]
    for name in view.children(b"etc"):
        if name.startswith(b"php") and name[3:].isdigit():
            folders.append(b"etc/" + name + b"/conf.d")
    for version in view.children(b"etc/php"):
        folders.append(b"etc/php/" + version + b"/" + interface + b"/conf.d")
    modules: set[bytes] = set()
    rows: list[int] = []
    for folder in folders:
        for name in view.children(folder):
            for value in _EXTENSION.findall(view.read(join(folder, name)) or b""):
                if value.startswith(b"/"):
                    row = row_at(view, value.lstrip(b"/"))
                    rows += [] if row is None else [row]
                else:
                    modules.add(value.removesuffix(b".so") + b".so")
    found = view.find(modules) if modules else {}
    for name in sorted(modules):
        for path in found[name]:
            row = row_at(view, path) if b"php" in path else None
            if row is not None and given.view.elf(path) is not None:
                rows.append(row)
    return list(dict.fromkeys(rows))


def _along(
    given: Given, binary: int, extensions: Iterable[int], required: frozenset[str]
) -> frozenset[int]:
    """Extensions that a package for building or a recommendation brought along, and nothing requires.

    Packages of Debian enable their extensions by themselves.
    """
    packages = given.graph.packages
    named = [
        index
        for index, package in enumerate(packages)
        if package.manager in SYSTEM
        and package.auto is not True
        and package.name not in _BUILDS
        and not package.name.endswith(("-dev", "-devel"))
    ]
    runs = given.owned.owner[binary]
    stays = closure(given.graph, [*named, *([] if runs == NOBODY else [runs])])
    owners = {row: system_owner(given, row) for row in extensions}
    return frozenset(
        row
        for row, owner in owners.items()
        if owner is not None and owner not in stays and _stem(given, row).lower() not in required
    )


def _spare(
    given: Given, binary: int, extensions: Iterable[int], unused: frozenset[str]
) -> frozenset[int]:
    """Packages all of whose enabled extensions are unused."""
    used: set[int] = set()
    found: set[int] = set()
    for row in extensions:
        owner = system_owner(given, row)
        if owner is not None:
            (found if _stem(given, row).lower() in unused else used).add(owner)
    runs = given.owned.owner[binary]
    needed = [*_libraries(given), *([] if runs == NOBODY else [runs])]
    return frozenset(found - used - closure(given.graph, needed))


def _libraries(given: Given) -> list[int]:
    """Packages of the system that were asked for by name and hold sources of PHP: what these need is used."""
    packages, owner = given.graph.packages, given.owned.owner
    rows = below(given.view, b"usr/share/php")
    found = {owner[row] for row in rows if given.view.files.name[row].endswith(b".php")} - {NOBODY}
    return sorted(
        index
        for index in found
        if packages[index].manager in SYSTEM
        and packages[index].auto is not True
        and packages[index].name not in _BUILDS
    )


def _stems(given: Given, rows: Iterable[int]) -> frozenset[str]:
    return frozenset(_stem(given, row).lower() for row in rows)


def _stem(given: Given, row: int) -> str:
    return decoded(given.view.files.name[row].removesuffix(b".so"))


def _existing(given: Given, paths: Iterable[bytes]) -> list[bytes]:
    return [path for path in paths if given.view.exists(path)]


def _rows(given: Given, path: bytes) -> list[int]:
    row = row_at(given.view, path)
    return [row] if row is not None else list(below(given.view, path))
