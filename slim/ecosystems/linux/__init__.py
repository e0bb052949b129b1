"""What every Linux image may have: accounts, caches, supervisors, time tables, a health check."""

from __future__ import annotations

from collections.abc import Callable

from slim.ecosystems.model import Ecosystem
from slim.entrypoint.makefiles import MAKE
from slim.entrypoint.runners import runner
from slim.facts.known import Evidence, Known
from slim.facts.signs import RoleSigns
from slim.facts.system import distroless
from slim.facts.variables import Variable, languages, own_directories
from slim.files.extract.texts import MEDIUM, Keep
from slim.files.view import decoded, encoded
from slim.rebuild.model import Sources


def _fetches(tool: str) -> Callable[[Known], Evidence]:
    """Whether the health check or a script calls a program that fetches."""

    def test(known: Known) -> Evidence:
        return tuple(
            f"{command.how}: {command.words[0]}"
            for command in (*known.runs.healthcheck, *known.runs.commands)
            if command.name == tool
        )

    return test


def _compilers(known: Known) -> Evidence:
    return tuple(f"{decoded(path)} exists" for path in known.roots.compilers)


LINUX = Ecosystem(
    name="linux",
    keeps=(
        Keep("/etc/passwd", MEDIUM),
        Keep(
            "/etc/os-release /usr/lib/os-release Procfile supervisord.conf supervisor/*/*.conf "
            "supervisor/*/*.ini supervisor.d/* supervisord.d/* s6-rc.d/*/up /etc/crontab /etc/cron.d/* "
            "/etc/crontabs/* /var/spool/cron/* /var/spool/cron/crontabs/*"
        ),
        # What `[include]` of supervisord's settings names, wherever the application has it.
        Keep(
            "*.ini *.conf",
            heads=(b"[p", b"[i", b"[s", b"[g", b"[e", b"[u", b"; "),
            libraries=".git .cache",
            unnamed="lib lib64 share include .git proc sys",
        ),
    ),
    runners=(runner("asdf", "exec"), MAKE),
    role=RoleSigns(production={"ENVIRONMENT": "production"}),
    variables=(
        Variable(
            name="home",
            samples=("root", "home/app"),
            find=lambda directories, _: directories.homes,
        ),
        Variable(
            name="cache",
            samples=("root/.cache", "home/app/.cache"),
            find=lambda directories, _: directories.caches,
        ),
        Variable(name="app", samples=("app", "srv/app"), find=own_directories),
        Variable(
            name="lang",
            samples=("en", "de"),
            find=lambda directories, _: map(encoded, languages(directories.env)),
        ),
    ),
    facts={
        "base.distroless": lambda known: distroless(known.view),
        "healthcheck.curl": _fetches("curl"),
        "healthcheck.wget": _fetches("wget"),
        "compiler.present": _compilers,
    },
    sources=Sources(unread=(b".lua",)),
)
