"""The command line alone reads the environment, prints and exits.

What a module does is read from its source, so that nobody has to be trusted to keep to it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import slim
from tests.conftest import LONG

ROOT = Path(slim.__file__).parent
MODULES = {str(file.relative_to(ROOT)): file for file in sorted(ROOT.rglob("*.py"))}
EDGE = ("cli/", "__main__.py")

ENDS = {
    "sys.exit",
    "sys.stdout",
    "sys.stderr",
    "sys.stdin",
    "sys.argv",
    "os._exit",
    "os.environ",
    "os.getenv",
}
FILE_OF_THE_REPOSITORY = re.compile(
    r"\b(?:docs|plugin|examples|rules)/[\w/{}.\[\]:-]*\.(?:md|yml|Dockerfile)|\b(?:CONTRIBUTING|SECURITY|CHANGELOG)\.md"
)
PRINTS = {"print", "input", "exit", "quit", "SystemExit"}


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def uses(tree: ast.AST) -> Iterator[str]:
    """What a module has to do with the process it runs in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and dotted(node) in ENDS:
            yield dotted(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in PRINTS:
            yield node.id
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "sys"):
            yield from (f"{node.module}.{name.name}" for name in node.names)
    yield from ("click" for name in imported(tree) if name == "click")


def imported(tree: ast.AST) -> Iterator[str]:
    """The packages that a module imports, at its top or later."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def parsed(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text("utf-8"))


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith(EDGE)])
@LONG
def test_nothing_else_reads_the_environment_prints_or_exits(name: str) -> None:
    assert sorted(set(uses(parsed(name)))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import os\nos.environ['A']", ["os.environ"]),
        ("from os import environ", ["os.environ"]),
        ("def f():\n    print(1)", ["print"]),
        ("import sys\nsys.stderr.write('')", ["sys.stderr"]),
        ("raise SystemExit(1)", ["SystemExit"]),
        ("from click.core import Option", ["click"]),
        ("import os\nos.path.join('a')", []),
    ],
)
def test_such_a_use_is_seen(text: str, found: list[str]) -> None:
    assert sorted(uses(ast.parse(text))) == found


def texts(tree: ast.AST) -> Iterator[str]:
    """The strings of a module that are no docstrings."""
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose:
            yield node.value


@pytest.mark.parametrize("name", MODULES)
def test_no_message_names_a_file_that_only_the_repository_has(name: str) -> None:
    """Who has installed slim has neither its docs nor the sources of its rules."""
    found = [
        text
        for text in texts(ast.parse(MODULES[name].read_text("utf-8")))
        if FILE_OF_THE_REPOSITORY.search(text)
    ]
    assert not found
