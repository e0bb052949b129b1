"""PHP: Composer, PHP-FPM, and PHP as a module of Apache."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Ecosystem, Reader
from slim.ecosystems.php.packages import read_php
from slim.ecosystems.shared import development_only
from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.known import Evidence, Known
from slim.facts.programs import Programs
from slim.facts.roots import Marks, Place, above, cut
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import BIG, Keep
from slim.files.view import View, decoded

_APACHE = names("apache2 apache2ctl apachectl httpd httpd-foreground")
_MODULES = (b"usr/lib/apache2/modules", b"usr/lib/apache2", b"etc/httpd/modules")


def _installed(found: Marks, _view: View, _: Runs) -> tuple[bytes, ...]:
    end = b"/vendor/composer/installed.json"
    return cut(above(path, 3) for path in found[b"installed.json"] if path.endswith(end))


def _carried(known: Known) -> Iterator[str]:
    for home in known.roots.of("composer"):
        yield f"{decoded(home)}/vendor was installed by composer"


def _apache_module(known: Known) -> Evidence:
    for command in known.runs.main:
        for place in _MODULES if command.name in _APACHE else ():
            for name in known.view.names_in(place):
                if name.startswith((b"libphp", b"mod_php")):
                    return (f"{command.brief} with the module {decoded(name)}",)
    return ()


PHP = Ecosystem(
    name="php",
    keeps=(Keep("vendor/composer/installed.json", BIG),),
    packages=Reader(read_php, (b"vendor/composer/installed.json",)),
    projects=raw_names("composer.json artisan"),
    places=(Place(name="composer", marks=raw_names("installed.json"), find=_installed),),
    programs=Programs(
        family="php",
        names=names(
            "php php-fpm php-cgi apache2-foreground frankenphp artisan composer rr symfony phpunit swoole"
        ),
        ambiguous=names("rr swoole symfony artisan"),
        endings=(".php",),
        repls=names("php psysh"),
        servers=names("php-fpm apache2-foreground"),
    ),
    stack=True,
    carried=_carried,
    role=RoleSigns(production={"APP_ENV": "prod"}, builder=frozenset(("PHPIZE_DEPS",))),
    variables=(
        Variable(
            name="composer_home",
            samples=("root/.composer",),
            env=("COMPOSER_HOME",),
            in_home=(b".composer", b".config/composer"),
        ),
    ),
    facts={"runs.php": _apache_module},
    queries={"composer.dev": lambda subject: development_only(subject, "composer")},
)
