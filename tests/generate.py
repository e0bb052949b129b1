"""Everything in the repository that is written from code: made again, or compared with what is committed.

    python -m tests.generate            writes
    python -m tests.generate --check    prints the difference and exits with 1 if there is one

Whole files: the report's JSON Schema, the catalogue of rules. In README.md and docs what
stands between `<!-- generated: NAME -->` and `<!-- /generated -->`: one function of BLOCKS per name.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, cast

from msgspec.structs import fields
from tabulate import tabulate

from slim import errors, limits
from slim.advice.vocabulary import VOCABULARY
from slim.cli import plugin_settings as plugin
from slim.cli.app import app
from slim.cli.manual import all_commands
from slim.config import reader as settings_file
from slim.ecosystems import ECOSYSTEMS
from slim.ecosystems.model import fact_names
from slim.fleet.schema import TABLES
from slim.formats import words
from slim.formats.certificate.schema import render_certificate_schema
from slim.formats.formats import FORMATS, load_format
from slim.report.schema import render_schema
from slim.rules.builtin import builtin_rules
from slim.rules.rule import Pack, Rule
from slim.units import format_bytes
from tests.bench.dive_table import CASES, Row
from tests.bench.dive_table import markdown as dive_markdown
from tests.real import twin_table
from tests.real.factory.results import read_results
from tests.real.factory.table import page

ROOT = Path(__file__).resolve().parents[1]
DEMO = "analyze fixtures/phoenix-fat.tar --dockerfile fixtures/phoenix-fat.Dockerfile -o text"
_DEMO_LINES = 13
_BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


# --- blocks of pages --------------------------------------------------------------------


def demo() -> str:
    """What the first command of the README prints, up to the last entry of a list that fits."""
    lines = _output_of(DEMO).splitlines()
    end = min(_DEMO_LINES, len(lines))
    while end < len(lines) and lines[end].startswith(" " * 20):
        end -= 1
    rest = [f"[and {len(lines) - end} more lines]"] if end < len(lines) else []
    return "```text\n" + "\n".join([f"$ slim {DEMO}", *lines[:end], *rest]) + "\n```\n"


def picture() -> str:
    """The treemap at the top of README.md."""
    return _output_of(DEMO.replace("-o text", "-o svg"))


def _output_of(arguments: str) -> str:
    """What `slim ARGUMENTS` prints, whatever the environment sets."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SLIM_")}
    call = [sys.executable, "-m", "slim", *shlex.split(arguments)]
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, check=True)
    return done.stdout.decode()


def options() -> str:
    """The options of `slim analyze`; read from the parser, since help texts differ between versions."""
    command = _commands()["slim analyze"]
    rows = []
    for option in command.params:
        if option.param_type_name == "option":
            names = ", ".join(option.opts)
            if option.secondary_opts:
                names += " / " + ", ".join(option.secondary_opts)
            elif not option.is_flag:
                names += f" {option.metavar or option.name.upper()}"
            variable = f"`{option.envvar}`" if option.envvar else ""
            rows.append((f"`{names}`", variable, option.help))
    return _table(rows, ("option", "environment", "meaning"))


def commands() -> str:
    """One line per command."""
    lines = []
    for name, command in _commands().items():
        arguments = [
            parameter for parameter in command.params if parameter.param_type_name == "argument"
        ]
        shown = " ".join(argument.metavar or argument.name.upper() for argument in arguments)
        lines.append((f"`{name}{' ' * bool(shown)}{shown}`", command.help.split("\n")[0]))
    return _table(lines, ("command", ""))


def _commands() -> dict[str, Any]:
    """Every command by its words."""
    return dict(all_commands(app, "slim"))


def formats() -> str:
    """The output formats, with a sentence about each."""
    return _table([(f"`{name}`", load_format(name).about) for name in FORMATS], ("format", ""))


def exit_codes() -> str:
    """Exit codes, with the first line of what slim.errors says of them."""
    rows = {
        0: "The command did what it was asked to do.",
        1: "It did, and the answer is no.",
        130: "Interrupted.",
    }
    for error in errors.SlimError.__subclasses__():
        rows[error.exit_code] = (error.__doc__ or "").split("\n")[0]
    return _table([(code, rows[code]) for code in sorted(rows)], ("code", "meaning"))


def limit_table() -> str:
    """The limits with their defaults; meanings are the docstrings in slim/limits.py."""
    meanings = _docstrings(Path(limits.__file__), "Limits")
    rows = []
    for field in fields(limits.Limits):
        value = cast("int", field.default)
        size = field.name.endswith("_bytes")
        shown = _binary(value) if size else f"{value:,}"
        meaning = " ".join(meanings.get(field.name, "").split())
        rows.append((f"`{field.name.replace('_', '-')}`", shown, meaning))
    return _table(rows, ("limit", "default", "of what"), "left", "right", "left")


def fleet_tables() -> str:
    """The tables of a store, column by column."""
    parts = []
    for name, columns in TABLES.items():
        rows = [(f"`{each.name}`", each.type, each.about) for each in columns]
        parts.append(f"### `{name}`\n\n{_table(rows, ['column', 'type', 'holds'])}")
    return "\n".join(parts)


def _docstrings(path: Path, name: str) -> dict[str, str]:
    """The strings below the fields of a class."""
    module = ast.parse(path.read_text("utf-8"))
    body = next(
        node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == name
    )
    found = {}
    for line, after in pairwise(body):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            text = after.value if isinstance(after, ast.Expr) else None
            if isinstance(text, ast.Constant):
                found[line.target.id] = str(text.value)
    return found


def _binary(value: int) -> str:
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if value >= 1 << power and value % (1 << power) == 0:
            return f"{value >> power} {unit}"
    return f"{value:,} B"


def _rebuilt() -> list[twin_table.Rebuilt]:
    """What tests/real/test_twins.py measured of images that slim's own Dockerfiles made."""
    measured = json.loads((ROOT / "tests/golden/rebuilt.json").read_text("utf-8"))
    return [twin_table.Rebuilt(**columns) for _, columns in sorted(measured.items())]


def _twins() -> list[twin_table.Row]:
    """What tests/real/test_twins.py measured with images that buildah built."""
    measured = json.loads((ROOT / "tests/golden/twins.json").read_text("utf-8"))
    return [twin_table.Row(**columns) for _, columns in sorted(measured.items())]


def dive_table() -> str:
    """What tests/real/test_dive_table.py measured with umoci and dive, and holds to them."""
    measured = json.loads((ROOT / "tests/golden/dive-table.json").read_text("utf-8"))
    return dive_markdown({name: Row(**measured[name]) for name in CASES}) + "\n"


def settings_table() -> str:
    """The keys of slim.toml that options have too, with the help of the options."""
    options = {
        option.opts[0].removeprefix("--"): option
        for name in ("slim analyze", "slim compare", "slim comment")
        for option in _commands()[name].params
        if option.param_type_name == "option"
    }
    rows = []
    for key in (
        *settings_file.IMAGE_KEYS,
        *(f"budget.{key}" for key in settings_file.BUDGET_KEYS),
        *(f"comment.{key}" for key in settings_file.COMMENT_KEYS),
    ):
        name = key.replace("budget.", "max-").removeprefix("comment.")
        option = options.get(name)
        if option is not None:
            names = f"`{option.opts[0]}`, `{option.envvar}`"
            rows.append((f"`{key}`", names, option.help))
    return _table(rows, ("key", "option, environment", "meaning"))


def plugin_table() -> str:
    """The settings of the plugin: those of its own, and the options of its commands."""
    rows = [(f"`{name}`", text) for name, text in plugin.SETTINGS.items()]
    seen = {"key", "base", "against", "failure", *plugin.SETTINGS}
    for name, where in (("slim analyze", ""), ("slim comment", " For the comment.")):
        for option in _commands()[name].params:
            setting = option.opts[0].removeprefix("--").replace("-", "_")
            if option.param_type_name != "option" or setting in seen:
                continue
            seen.add(setting)
            rows.append((f"`{setting}`", option.help + where))
    rows.append(
        ("`key`", "The image's name: tells comments apart, and names its part of slim.toml.")
    )
    return _table(rows, ("setting", "meaning"))


def word_lists() -> str:
    """The words of rules, by ecosystem; variables with their sample values."""
    owned = {name for ecosystem in ECOSYSTEMS for name in ecosystem.queries}
    groups = [
        (
            ecosystem.name,
            sorted(fact_names([ecosystem]) - {"runs.shell"}),
            [f"{{{each.name}}}={','.join(each.samples)}" for each in ecosystem.variables],
            list(ecosystem.queries),
        )
        for ecosystem in ECOSYSTEMS
    ]
    groups.append(("any image", ["runs.shell"], [], sorted(VOCABULARY.queries - owned)))
    lines = []
    for name, *lists in groups:
        lines.append(f"- **{name}**")
        for what, listed in zip(("facts", "variables", "queries"), lists, strict=True):
            if listed:
                lines.append(f"  - {what}: {' '.join(f'`{word}`' for word in listed)}")
    return "\n".join(lines) + "\n"


def example(name: str) -> str:
    """A file of examples, whole."""
    return f"```yaml\n{(ROOT / 'examples' / name).read_text('utf-8')}```\n"


BLOCKS: dict[str, Callable[[], str]] = {
    "demo": demo,
    "commands": commands,
    "fleet-tables": fleet_tables,
    "options": options,
    "formats": formats,
    "exit-codes": exit_codes,
    "limits": limit_table,
    "dive-table": dive_table,
    "settings": settings_table,
    "twins-sizes": lambda: twin_table.sizes(_twins()),
    "twins-rebuilt": lambda: twin_table.rebuilt(_rebuilt()),
    "twins-findings": lambda: twin_table.findings(_twins()),
    "twins-projects": lambda: page(read_results()),
    "plugin": plugin_table,
    "words": word_lists,
    "fork-measure": lambda: example("github/fork-measure.yml"),
    "fork-comment": lambda: example("github/fork-comment.yml"),
}


def with_blocks(name: str, blocks: Sequence[str]) -> str:
    """A file with its blocks made again; it must have these and no other."""
    text = (ROOT / name).read_text("utf-8")
    found = [match[1] for match in _BLOCK.findall(text)]
    if sorted(found) != sorted(blocks):
        sys.exit(f"{name} has the blocks {sorted(found)}, and not {sorted(blocks)}")
    return _BLOCK.sub(lambda match: match[1] + BLOCKS[match[2]]() + match[3], text)


# --- whole files ---------------------------------------------------------------------------------


def attacks() -> str:
    """docs/attacks.md: the rows that the tests run over, and what comes of each."""
    from tests.image.registry.test_hostile import CASES
    from tests.support.attacks import every, table
    from tests.support.long_runs import LONG_RUNS

    runs = [f"| {run.what} | `{run.command}` | {run.outcome} |" for run in LONG_RUNS]
    lies = [
        f"| {rule} | {lie.replace('-', ' ')} | error {case.slug} (exit code {case.code}) |"
        for case in CASES
        for rule, _, lie in [case.id.partition("-")]
    ]
    return (
        "# Attacks\n\n"
        "<!-- Written by `python -m tests.generate` from the tables that the tests run over. -->\n\n"
        f"{sum(1 for _ in every())} attacks that are tried on each change, and what slim makes of each: an\n"
        "error is one line with a hint and an exit code, a warning is in the report, a count is a number\n"
        "that the report must have. [SECURITY.md](../SECURITY.md) says what is promised.\n\n"
        + table()
        + "\n## Registries that lie\n\n"
        + f"{len(CASES)} scripts of a registry on loopback; each ends in one error that names no secret.\n"
        "Rules R1 to R14 are on realms, redirects, other hosts, inner addresses, bodies, moving tags,\n"
        "substitution, retries, ranges, TLS, helpers, messages, verbs and references; those without a\n"
        "script here are tried by tests of their own.\n\n"
        + "\n".join(["| rule | the registry's part | outcome |", "|:--|:--|:--|", *lies])
        + "\n\n## Long runs\n\n"
        "What takes too long for each change, which tries less of the same; these were run once.\n\n"
        + "\n".join(["| input | command | outcome |", "|:--|:--|:--|", *runs])
        + "\n"
    )


def catalogue() -> str:
    """rules/README.md: every built-in rule, by pack."""
    packs = sorted(builtin_rules(VOCABULARY).packs, key=lambda pack: pack.name)
    rows = [
        (f"[{pack.title}](#{_anchor(pack)})", f"{', '.join(pack.prefix)}", len(pack.rules))
        for pack in packs
    ]
    head = (
        "# Rules\n\n"
        "<!-- Written by `python -m tests.generate` from the packs in this folder. -->\n\n"
        f"{sum(len(pack.rules) for pack in packs)} rules in {len(packs)} packs. Each pack is a TOML file;"
        " [FORMAT.md](FORMAT.md) says how rules are written,\n`slim rules show ID` prints one with what"
        " it selects and when its fix breaks something.\n\n"
        "A rule *claims* its bytes as reclaimable, or only *notes* them, or is *silent*, depending on what"
        " the image is for:\na release, a builder, a development image, a base, a tool, or unknown.\n"
    )
    table = _table(rows, ("pack", "ids", "rules"), "left", "left", "right")
    return "\n".join([head, table, *(_pack(pack) for pack in packs)])


def _pack(pack: Pack) -> str:
    rules = sorted(pack.rules, key=lambda rule: rule.id)
    return "\n".join([f"## {pack.title} ({pack.name})\n", *(_rule(rule) for rule in rules)])


def _anchor(pack: Pack) -> str:
    """The anchor that forges give the heading: lower case, blanks to hyphens, most signs dropped."""
    words = f"{pack.title} ({pack.name})".lower()
    return re.sub(r"[^a-z0-9 _-]", "", words).replace(" ", "-")


def _rule(rule: Rule) -> str:
    where = {
        "same-layer": "in the same layer",
        "other-stage": "in another stage",
        "dockerignore": "in .dockerignore",
        "base": "in the base image",
    }[rule.where]
    about = [rule.category, rule.confidence, words.fix(rule.safety), where, _roles(rule)]
    about += [f"from {format_bytes(rule.floor)}"] if rule.floor else []
    about += [f"from {rule.share} % of the image"] if rule.share else []
    about += [f"audience {rule.audience}"] if rule.audience != "default" else []
    fix = " ".join(rule.fix.text.split())
    for what, text in (("a COPY brought", rule.fix.for_copy), ("a RUN made", rule.fix.for_run)):
        if text:
            fix += f" Where {what} them: {text}"
    if rule.fix.snippet:
        fix += f" ([{rule.fix.snippet}](snippets/{rule.fix.snippet}.Dockerfile))"
    lines = [
        f"### {rule.id} {rule.title}\n",
        f"`{rule.slug}` · {' · '.join(about)}\n",
        " ".join(rule.why.split()) + "\n",
        f"*Fix:* {fix}\n",
        f"*Sources:* {', '.join(f'<{source}>' if '://' in source else source for source in rule.sources)}\n",
    ]
    return "\n".join(lines)


def _roles(rule: Rule) -> str:
    names = [field.name for field in fields(rule.roles)]
    sentences = []
    for mode, word in (("on", "claims in"), ("info", "notes in"), ("off", "silent in")):
        roles = [name for name in names if rule.roles.of(name) == mode]
        sentences += [f"{word} {', '.join(roles)}"] if roles else []
    return "; ".join(sentences)


ELSEWHERE = {
    "docs/fleet.md": ["fleet-tables"],
    "docs/commands.md": ["commands", "formats", "exit-codes"],
    "docs/ci.md": ["fork-measure", "fork-comment"],
    "docs/configuration.md": ["settings"],
    "docs/numbers.md": ["dive-table"],
    "docs/options.md": ["options"],
    "docs/twins.md": ["twins-sizes", "twins-rebuilt", "twins-findings", "twins-projects"],
    "plugin/docs.md": ["plugin"],
    "rules/FORMAT.md": ["words"],
    "SECURITY.md": ["limits"],
}
"""The blocks that are not in README.md."""


FILES: dict[str, Callable[[], str]] = {
    "README.md": lambda: with_blocks(
        "README.md", [block for block in BLOCKS if block not in chain(*ELSEWHERE.values())]
    ),
    **{name: partial(with_blocks, name, blocks) for name, blocks in ELSEWHERE.items()},
    "docs/attacks.md": attacks,
    "docs/phoenix.svg": picture,
    "rules/README.md": catalogue,
    "tests/golden/report-1.0.schema.json": render_schema,
    "tests/golden/certificate-1.0.schema.json": render_certificate_schema,
}


# --- the command ---------------------------------------------------------------------------------


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description="Write what the repository generates.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    stale = []
    generated = {name: make() for name, make in FILES.items()}
    for name, new in generated.items():
        path = ROOT / name
        old = path.read_text("utf-8") if path.exists() else ""
        if old == new:
            continue
        stale.append(name)
        if check:
            sys.stdout.writelines(_difference(name, old, new))
        else:
            path.write_text(new, "utf-8")
            print(f"written: {name}")
    if check and stale:
        sys.exit(f"not up to date: {', '.join(stale)}; run python -m tests.generate")


def _difference(name: str, old: str, new: str) -> Iterable[str]:
    before, other = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return difflib.unified_diff(before, other, f"{name} (committed)", f"{name} (generated)")


def _table(rows: Sequence[Sequence[object]], headers: Sequence[str], *align: str) -> str:
    text = tabulate(rows, headers, tablefmt="github", colalign=align or None, disable_numparse=True)
    return text + "\n"


if __name__ == "__main__":
    main()
