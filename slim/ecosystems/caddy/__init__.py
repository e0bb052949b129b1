"""Caddy, a web server."""

from __future__ import annotations

from slim.ecosystems.model import Ecosystem
from slim.ecosystems.nginx.rebuild import Server, plan_of
from slim.entrypoint.tables import names
from slim.facts.programs import Programs
from slim.files.extract.texts import Keep
from slim.rebuild.model import Given, Plan, Recipe

_CADDY = Server("caddy", (b"usr/bin/caddy", b"usr/local/bin/caddy"), b"etc/caddy")


def _plan(given: Given) -> Plan | None:
    """What to keep of an image that runs Caddy."""
    return plan_of(given, _CADDY)


CADDY = Ecosystem(
    name="caddy",
    keeps=(Keep("Caddyfile caddy/*.caddy caddy/*.caddyfile caddy/*.conf"),),
    programs=Programs(
        family="caddy", names=names("caddy"), interpreted=False, servers=names("caddy")
    ),
    stack=True,
    rebuild=Recipe(_plan),
)
