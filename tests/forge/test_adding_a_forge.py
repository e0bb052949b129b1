"""The recipe of CONTRIBUTING.md, followed in a copy of the tree: a forge is a module, a line, and its server.

The forge keeps comments at `/notes/OWNER/NAME/NUMBER` and takes its token in a header of its own. All tests
of comments and of hostile servers pass with it, and the command line lists it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import slim
from tests.conftest import LONG

ROOT = Path(slim.__file__).parents[1]
MODULE = '''
"""Hearth: all comments come at once."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from slim.forge.model import Comment, Forge, Place, below
from slim.forge.signing import Signed
from slim.forge.transport import Transport, path_of


class _User(Struct):
    login: str


class _Note(Struct):
    id: int
    author: str
    text: str
    url: str


def sign(token: str) -> Signed:
    """Hearth has a header for tokens."""
    return {"X-Hearth-Token": token}, (token,)


def me(api: Transport) -> str:
    """The login of the token's user."""
    return api.get("/user").decode(_User).login


def comments(api: Transport, at: Place) -> Iterator[Comment]:
    """Oldest first."""
    for note in api.get(_notes(at)).decode(list[_Note]):
        yield Comment(note.id, note.author, note.text, note.url)


def create(api: Transport, at: Place, body: str) -> str:
    """Status 201."""
    return api.send("POST", _notes(at), {"text": body}).decode(_Note).url


def update(api: Transport, at: Place, comment: Comment, body: str) -> str:
    """Status 200."""
    return api.send("PUT", f"{_notes(at)}/{comment.id}", {"text": body}).decode(_Note).url


def delete(api: Transport, at: Place, comment: Comment) -> None:
    """Status 204."""
    api.send("DELETE", f"{_notes(at)}/{comment.id}", None)


def _notes(at: Place) -> str:
    return f"/notes/{path_of(at.repo)}/{at.number}"


HEARTH = Forge(
    name="hearth",
    tokens=("HEARTH_TOKEN",),
    api_of=below("/api"),
    sign=sign,
    me=me,
    comments=comments,
    create=create,
    update=update,
    delete=delete,
)
'''
SERVER = """
def hearth(forge: Forge, request: Request) -> Reply:
    if request.headers.get("x-hearth-token") != TOKEN:
        return refused(401, "no such token")

    def shown(kept: Kept) -> dict[str, Any]:
        return {"id": kept.id, "author": kept.author, "text": kept.body, "url": f"{forge.url}/{kept.id}"}

    base = f"/notes/team/app/{NUMBER}"
    if request.path == "/user":
        return Reply(200, {"login": OURS})
    if request.path == base and request.method == "GET":
        return Reply(200, [shown(kept) for kept in forge.comments])
    if request.path == base:
        return refused(403, "locked") if forge.locked else Reply(201, shown(forge.add(request.data["text"])))
    if found := re.fullmatch(rf"{base}/(\\d+)", request.path):
        return _change(forge, request, found[1], shown, (request.data or {}).get("text", ""))
    return refused(404, "nothing here")


"""


def put(path: Path, text: str, before: str) -> None:
    old = path.read_text("utf-8")
    assert old.count(before) == 1, path
    path.write_text(old.replace(before, text + before), "utf-8")


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("slim", "tests")
        for path in (root / folder).rglob("*.py")
    }


@LONG
def test_a_forge_is_a_module_a_line_and_its_server(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "real", "golden")
    for folder in ("slim", "tests", "rules"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    before = files(tmp_path)

    (tmp_path / "slim/forge/hearth.py").write_text(MODULE.lstrip(), "utf-8")
    listed = tmp_path / "slim/forge/forges.py"
    put(listed, "from slim.forge.hearth import HEARTH\n", "from slim.forge.model import Forge\n")
    put(listed, ", HEARTH", ")\nFORGES:")
    server = tmp_path / "tests/support/forges.py"
    put(server, SERVER, "SERVERS: dict[")
    put(server, '    "hearth": hearth,\n', "}\nREPOS")

    after = files(tmp_path)
    assert {name for name in after if before.get(name) != after[name]} == {
        "slim/forge/hearth.py",
        "slim/forge/forges.py",
        "tests/support/forges.py",
    }

    def run(*words: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "HEARTH_TOKEN" in run("slim", "comment", "--help")
    tests = ("tests/forge/test_publish.py", "tests/forge/test_hostile.py")
    summary = run("pytest", "-n", "0", "-p", "no:cacheprovider", "-k", "hearth", *tests)
    assert " passed" in summary
    assert " skipped" not in summary
