"""Official images that others are built on, by what they leave in the history of every such image.

Each sets a variable to its version, fetches or makes that version in an instruction of its own, and ends with
certain instructions. All three must be there, in this order: a Dockerfile that only sets `PYTHON_VERSION` is
not built on python. Sources: the Dockerfiles that the images name, of the years 2019 to 2025.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from slim.dockerfile.history import recorded
from slim.image.model import Config, History
from slim.patterns import regex

_SHELLS = ("/bin/bash -o pipefail -c", "/bin/bash -c", "/bin/ash -eo pipefail -c", "/bin/sh -c")
_NUMBER = regex(r"v?([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})", re.ASCII)


class KnownBase(Struct, frozen=True):
    """What tells such an image."""

    name: str
    """Its repository."""
    variable: str
    """Set to its version, with which its tags begin."""
    own: tuple[str, ...]
    """An instruction after that has one of these texts …"""
    ends: tuple[str, ...] = ()
    """… and one after that begins with one of these: the last; without any, it is the instruction itself."""
    then: tuple[str, ...] = ()
    """How instructions begin that some versions have after the last one."""
    has_slim: bool = False
    """Its tags on Debian come with and without `-slim`."""


KNOWN_BASES = (
    KnownBase(
        "python", "PYTHON_VERSION", ("python.org/ftp/python",), ('CMD ["python3"]',), has_slim=True
    ),
    KnownBase(
        "pypy",
        "PYPY_VERSION",
        ("python.org/pypy",),
        ('CMD ["pypy3"]', 'CMD ["pypy"]'),
        has_slim=True,
    ),
    KnownBase(
        "node",
        "NODE_VERSION",
        ("nodejs.org/dist", "nodejs.org/download"),
        ('CMD ["node"]',),
        has_slim=True,
    ),
    KnownBase(
        "golang", "GOLANG_VERSION", ('mkdir -p "$GOPATH/src" "$GOPATH/bin"',), ("WORKDIR /go",)
    ),
    KnownBase(
        "ruby",
        "RUBY_VERSION",
        ("cache.ruby-lang.org", "$RUBY_DOWNLOAD_SHA256"),
        ('CMD ["irb"]',),
        has_slim=True,
    ),
    KnownBase(
        "php",
        "PHP_VERSION",
        ("docker-php-source extract",),
        ('CMD ["php" "-a"]', 'CMD ["php-fpm"]', 'CMD ["apache2-foreground"]'),
    ),
    KnownBase(
        "openjdk",
        "JAVA_VERSION",
        ("download.java.net", "openjdk11-upstream-binaries"),
        ('CMD ["jshell"]',),
        has_slim=True,
    ),
    KnownBase(
        "eclipse-temurin",
        "JAVA_VERSION",
        ("github.com/adoptium",),
        ('ENTRYPOINT ["/__cacert_entrypoint.sh"]',),
        ('CMD ["jshell"]',),
    ),
    KnownBase("rust", "RUST_VERSION", ("./rustup-init",), has_slim=True),
    KnownBase(
        "perl",
        "PERL_VERSION",
        ("cpan.org/src", "cpan.metacpan.org"),
        ('CMD ["perl5.',),
        has_slim=True,
    ),
    KnownBase(
        "erlang",
        "OTP_VERSION",
        ("github.com/erlang/otp",),
        ('CMD ["erl"]',),
        ("ENV REBAR", "RUN set -xe && REBAR"),
        has_slim=True,
    ),
    KnownBase(
        "elixir",
        "ELIXIR_VERSION",
        ("github.com/elixir-lang/elixir",),
        ('CMD ["iex"]',),
        has_slim=True,
    ),
    KnownBase("julia", "JULIA_VERSION", ("julialang",), ('CMD ["julia"]',)),
    KnownBase("composer", "COMPOSER_VERSION", ("composer.phar",), ('CMD ["composer"]',)),
    KnownBase(
        "dotnet/runtime",
        "DOTNET_VERSION",
        ("/usr/share/dotnet",),
        ("RUN ln -s /usr/share/dotnet/dotnet",),
    ),
    KnownBase("dotnet/aspnet", "ASPNET_VERSION", ("Microsoft.AspNetCore.App",)),
    KnownBase(
        "nginx",
        "NGINX_VERSION",
        ("nginx.org",),
        ('CMD ["nginx" "-g" "daemon off;"]',),
        ("ENV NJS", "RUN set -x && apkArch="),
    ),
    KnownBase("httpd", "HTTPD_VERSION", ("HTTPD_SHA256",), ('CMD ["httpd-foreground"]',)),
    KnownBase("caddy", "CADDY_VERSION", ("github.com/caddyserver/caddy",), ('CMD ["caddy" "run"',)),
    KnownBase(
        "tomcat",
        "TOMCAT_VERSION",
        ("apache.org/", "$TOMCAT_SHA512"),
        ('CMD ["catalina.sh" "run"]',),
    ),
    KnownBase("postgres", "PG_VERSION", ("postgresql",), ('CMD ["postgres"]',)),
)


class Known(Struct, frozen=True):
    """An official image that another one is built on."""

    entries: int
    """Entries of the history that are its own, or of what it is itself built on."""
    name: str
    """Such as `python:3.12.7-alpine`; without a tag where the version is not known."""


def find_known(history: Sequence[History], config: Config) -> Known | None:
    """The official image that reaches furthest in the history; None where there is none, or nothing on it."""
    variables = {name: value for name, _, value in (entry.partition("=") for entry in config.env)}
    bases = [base for base in KNOWN_BASES if base.variable in variables]
    if not bases:
        return None
    steps = [_folded(entry.created_by) for entry in history]
    found = [
        Known(end + 1, f"{base.name}{_tag(base, variables[base.variable], steps[:start])}")
        for base in bases
        for start, end in _spans(base, steps)
        if end + 1 < len(steps)
    ]
    return max(found, key=lambda known: known.entries, default=None)


def _folded(created_by: str) -> str:
    """The instruction on one line, and lists as classic builders write them, without commas."""
    step = recorded(created_by, _SHELLS)
    return f"{step.keyword} {' '.join(step.value.split())}".replace('", "', '" "')


def _spans(base: KnownBase, steps: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the image sets its variable first, and where it ends."""
    start = next((at for at, step in enumerate(steps) if _sets(step, base.variable)), None)
    if start is None:
        return
    after = range(start + 1, len(steps))
    own = next((at for at in after if any(text in steps[at] for text in base.own)), None)
    if own is None:
        return
    end: int | None = own
    if base.ends:
        end = next((at for at in range(own, len(steps)) if steps[at].startswith(base.ends)), None)
    if end is None:
        return
    while base.then and end + 1 < len(steps) and steps[end + 1].startswith(base.then):
        end += 1
    yield start, end


def _sets(step: str, variable: str) -> bool:
    """Whether it is an ENV of this variable: `ENV A=1 B=2` or `ENV A 1`."""
    keyword, *words = step.split(" ")
    return keyword == "ENV" and (
        words[:1] == [variable] or any(word.startswith(f"{variable}=") for word in words)
    )


def _tag(base: KnownBase, version: str, before: Sequence[str]) -> str:
    """The tag, as far as the version and what comes before it in the history tell."""
    number = _NUMBER.match(version)
    if number is None:
        return ""
    variant = ""
    if any("alpine-minirootfs" in step or "apk add" in step for step in before):
        variant = "-alpine"
    elif base.has_slim and not any("mercurial" in step for step in before):
        # The full variants are built on buildpack-deps, which has version control systems.
        variant = "-slim"
    return f":{number[1]}{variant}"
