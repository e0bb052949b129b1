"""nginx and the servers that are made of it."""

from __future__ import annotations

from slim.ecosystems.model import Ecosystem
from slim.ecosystems.nginx.rebuild import plan
from slim.entrypoint.tables import names
from slim.facts.programs import Programs
from slim.files.extract.texts import Keep
from slim.rebuild.model import Recipe

NGINX = Ecosystem(
    name="nginx",
    keeps=(
        Keep(
            "nginx/*.conf nginx/*/*.conf nginx/sites-enabled/* nginx/sites-available/* "
            "nginx/snippets/* nginx/mime.types nginx/*_params modules-available/*.conf conf/nginx.conf"
        ),
    ),
    programs=Programs(
        family="nginx",
        names=names("nginx nginx-debug openresty angie tengine"),
        interpreted=False,
        servers=names("nginx openresty angie"),
        daemons=names("nginx openresty angie"),
    ),
    stack=True,
    rebuild=Recipe(plan),
)
