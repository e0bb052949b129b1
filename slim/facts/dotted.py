"""The dotted facts of the rules' vocabulary: which hold for an image, and why. Pure.

A fact that makes a rule speak (`runs.nginx`, `elixir.release`) holds only where that was seen; facts
that keep rules silent (`node.server`, `jit.cxx`) hold as soon as there is a sign for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from slim.entrypoint.runs import Runs
from slim.entrypoint.tables import names, raw_names
from slim.facts.programs import family_of
from slim.facts.roots import Roots
from slim.facts.stacks import Stack, mix_task, uses_node, venv_at_run_time
from slim.facts.system import system_facts
from slim.files.view import View, decoded
from slim.rules.predicate import FACTS

Evidence = tuple[str, ...]
"""Why a fact holds; empty where it does not."""

_MAX_EVIDENCE = 5
_JIT_PACKAGES = raw_names(
    "triton torch numba pythran cupy pycuda pyopencl pytensor theano cppyy pyximport tvm jax_triton cupyx"
)
"""Python packages that may call a compiler when they run."""
_JIT_GEMS = (b"RubyInline-",)
_BUILDS = {
    "npm": names("install ci i rebuild add"),
    "yarn": names("install add"),
    "pnpm": names("install i add rebuild"),
    "pip": names("install"),
    "pip3": names("install"),
    "uv": names("sync pip"),
    "poetry": names("install"),
    "bundle": names("install"),
    "gem": names("install"),
    "cargo": names("run build install"),
    "go": names("run build install test"),
    "mix": names("compile deps.compile deps.get"),
    "npx": names("node-gyp"),
}
"""Commands that may build native code: program → first operands."""
_COMPILING = names(
    "node-gyp gcc g++ cc c++ clang clang++ make cmake ninja nvcc prebuild-install cmake-js"
)
_JDK_TOOLS = names(
    "javac jshell jar javadoc jlink jdeps jpackage mvn mvnw mvnd gradle gradlew sbt ant scala kotlin lein "
    "clj clojure jdb jmod"
)


class Known(Struct, frozen=True):
    """What facts are made of."""

    env: Mapping[str, str]
    runs: Runs
    roots: Roots
    stacks: tuple[Stack, ...]
    view: View


def facts_of(known: Known) -> dict[str, Evidence]:
    """The facts that hold, sorted by name, each with at least one line of evidence."""
    found: dict[str, Evidence] = dict(system_facts(known.view))
    for stack in known.stacks:
        found[f"stack.{stack.name}"] = stack.evidence
    for family, evidence in _running(known).items():
        found[f"runs.{family}"] = tuple(evidence)
    for name, test in _TESTS.items():
        found[name] = test(known)
    return {
        name: found[name][:_MAX_EVIDENCE] for name in sorted(FACTS & found.keys()) if found[name]
    }


def _running(known: Known) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in known.runs.main:
        family = family_of(one, known.roots, known.view)
        # A program written in Rust is machine code and needs nothing else.
        family = "native" if family == "rust" else family
        if family:
            found.setdefault(family, []).append(f"{one.how}: {one.brief}")
    modules = _apache_php(known)
    if modules:
        found.setdefault("php", []).append(modules)
    return found


def _apache_php(known: Known) -> str:
    """PHP as a module of the Apache server."""
    for one in known.runs.main:
        if one.name in ("apache2", "apache2ctl", "apachectl", "httpd", "httpd-foreground"):
            for place in (b"usr/lib/apache2/modules", b"usr/lib/apache2", b"etc/httpd/modules"):
                for name in known.view.names_in(place):
                    if name.startswith((b"libphp", b"mod_php")):
                        return f"{one.brief} with the module {decoded(name)}"
    return ""


def _release(known: Known) -> Evidence:
    return tuple(
        f"{decoded(one.root) or '/'} has a boot file, releases/start_erl.data and applications"
        for one in known.roots.releases
    )


def _mix_runtime(known: Known) -> Evidence:
    task = mix_task(known.runs)
    return () if task is None else (f"{task.how}: {task.brief}",)


def _otp_twice(known: Known) -> Evidence:
    systems = [decoded(one.root) or "/" for one in known.roots.releases if one.has_erts]
    systems += [decoded(root) for root in known.roots.otp]
    if len(systems) < 2 or not known.roots.otp:
        return ()
    return tuple(f"{one} has an Erlang run-time system" for one in systems)


def _node_server(known: Known) -> Evidence:
    command = uses_node(known.runs, known.roots, known.view)
    return () if command is None else (f"{command.how}: {command.brief}",)


def _node_production(known: Known) -> Evidence:
    return ("NODE_ENV is production",) if known.env.get("NODE_ENV") == "production" else ()


def _venv_runtime(known: Known) -> Evidence:
    venv = venv_at_run_time(known.runs, known.roots)
    return () if venv is None else (f"the command is run from {decoded(venv)}",)


def _jre_only(known: Known) -> Evidence:
    runs = [one for one in known.runs.main if family_of(one, known.roots, known.view) == "java"]
    tools = [one for one in known.runs.all if one.name in _JDK_TOOLS]
    return (f"{runs[0].how}: {runs[0].brief}, and no tool of a JDK",) if runs and not tools else ()


def _fetches(tool: str) -> Callable[[Known], Evidence]:
    """Whether the health check or a script calls a program that fetches."""

    def test(known: Known) -> Evidence:
        return tuple(
            f"{one.how}: {one.words[0]}"
            for one in (*known.runs.healthcheck, *known.runs.commands)
            if one.name == tool
        )

    return test


def _jit(known: Known) -> Evidence:
    found: list[str] = []
    for site in known.roots.sites:
        here = known.view.names_in(site)
        found += [
            f"{decoded(site)}/{decoded(name)}" for name in sorted(_JIT_PACKAGES.intersection(here))
        ]
    for home in known.roots.gems:
        names_here = known.view.names_in(home + b"/gems")
        found += [decoded(name) for name in names_here if name.startswith(_JIT_GEMS)]
    for one in known.runs.commands:
        operand = next((word for word in one.words[1:] if not word.startswith("-")), "")
        if one.name in _COMPILING or operand in _BUILDS.get(one.name, ()):
            found.append(f"{one.how}: {one.brief}")
    return tuple(found)


def _compiler(known: Known) -> Evidence:
    return tuple(f"{decoded(path)} exists" for path in known.roots.compilers)


_TESTS: dict[str, Callable[[Known], Evidence]] = {
    "elixir.release": _release,
    "elixir.mix_runtime": _mix_runtime,
    "elixir.otp_twice": _otp_twice,
    "node.server": _node_server,
    "node.production": _node_production,
    "python.venv_runtime": _venv_runtime,
    "java.jre_only_needed": _jre_only,
    "healthcheck.curl": _fetches("curl"),
    "healthcheck.wget": _fetches("wget"),
    "jit.cxx": _jit,
    "compiler.present": _compiler,
}
