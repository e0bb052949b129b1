"""PHP: Composer, PHP-FPM, and PHP as a module of Apache."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Ecosystem, Reader
from slim.ecosystems.php.interfaces import APACHE, module_of
from slim.ecosystems.php.packages import read_php
from slim.ecosystems.php.rebuild import plan
from slim.ecosystems.php.runners import RUNNERS
from slim.ecosystems.shared import development_only
from slim.entrypoint.runs import Command, Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.known import Known
from slim.facts.programs import Programs
from slim.facts.roots import Marks, Place, Roots, cut
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import BIG, MEDIUM, SMALL, Keep
from slim.files.view import View, decoded
from slim.packages.package import parent
from slim.rebuild.model import Recipe, Sources


def _installed(found: Marks, _view: View, _: Runs) -> tuple[bytes, ...]:
    end = b"/vendor/composer/installed.json"
    return cut(parent(path, 3) for path in found[b"installed.json"] if path.endswith(end))


def _carried(known: Known) -> Iterator[str]:
    for home in known.roots.of("composer"):
        yield f"{decoded(home)}/vendor was installed by composer"


def _is_php(command: Command, _: Roots, view: View) -> bool:
    """Apache, where PHP is one of its modules."""
    return command.name in APACHE and module_of(view) is not None


PHP = Ecosystem(
    name="php",
    keeps=(
        Keep("vendor/composer/installed.json", BIG),
        Keep("composer.json", MEDIUM),
        Keep(
            "*.php *.phtml *.inc",
            2 * SMALL,
            heads=tuple(b"<" + mark.encode() for mark in "?!hdsutfpma"),
            libraries="vendor",
        ),
        Keep(
            "conf.d/*.ini mods-available/*.ini php.d/*.ini apache2.conf httpd.conf "
            "apache2/sites-enabled/* apache2/sites-available/* apache2/conf-enabled/*.conf "
            "apache2/conf.d/*.conf httpd/conf.d/*.conf"
        ),
    ),
    packages=Reader(read_php, (b"vendor/composer/installed.json",)),
    projects=raw_names("composer.json artisan"),
    places=(Place(name="composer", marks=raw_names("installed.json"), find=_installed),),
    runners=RUNNERS,
    programs=Programs(
        family="php",
        names=names(
            "php php-fpm php-cgi apache2-foreground frankenphp artisan composer rr symfony phpunit swoole"
        ),
        ambiguous=names("rr swoole symfony artisan"),
        endings=(".php",),
        is_place=_is_php,
        repls=names("php psysh"),
        servers=names("php-fpm apache2-foreground"),
        daemons=names("php-fpm"),
        works=names("-r -f"),
        builds={"composer": names("install update test"), "phpunit": names("*")},
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
    rebuild=Recipe(plan),
    queries={"composer.dev": lambda subject: development_only(subject, "composer")},
    sources=Sources(kept=(b".php",), unread=(b".phtml",), libraries=frozenset((b"vendor",))),
)
