"""The variables of rule patterns: which exist, their sample values, and putting values in.

A variable stands for directories that are found per image (`{home}`, `{otp_root}`); it may have
several values, or none, and then the pattern matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product

from slim.rules.glob_syntax import GlobError, escape
from slim.rules.suggestions import suggestion

MAX_BOUND_PATTERNS = 4096
"""Most patterns that the values of one pattern's variables may make of it."""

SAMPLES: dict[str, tuple[str, ...]] = {
    "home": ("root", "home/app"),
    "cache": ("root/.cache", "home/app/.cache"),
    "site": (
        "usr/lib/python3/dist-packages",
        "usr/local/lib/python3.12/site-packages",
        "app/.venv/lib/python3.12/site-packages",
    ),
    "venv": ("app/.venv",),
    "app": ("app", "srv/app"),
    "otp_root": ("usr/lib/erlang", "usr/local/lib/erlang"),
    "release_root": ("app", "opt/app"),
    "mix_home": ("root/.mix", "opt/mix"),
    "hex_home": ("root/.hex", "opt/hex"),
    "rebar_cache": ("root/.cache/rebar3",),
    "gem_home": ("usr/local/bundle", "var/lib/gems/3.3.0"),
    "gopath": ("go", "root/go"),
    "gocache": ("root/.cache/go-build",),
    "cargo": ("usr/local/cargo", "root/.cargo"),
    "rustup": ("usr/local/rustup", "root/.rustup"),
    "node_modules": ("app/node_modules", "app/assets/node_modules"),
    "npm_cache": ("root/.npm",),
    "yarn_cache": ("usr/local/share/.cache/yarn",),
    "pnpm_store": ("pnpm/store", "root/.local/share/pnpm/store"),
    "pip_cache": ("root/.cache/pip",),
    "uv_cache": ("root/.cache/uv",),
    "poetry_cache": ("root/.cache/pypoetry",),
    "conda": ("opt/conda",),
    "java_home": ("usr/lib/jvm/java-21-openjdk-amd64", "opt/java/openjdk"),
    "m2": ("root/.m2",),
    "gradle_home": ("root/.gradle",),
    "dotnet_root": ("usr/share/dotnet", "usr/lib/dotnet"),
    "nuget": ("root/.nuget",),
    "composer_home": ("root/.composer",),
    "hf": ("root/.cache/huggingface/hub",),
    "lang": ("en", "de"),
}
"""Every variable with the values that the examples of the rules are tested with."""

# A class is skipped, so that `[{home}]` stays a class.
_VARIABLE = re.compile(r"\[[^\]]*\]|\{([A-Za-z][A-Za-z0-9_]*)\}", re.ASCII)


def variables_of(pattern: str) -> tuple[str, ...]:
    """The names that `pattern` uses, each once, in order.

    Raises:
        GlobError: a name is no variable.
    """
    if "{" not in pattern:
        return ()
    names: dict[str, None] = {}
    for found in _VARIABLE.finditer(pattern):
        name = found[1]
        if name is None:
            continue
        if name not in SAMPLES:
            reason = f"no variable `{{{name}}}`{suggestion(name, SAMPLES)}"
            raise GlobError(pattern, found.start(), reason)
        names[name] = None
    return tuple(names)


def bind(pattern: str, values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """`pattern` with each choice of values for its variables; values are taken literally.

    A value is a path without a leading slash. One that is empty (the image's root) or that no path
    can have is left out, so that no rule ever claims the whole image through a variable.

    >>> bind("{home}/.cache/**", {"home": ["root", "home/a*"]})
    ('root/.cache/**', 'home/a[*]/.cache/**')

    Raises:
        GlobError: a name is no variable, or the values make too many patterns.
    """
    names = variables_of(pattern)
    if not names:
        return (pattern,)
    usable = [[value for value in values.get(name, ()) if _is_path(value)] for name in names]
    bound: dict[str, None] = {}
    for count, choice in enumerate(product(*usable)):
        if count == MAX_BOUND_PATTERNS:
            reason = f"its variables make more than {MAX_BOUND_PATTERNS} patterns of it"
            raise GlobError(pattern, 0, reason)
        chosen = dict(zip(names, choice, strict=True))
        bound[_substitute(pattern, chosen)] = None
    return tuple(bound)


def _substitute(pattern: str, chosen: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: escape(chosen[found[1]]) if found[1] else found[0], pattern)


def _is_path(value: str) -> bool:
    return "\0" not in value and not {"", ".", ".."} & set(value.split("/"))
