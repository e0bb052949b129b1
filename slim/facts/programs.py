"""Which language or server a command belongs to: by its name, its place, its file. Pure."""

from __future__ import annotations

from slim.entrypoint.runs import Command
from slim.entrypoint.services import SUPERVISORS
from slim.entrypoint.tables import groups, names
from slim.entrypoint.wrappers import SHELLS
from slim.facts.roots import Roots
from slim.files.view import View, encoded

_FAMILIES = groups(
    """
    node: node nodejs npm npx yarn yarnpkg pnpm pnpx bun bunx deno corepack pm2 pm2-runtime pm2-docker
    node: next nuxt nuxi nest ts-node ts-node-dev tsx nodemon forever vite vite-node webpack ng electron
    node: webpack-dev-server http-server strapi medusa remix-serve react-router-serve astro gatsby serve
    node: node-red directus sails meteor docusaurus eleventy concurrently turbo pm2-dev
    python: python pypy gunicorn uvicorn hypercorn daphne celery flask django-admin manage.py streamlit
    python: jupyter jupyter-lab jupyter-notebook jupyterhub uwsgi waitress-serve granian airflow dagster
    python: mlflow litestar poetry pipenv pdm uv rye hatch ipython fastapi rq dramatiq huey luigi prefect
    python: scrapy ansible ansible-playbook mkdocs pytest tox nox chainlit gradio vllm torchrun pip dbt
    python: accelerate twistd start-notebook.sh start-notebook.py superset pgadmin4 locust meltano
    ruby: ruby irb bundle bundler rails rake puma unicorn thin rackup sidekiq passenger jekyll rspec
    ruby: resque clockwork thrust jruby truffleruby falcon iodine good_job karafka gem fluentd
    java: java javaw jshell mvn mvnw gradle gradlew sbt kotlin scala clj clojure lein catalina.sh ant
    java: standalone.sh domain.sh run-java.sh jetty.sh kafka-server-start.sh zkServer.sh kc.sh jbang
    java: elasticsearch solr cassandra logstash activemq artemis asadmin spark-submit spark-class
    java: nifi.sh jenkins.sh
    beam: erl iex elixir mix erlexec beam.smp beam escript rebar3 werl run_erl livebook ct_run
    beam: rabbitmq-server
    php: php php-fpm php-cgi apache2-foreground frankenphp artisan composer rr symfony phpunit swoole
    dotnet: dotnet pwsh
    go: go air dlv caddy traefik
    nginx: nginx nginx-debug openresty angie tengine
    """
)
_WORDS = names(
    "serve next nest astro meteor turbo sails forever air rr ant rake thin falcon iodine gem rye hatch tox "
    "nox rq fastapi flask prefect locust luigi huey dbt accelerate resque clockwork passenger scala kotlin "
    "solr swoole symfony artisan cassandra artemis medusa directus livebook pip"
)
"""Of these names those that other programs have as well: for machine code they say nothing."""
_ENDINGS = {
    ".js": "node", ".mjs": "node", ".cjs": "node", ".ts": "node", ".py": "python", ".rb": "ruby",
    ".ru": "ruby", ".php": "php", ".jar": "java", ".war": "java", ".dll": "dotnet", ".exs": "beam",
    ".escript": "beam",
}  # fmt: skip
IDLE = names("sleep tail cat true false yes pause tini dumb-init watch")
"""Programs that wait, or do nothing."""
REPLS = names(
    "iex erl irb python pypy node jshell ghci mix ipython php psysh psql lua julia R swift scala bun deno "
    "pry clj sbcl guile utop elixir racket perl pwsh nu xonsh"
)
"""Programs that are interactive when they are given nothing to run."""
LANGUAGES = ("node", "python", "ruby", "java", "beam", "php", "dotnet", "go")
"""Families whose applications need something beside their own file."""


def base_name(name: str) -> str:
    """A program's name without version: `python3.12` → `python`, `php-fpm8.2` → `php-fpm`.

    >>> base_name("python3.12"), base_name("pm2"), base_name("ruby-3.3")
    ('python', 'pm2', 'ruby')
    """
    if name in _FAMILIES or name in SHELLS:
        return name
    return name.rstrip("0123456789.").rstrip("-") or name


def family_of(command: Command, roots: Roots, view: View) -> str:
    """One of `LANGUAGES`, `nginx`, `rust`, `native`, `shell`; empty where it is not known.

    A wrapper or supervisor has no family: what it starts has.
    """
    name, file = command.name, command.path.rpartition("/")[2]
    if name in SHELLS or file in SHELLS:
        return "shell" if command.leaf and name not in _FAMILIES else ""
    compiled = bool(command.path) and view.elf(encoded(command.path)) is not None
    for one in (base_name(name), base_name(file)):
        if one in _FAMILIES and not (compiled and one in _WORDS):
            return _FAMILIES[one]
    if name in SUPERVISORS or name in IDLE or not command.leaf:
        return _by_place(command, roots, view)
    return _by_place(command, roots, view) or _by_file(command, view)


def _by_place(command: Command, roots: Roots, view: View) -> str:
    path = encoded(command.path)
    if path and any(
        path.startswith((one.root + b"/bin/" if one.root else b"bin/", one.root + b"/erts-"))
        for one in roots.releases
    ):
        return "beam" if not _is_plain(path, roots, view) else ""
    if any(path.startswith(root + b"/") for root in roots.otp):
        return "beam"
    for ending, family in _ENDINGS.items():
        if command.name.endswith(ending):
            return family
    return ""


def _is_plain(path: bytes, roots: Roots, view: View) -> bool:
    """A system's own program, where a release was unpacked into the root directory."""
    return any(not one.root for one in roots.releases) and view.elf(path) is not None


def _by_file(command: Command, view: View) -> str:
    path = encoded(command.path)
    if not path:
        return ""
    if view.is_file(path + b".runtimeconfig.json") or view.is_file(path + b".dll"):
        return "dotnet"
    elf = view.elf(path)
    if elf is None:
        return ""
    if elf.go is not None:
        return "go"
    return "rust" if elf.rustc else "native"


def is_interactive(command: Command) -> bool:
    """A shell or REPL that is given nothing to run, or a program that only waits."""
    operands = [word for word in command.words[1:] if not word.startswith("-")]
    name = base_name(command.name)
    if name in SHELLS or name in REPLS:
        runs_text = any(
            word in ("-c", "-e", "-m", "--eval", "-S", "-jar") for word in command.words
        )
        return not operands and not runs_text
    return name in IDLE and not command.files
