"""Everything that is known about an image besides its bytes, gathered once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from slim.entrypoint.resolve import runs_of
from slim.entrypoint.runs import Command, Runs, environment
from slim.facts.dotted import facts_of
from slim.facts.knowledge import Knowledge
from slim.facts.known import Evidence, Known
from slim.facts.programs import family_of
from slim.facts.role import Role, role_of
from slim.facts.roots import Roots, roots_of
from slim.facts.stacks import Stack, stacks_of
from slim.facts.variables import values_of
from slim.files.view import View, encoded
from slim.image.model import Config, History
from slim.packages.package import SYSTEM, Package


class Facts(Struct, frozen=True):
    """What is known about one image."""

    runs: Runs
    roots: Roots
    families: Mapping[Command, str]
    """Command → the family of its program; empty where that is not known."""
    stacks: tuple[Stack, ...]
    """Those that run first."""
    role: Role
    variables: Mapping[str, tuple[str, ...]]
    """Name → values, as `slim.rules.variables.bind` takes them."""
    facts: frozenset[str]
    """The dotted facts that hold."""
    evidence: Mapping[str, Evidence]
    """Fact → why it holds."""
    env: Mapping[str, str]
    labels: Mapping[str, str]
    history: tuple[str, ...]
    """The created_by texts."""


def gather(
    config: Config,
    history: Sequence[History],
    view: View,
    packages: Sequence[Package] = (),
    *,
    knowledge: Knowledge,
    role_override: str | None = None,
    names: Sequence[str] = (),
) -> Facts:
    """Gather the facts about an image.

    Args:
        packages: of all managers; system packages say which files are not the application's.
        knowledge: what is known of all ecosystems.
        role_override: the role that the user says; wins over everything.
        names: names and tags of the image, a hint for its role.
    """
    env = environment(config)
    runs = runs_of(config, view, knowledge.tools)
    roots = roots_of(view, knowledge.landmarks, runs)
    families = {
        command: family_of(command, knowledge.families, roots, view) for command in runs.all
    }
    known = Known(env, runs, roots, view, families)
    stacks = stacks_of(known, knowledge.stacks)
    role = role_of(
        config,
        history,
        known,
        knowledge.families,
        knowledge.roles,
        owned=owned_paths(runs.resolved, packages),
        tags=names,
        override=role_override,
    )
    evidence = facts_of(known, stacks, knowledge.families, knowledge.tests)
    return Facts(
        runs=runs,
        roots=roots,
        families=families,
        stacks=stacks,
        role=role,
        variables=values_of(knowledge.variables, env, config.working_dir, roots, view),
        facts=frozenset(evidence),
        evidence=evidence,
        env=env,
        labels=config.labels,
        history=tuple(entry.created_by for entry in history),
    )


def run_rows(view: View, facts: Facts) -> list[int]:
    """Rows of the files that the image's commands lead to."""
    found = (view.row(encoded(path)) for path in facts.runs.resolved)
    return [row for row in found if row is not None]


def owned_paths(paths: Collection[str], packages: Iterable[Package]) -> frozenset[str]:
    """Those of a few paths that belong to a system package.

    Where `/bin` is a link to `/usr/bin`, a package's list may have either name.
    """
    names: dict[bytes, str] = {}
    for text in paths:
        path = encoded(text)
        names[path] = names[path.removeprefix(b"usr/")] = text
    found: set[bytes] = set()
    for package in packages:
        if package.manager in SYSTEM:
            found |= names.keys() & package.files
    return frozenset(names[path] for path in found)
