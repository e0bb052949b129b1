"""Signs of an image's role: what it runs, what its config says, which tools it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from slim.entrypoint.runs import Command, Runs
from slim.entrypoint.services import SUPERVISORS
from slim.entrypoint.tables import names
from slim.entrypoint.wrappers import is_wrapper
from slim.facts.known import Known
from slim.facts.programs import Families, base_name, builds, is_interactive, is_repl
from slim.facts.roles import ROLES
from slim.files.view import View, decoded, encoded
from slim.image.model import Config
from slim.patterns import regex

BUILDER_LABELS = (
    "io.buildpacks.builder.metadata",
    "io.buildpacks.stack.id",
    "io.openshift.s2i.scripts-url",
)
"""Labels of images that are made to build others in."""
_SERVERS = names(
    "httpd apache2 apachectl apache2ctl httpd-foreground lighttpd haproxy envoy postgres mysqld "
    "mariadbd mongod redis-server valkey-server memcached consul vault etcd prometheus grafana "
    "grafana-server minio nats-server influxd clickhouse-server coredns dnsmasq named unbound sshd "
    "vsftpd postfix dovecot squid varnishd mosquitto cron crond supercronic supervisord s6-svscan runsvdir"
)
"""Servers of no ecosystem."""
_TASKS = names(
    "start foreground console server start_iex daemon phx.server phoenix.server serve runserver web worker "
    "run start:prod prod production"
)
"""Operands with which a command starts a service."""
_TOOL_PLACES = (
    "bin",
    "sbin",
    "usr/bin",
    "usr/sbin",
    "usr/local/bin",
    "usr/local/sbin",
    "usr/libexec",
    "usr/lib",
)
_SYSTEM = ("usr/lib/", "usr/libexec/", "usr/share/", "lib/", "etc/")
_DEV_USERS = names("vscode gitpod codespace coder node-dev runner circleci jenkins buildkite-agent")
_DEV_ENV = regex(
    r"(?:CODESPACES|GITPOD_|RUNNER_|ACTIONS_RUNNER|AGENT_TOOLSDIRECTORY|REMOTE_CONTAINERS)"
)


class RoleSigns(Struct, frozen=True, kw_only=True):
    """What variables and projects of one ecosystem say about the role of an image."""

    production: Mapping[str, str] = {}
    """Variable → how its value begins in production."""
    development: Mapping[str, tuple[str, ...]] = {}
    """Variable → its values in development."""
    release: tuple[str, ...] = ()
    """How the names of variables begin that images for production set."""
    builder: frozenset[str] = frozenset()
    """Variables that images with a tool chain set."""
    runtime: frozenset[str] = frozenset()
    """Variables that images with the run-time system set, …"""
    toolkit: str = ""
    """… and the one that those with the whole tool kit set besides."""
    runtime_only: str = ""
    """For people: what an image with the first and without the second has."""
    builds: tuple[str, str] = ("", "")
    """(stack, for people: its project) of projects that are built before they run."""


class Points:
    """Adds points up, with their reasons."""

    def __init__(self) -> None:
        self.of = dict.fromkeys(ROLES, 0)
        self.evidence: list[str] = []
        self.production = False
        """A variable says that the image is for production."""
        self.busy = False
        """The image is started for something, be it unknown or a build: not for a shell, or to wait."""

    def add(self, why: str, **points: int) -> None:
        """Give points to roles."""
        for role, count in points.items():
            self.of[role] += count
        given = ", ".join(f"{role} {count:+d}" for role, count in points.items())
        self.evidence.append(f"{given}: {why}")


def from_commands(
    points: Points, config: Config, known: Known, families: Families, owned: Collection[str]
) -> bool:
    """Points for what the image runs; whether that is a service or an application."""
    runs, view = known.runs, known.view
    final = runs.final
    waiting = {command for command in runs.main if _waits(command, runs, families)}
    if waiting.issuperset(final):
        # What stands first says more than the run-time system behind the start script of a REPL.
        first = next((command for command in runs.main if command in waiting), None)
        why = f"runs only {first.brief}" if first else "runs nothing by itself"
        points.add(why, base=2, builder=2, release=-3)
        return False
    points.busy = True
    active = [command for command in runs.main if command not in waiting]
    if not starts(known, families):
        building = next(command for command in runs.main if builds(command, families))
        points.add(f"`{building.brief}` builds, tests or installs", builder=2)
        return False
    own = next((path for path in _run_files(active, view) if _is_own_file(path, owned)), None)
    if own is not None:
        points.add(f"runs {own}, which no package owns", release=3)
    service = next((command for command in active if _is_service(command, known, families)), None)
    listens = bool(config.exposed_ports or config.healthcheck[1:])
    if service is not None:
        points.add(f"`{service.brief}` starts a service or an application", release=3)
    elif own is None and listens:
        points.add(f"`{final[0].brief}` listens", release=2)
    bare = _is_bare(runs, view)
    if bare:
        points.add("one program and no shell", release=3)
    if own is None and service is None and not listens:
        found = [command for command in final if command.path]
        if found:
            _as_tool(points, config, found, bare=bare)
        else:
            points.evidence.append(f"unknown: the image has no {final[0].words[0][:80]}")
    return bare or listens or service is not None or own is not None


def starts(known: Known, families: Families) -> bool:
    """Whether the image is started to do something, known or not, and not for a shell or to wait."""
    runs = known.runs
    return any(
        not _waits(command, runs, families)
        and not any(builds(step, families) for step in (command, *runs.starters(command)))
        for command in runs.final
    )


def _waits(command: Command, runs: Runs, families: Families) -> bool:
    """A REPL that is given nothing to run, or what its start script leads to, or a program that waits."""
    return is_interactive(command, families) or any(
        is_repl(starter, families) for starter in runs.starters(command)
    )


def _as_tool(points: Points, config: Config, final: Sequence[Command], *, bare: bool) -> None:
    # The only program of an image may be a service's as well.
    points.add(f"`{final[0].brief}` is in a directory for commands", tool=1 if bare else 3)
    helps = [word for word in config.cmd if word in ("--help", "-h", "help", "--version")]
    if helps:
        points.add(f"`{helps[0]}` is its argument unless another is given", tool=2)


def from_config(
    points: Points, config: Config, env: Mapping[str, str], runs: Runs, signs: Sequence[RoleSigns]
) -> None:
    """Points for what the config says besides the command."""
    labels = config.labels
    if config.onbuild:
        points.add("has ONBUILD triggers", builder=4, base=4)
    user = config.user.partition(":")[0]
    if "devcontainer.metadata" in labels or user in _DEV_USERS:
        points.add("made for people or jobs to work in", dev=5)
    if any(_DEV_ENV.match(name) for name in env):
        points.add("has the variables of an editor's or a runner's workspace", dev=5)
    if config.exposed_ports:
        points.add("exposes a port", release=1)
    if config.healthcheck[1:]:
        points.add("has a health check", release=1)
    if user not in ("", "0", "root"):
        points.add("does not run as root", release=1)
    values = {name: value for stack in signs for name, value in stack.production.items()}
    production = [name for name, value in values.items() if env.get(name, "").startswith(value)]
    release = tuple(name for stack in signs for name in stack.release)
    production += [name for name in env if name.startswith(release)]
    points.production = bool(production)
    if production:
        points.add(f"{production[0]} is set for production", release=1)
    development = {name: values for stack in signs for name, values in stack.development.items()}
    if any(env.get(name) in values for name, values in development.items()):
        points.add(f"{' or '.join(development)} is set for development", dev=3)
    for stack in signs:
        if not stack.runtime.isdisjoint(env) and stack.toolkit not in env:
            points.add(stack.runtime_only, release=1)
    if "io.buildpacks.builder.metadata" in labels:
        points.add("is a builder for buildpacks", builder=5)
    elif "io.buildpacks.lifecycle.metadata" in labels:
        points.add("was built by buildpacks", release=3)
    elif "io.buildpacks.stack.id" in labels:
        points.add("is a stack for buildpacks", base=4)
    if "io.openshift.s2i.scripts-url" in labels:
        if any(command.name in ("usage", "base-usage") for command in runs.main):
            points.add("is a builder for source-to-image", builder=4)
        elif any(command.name == "run" for command in runs.main):
            points.add("was built by source-to-image", release=3)
    if any(name.startswith("com.github.actions.") for name in labels):
        points.add("is a GitHub action", tool=3)


def from_tools(points: Points, known: Known, signs: Sequence[RoleSigns], *, serves: bool) -> None:
    """Points for compilers and SDKs, or the lack of them; `serves`: the image starts an application."""
    roots = known.roots
    tools = sorted(name for stack in signs for name in stack.builder if name in known.env)
    if tools:
        points.add(f"{tools[0]} is set", builder=1)
    if roots.compilers:
        points.add(f"has a compiler: {decoded(roots.compilers[0])}", builder=2)
    if serves:
        return
    if points.busy:
        return
    built = [what for stack, what in (sign.builds for sign in signs) if roots.projects_of(stack)]
    if built:
        points.add(f"has {built[0]} and starts no server", builder=2)
    elif not (roots.compilers or roots.projects or roots.applications or points.of["tool"]):
        points.add("has no compiler and no application", base=2)


def _run_files(commands: Iterable[Command], view: View) -> Iterable[str]:
    """The files that are run, except those that only start others or are on the system's PATH."""
    for command in commands:
        if is_wrapper(command.name) or command.name in SUPERVISORS:
            continue
        places = (encoded(f"{place}/{command.name}") for place in _TOOL_PLACES)
        if command.path and all(view.real(place) != encoded(command.path) for place in places):
            yield command.path
        yield from command.files


def _is_own_file(path: str, owned: Collection[str]) -> bool:
    """Not a package's, and not where tools are."""
    above, _, name = path.rpartition("/")
    in_tools = above in _TOOL_PLACES or path.startswith(_SYSTEM)
    return path not in owned and not in_tools and not (not above and "entrypoint" in name)


def _is_service(command: Command, known: Known, families: Families) -> bool:
    """A known server, a service's start, or an interpreter that is given a program."""
    servers = families.servers | _SERVERS
    if command.name in servers or command.name.rstrip("0123456789.") in servers:
        return True
    operands = [word for word in command.words[1:] if not word.startswith("-")]
    programs = families.of(known.families[command])
    if command.path.rpartition("/")[2] in programs.starters:
        return True
    if base_name(command.name, families) in families.repls and "-e" in command.words:
        return True
    if programs.interpreted:
        return (
            bool(operands)
            or bool(command.files)
            or any(word in ("-m", "-jar") for word in command.words)
        )
    return bool(operands) and operands[0] in _TASKS


def _is_bare(runs: Runs, view: View) -> bool:
    """Almost only one program, and no shell."""
    if any(
        view.is_file(shell) for shell in (b"bin/sh", b"bin/bash", b"busybox/sh", b"bin/busybox")
    ):
        return False
    return any(view.elf(encoded(command.path)) for command in runs.final if command.path)
