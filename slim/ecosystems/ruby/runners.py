"""What Bundler starts, and the homes of gems that it looks in. Source: the manual of Bundler."""

from __future__ import annotations

from slim.entrypoint.runners import Call, Runner, runner
from slim.entrypoint.tables import names
from slim.files.view import View, below, encoded

_MAX_VERSIONS = 4


def _gem_homes(call: Call, view: View) -> list[bytes]:
    env = call.env
    found = [encoded(env[variable]) for variable in ("GEM_HOME", "BUNDLE_BIN") if env.get(variable)]
    bundles = [below(call.cwd, encoded(env["BUNDLE_PATH"]))] if env.get("BUNDLE_PATH") else []
    for bundle in (*bundles, below(call.cwd, b"vendor/bundle"), b"usr/local/bundle"):
        found += [
            below(bundle, b"ruby/" + version)
            for version in view.children(below(bundle, b"ruby"))[:_MAX_VERSIONS]
        ]
        found.append(bundle)
    system = view.children(b"var/lib/gems")[:_MAX_VERSIONS]
    return [*found, call.cwd, *(b"var/lib/gems/" + version for version in system)]


RUNNERS = (
    Runner(names=names("bundle bundler"), verbs=("exec",), environments=_gem_homes),
    runner("rbenv", "exec"),
)
