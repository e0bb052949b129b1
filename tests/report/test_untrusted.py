"""The type of untrusted text: what the type checker refuses, and the few places that may look past it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import slim
from slim.formats.gfm import code
from slim.formats.terminal import clean, cut, visible
from slim.report.untrusted import Untrusted, bare, joined, rooted, untrusted

SLIM = Path(slim.__file__).parent
MODELS = (*sorted((SLIM / "report/model").glob("*.py")), SLIM / "report/comparison.py")
MAY_BARE = {
    "report/untrusted.py": "the type itself",
    "formats/terminal.py": "encoder of terminals and logs",
    "formats/gfm.py": "encoder of Markdown",
    "formats/csv.py": "encoder of CSV",
    "formats/ncdu.py": "encoder of ncdu's JSON",
    "formats/code_findings.py": "encoder of lines and addresses of SARIF, JUnit and forges",
    "cli/measure.py": "stores the section's key in the report, untrusted again",
    "report/advised.py": "fills a Dockerfile into a fragment, which is untrusted again",
    "formats/plan.py": "finds the base in a Dockerfile; its name is untrusted again",
    "formats/instructions.py": "encoder of instructions: visible, cut to what tells",
    "formats/text/advice.py": "takes a Dockerfile apart into lines, each of which is cleaned",
    "formats/words.py": "shortens, and returns what is untrusted again",
    "report/suppress.py": "holds paths against suppressions",
    "report/compare.py": "compares instructions",
    "report/stages.py": "looks for copies from other stages",
    "report/instruction.py": "takes away what builders add, and returns what is untrusted again",
    "formats/html/change_map.py": "sums up by directory; each part is cut for the page",
    "report/compare_files.py": "compares names",
    "report/sides.py": "compares a sign of the role with slim's own words",
    "fleet/rows.py": "JSON of a store, whose texts every sink of a fleet's report encodes",
    "report/compare_directories.py": "sums up by directory; returns paths that are untrusted again",
}
OURS = {
    # Words of slim, and numbers of a grammar that every reader checks.
    *("schema_version", "format", "compression", "rules", "label", "digest", "diff_id"),
    *("config_digest", "media_type", "content", "path_b64", "name_b64", "missing", "id", "manager"),
    # Of rules, settings and gates: written by whoever runs slim.
    *("rule", "slug", "title", "why", "category", "text", "verify", "by", "reason"),
    *("until", "sources", "breaks_when", "stack", "stacks"),
    *("headline", "reasons", "fail_on", "findings", "over_on_base", "what"),
}
"""Fields of the wire format that are `str`. They are attacked in tests/formats/test_sinks.py."""
OF_OTHERS = {"Tool.name", "Tool.version", "Place.path", "Budget.name", "Comparison.status"}
"""Fields of these names that no image says anything about."""

if TYPE_CHECKING:

    def refused(path: Untrusted, lines: list[str]) -> None:
        """What the type checker must refuse: an `ignore` without an error is an error to it."""
        print(f"/{path}")  # type: ignore[str-bytes-safe]
        print("/{}".format(path))  # type: ignore[str-bytes-safe]  # noqa: UP032
        print("/%s" % path)  # type: ignore[str-bytes-safe]  # noqa: UP031
        print("/" + path)  # type: ignore[operator]
        print(path + "/")  # type: ignore[operator]
        print(", ".join([path]))  # type: ignore[list-item]
        print(str.upper(path))  # type: ignore[arg-type]
        lines.append(rooted(path))  # type: ignore[arg-type]
        lines += [joined(path, path)]  # type: ignore[list-item]

    def taken(path: Untrusted, lines: list[str]) -> list[str]:
        """What it must take."""
        lines += [clean(path), cut(path, 9), visible(path), code(rooted(path))]
        return sorted(lines, key=lambda line: (path, len(path), bool(path), path == line))


def modules(word: str) -> Iterator[tuple[str, ast.Module]]:
    """(name, tree) of the modules with this word."""
    for path in sorted(SLIM.rglob("*.py")):
        text = path.read_text()
        if word in text:
            yield path.relative_to(SLIM).as_posix(), ast.parse(text)


def test_only_encoders_and_comparisons_see_the_bare_text() -> None:
    found = {
        name
        for name, tree in modules("bare(")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "bare"
    }
    assert found == set(MAY_BARE)


def fields() -> Iterator[tuple[str, str, str]]:
    """(struct, name, annotation) of all fields of the wire format."""
    for module in MODELS:
        for struct in ast.parse(module.read_text()).body:
            if not isinstance(struct, ast.ClassDef):
                continue
            for node in struct.body:
                if isinstance(node, ast.AnnAssign):
                    yield struct.name, ast.unparse(node.target), ast.unparse(node.annotation)


def test_no_renderer_turns_a_field_into_str_by_another_way() -> None:
    """`str(path)` and `{path!r}` are all that the type checker lets pass."""
    names = {name for _, name, kind in fields() if "Untrusted" in kind}
    for module, tree in modules("report"):
        if (
            not module.startswith(("report/", "formats/", "forge/comment"))
            or module == "report/build.py"
        ):
            continue
        for node in ast.walk(tree):
            annotation: ast.expr | None = None
            if isinstance(node, ast.FormattedValue) and node.conversion != -1:
                annotation = node.value
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("str", "repr", "format"):
                annotation = node.args[0] if node.args else None
            if isinstance(annotation, ast.Attribute):
                assert annotation.attr not in names, (module, ast.unparse(node))


def test_a_new_field_is_untrusted_or_said_to_be_ours() -> None:
    texts = {f"{struct}.{name}" for struct, name, kind in fields() if "str" in kind}
    assert {field for field in texts - OF_OTHERS if field.partition(".")[2] not in OURS} == set()
    assert {field.partition(".")[2] for field in texts - OF_OTHERS} == OURS


def test_what_is_made_of_it_is_the_text() -> None:
    path = untrusted("a/b")
    assert bare(path) == "a/b"
    assert bare(rooted(path)) == "/a/b"
    assert bare(joined(path, "x", by=", ")) == "a/b, x"
    assert isinstance(path, str)
