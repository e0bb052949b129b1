"""Which virtual environment a rebuild keeps."""

from __future__ import annotations

from pathlib import Path

from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.debian import KILO, MEGA, Debian, Tree, base, compilers, part, program, rebuilt
from tests.support.small_images import stepwise

POETRY = "root/.local/share/pipx/venvs/poetry"
OURS = "app/.venv"


def environment(home: str, name: str, size: int) -> Tree:
    """A virtual environment with one distribution that has a program."""
    info = f"{home}/lib/python3.13/site-packages/{name}-1.dist-info"
    return {
        f"{home}/pyvenv.cfg": b"home = /usr/bin\n",
        f"{home}/bin/python3": "/usr/bin/python3.13",
        f"{home}/bin/{name}": f"#!/{home}/bin/python3\n".encode(),
        f"{home}/lib/python3.13/site-packages/{name}/__init__.py": b"x" * size,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode(),
        f"{info}/REQUESTED": b"",
        f"{info}/RECORD": f"{name}/__init__.py,,\n../../../bin/{name},,\n".encode(),
    }


@LONG
def test_the_environment_of_the_program_and_not_of_its_runner(tmp_path: Path) -> None:
    debian = Debian()
    root = base(debian)
    compilers(debian)
    debian.add("python3.13", {"usr/bin/python3.13": program(b"libc.so.6", size=MEGA)})
    debian.add("pipx", {"usr/bin/pipx": b"#!/usr/bin/python3\n" + b"p" * MEGA})
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y pipx gcc", debian.layer()),
        (
            "RUN pipx install poetry",
            {
                **environment(POETRY, "poetry", 20 * MEGA),
                "root/.local/bin/poetry": f"/{POETRY}/bin/poetry",
            },
        ),
        ("COPY . .", {"app/pyproject.toml": b"[tool.poetry]\nname='shop'\n", "app/shop.py": b"1"}),
        ("RUN poetry install", environment(OURS, "uvicorn", 300 * KILO)),
        Cmd=["poetry", "run", "uvicorn", "shop:app"],
        Env=["PATH=/root/.local/bin:/usr/bin:/bin"],
    )
    rebuild = rebuilt(report)
    assert part(rebuild, "libraries").paths == [f"/{OURS}"]
    assert part(rebuild, "libraries").disk_bytes < MEGA
    final = bare(rebuild.dockerfile).rpartition("\nFROM ")[2]
    assert "/root/.local/share" not in final
    assert "pipx" not in final
