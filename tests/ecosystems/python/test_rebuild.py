"""What a rebuild keeps of Python, and how distributions leave its environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slim import Report
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import hardlink, image, layer, save
from tests.support.checked import checked_analyze
from tests.support.debian import MEGA, Debian, Tree, base, part, program, rebuilt
from tests.support.small_images import stepwise

SITE = "app/.venv/lib/python3.13/site-packages"
CACHE = "root/.cache/uv/archive-v0"
PROJECT = b"""[project]
name = "web"
dependencies = ["flask"]
[dependency-groups]
dev = ["tester"]
"""


def distribution(name: str) -> dict[str, bytes]:
    about = f"{name}-1.dist-info"
    return {
        f"{name}/__init__.py": name.encode() * MEGA,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode(),
        f"{about}/INSTALLER": b"uv\n",
        f"{about}/REQUESTED": b"",
        f"{about}/RECORD": f"{name}/__init__.py,,\n{about}/METADATA,,\n".encode(),
    }


@LONG
def test_an_environment_that_is_linked_hard_to_the_cache_of_uv(tmp_path: Path) -> None:
    """The cache has distributions of the same names: they are none of the environment."""
    debian = Debian()
    root = base(debian)
    interpreter = {
        **debian.add("python3.13", {"usr/bin/python3.13": program(b"libc.so.6", size=5 * MEGA)}),
        **debian.add("python3", {"usr/bin/python3": "python3.13"}, depends="python3.13"),
    }
    files = {**distribution("flask"), **distribution("tester")}
    environment: Tree = {
        "app/.venv/pyvenv.cfg": b"home = /usr/bin\n",
        "app/.venv/bin/python": "/usr/bin/python3.13",
        "app/.venv/bin/flask": b"#!/app/.venv/bin/python\n",
    }
    project = {"app/app.py": b"import flask\n", "app/pyproject.toml": PROJECT, "app/uv.lock": b""}
    sample = image(
        layer(root, created_by="ADD rootfs.tar.xz /"),
        layer({**interpreter, **debian.database()}, created_by="RUN apt-get install -y python3"),
        layer({"usr/local/bin/uv": program(size=3 * MEGA)}, created_by="COPY uv /usr/local/bin/"),
        layer(project, created_by="COPY . ."),
        layer(
            {f"{CACHE}/a/{path}": content for path, content in files.items()},
            environment,
            *(hardlink(f"{SITE}/{path}", f"{CACHE}/a/{path}") for path in files),
            created_by="RUN uv sync",
        ),
        config={
            "Cmd": ["uv", "run", "flask", "run"],
            "WorkingDir": "/app",
            "ExposedPorts": {"80/tcp": {}},
        },
        compression="gzip",
    )
    save(sample, tmp_path / "image.tar", "docker")
    rebuild = rebuilt(checked_analyze(tmp_path / "image.tar"))
    assert 5 * MEGA < part(rebuild, "libraries").disk_bytes < 5.1 * MEGA
    lines = bare(rebuild.dockerfile).splitlines()
    removes = lines.index(next(line for line in lines if "uninstall --yes" in line))
    assert lines[removes + 1].split() == ["tester"]
    assert [line for line in lines if line.startswith("COPY --from")] == [
        "COPY --from=build /app /app"
    ]
    assert 'CMD ["/app/.venv/bin/python", "/app/.venv/bin/flask", "run"]' in lines


@LONG
def test_libraries_are_shown_where_they_are(tmp_path: Path) -> None:
    """Debian's own directory of distributions is searched, too; nothing in it is kept."""
    debian = Debian()
    root = base(debian)
    interpreter = {
        **debian.add("python3.13", {"usr/bin/python3.13": program(b"libc.so.6", size=5 * MEGA)}),
        **debian.add("python3", {"usr/bin/python3": "python3.13"}, depends="python3.13"),
        **debian.add("python3-pip", {"usr/lib/python3/dist-packages/pip/__init__.py": b"p" * MEGA}),
        **debian.add("gcc", {"usr/libexec/gcc/x86_64-linux-gnu/14/cc1": program(size=30 * MEGA)}),
    }
    local = "usr/local/lib/python3.13/dist-packages"
    sample = image(
        layer(root, created_by="ADD rootfs.tar.xz /"),
        layer({**interpreter, **debian.database()}, created_by="RUN apt-get install -y python3"),
        layer({"app/app.py": b"import flask\n", "app/requirements.txt": b"flask\n"}),
        layer({f"{local}/{path}": content for path, content in distribution("flask").items()}),
        config={
            "Cmd": ["python3", "app.py"],
            "WorkingDir": "/app",
            "ExposedPorts": {"80/tcp": {}},
        },
        compression="gzip",
    )
    save(sample, tmp_path / "image.tar", "docker")
    rebuild = rebuilt(checked_analyze(tmp_path / "image.tar"))
    assert [bare(path) for path in part(rebuild, "libraries").paths] == [f"/{local}"]


def web_image(folder: Path, installed: Tree, *more: tuple[str, Tree], command: str = "") -> Report:
    """An image with a virtual environment in /opt/venv, and a program in /app."""
    debian = Debian()
    root = base(debian)
    interpreter = {
        **debian.add("python3.13", {"usr/bin/python3.13": program(b"libc.so.6", size=5 * MEGA)}),
        **debian.add("gcc", {"usr/libexec/gcc/x86_64-linux-gnu/14/cc1": program(size=30 * MEGA)}),
    }
    environment: Tree = {
        "opt/venv/pyvenv.cfg": b"home = /usr/bin\n",
        "opt/venv/bin/python": "/usr/bin/python3.13",
        **{
            f"opt/venv/lib/python3.13/site-packages/{path}": file
            for path, file in installed.items()
        },
    }
    return stepwise(
        folder,
        ("ADD rootfs.tar.xz /", root),
        ("RUN apt-get install -y python3 gcc", {**interpreter, **debian.database()}),
        *more,
        ("RUN pip install -e /libs/shop", environment),
        Cmd=(command or "/opt/venv/bin/python /app/main.py").split(),
    )


APPLICATION: tuple[str, Tree] = ("COPY . .", {"app/main.py": b"import shop\n"})
LIBRARY: tuple[str, Tree] = (
    "RUN git clone https://example.org/shop /libs/shop",
    {"libs/shop/src/shop/__init__.py": b"x" * 700_000, "libs/shop/pyproject.toml": b"[project]\n"},
)


@pytest.mark.parametrize(
    "installed",
    [
        {
            "shop-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: shop\nVersion: 1\n",
            "shop-1.dist-info/direct_url.json": json.dumps(
                {"dir_info": {"editable": True}, "url": "file:///libs/shop"}
            ).encode(),
        },
        {"__editable__.shop-1.pth": b"/libs/shop/src\n"},
        {"shop.egg-link": b"/libs/shop/src\n../\n"},
    ],
    ids=["record", "path", "egg-link"],
)
@LONG
def test_a_project_that_is_installed_by_its_place(installed: Tree, tmp_path: Path) -> None:
    rebuild = rebuilt(web_image(tmp_path, installed, LIBRARY, APPLICATION))
    assert part(rebuild, "libraries").disk_bytes >= 700_000
    lines = bare(rebuild.dockerfile).splitlines()
    build, final = lines[: lines.index("")], lines[lines.index("") :]
    assert "RUN git clone https://example.org/shop /libs/shop" in build
    assert any(line.startswith("COPY --from=build /libs") for line in final)


def test_what_a_template_copies_and_does_not_make_is_said(tmp_path: Path) -> None:
    """Of an image whose history does not say what fetched the library."""
    installed = {"__editable__.shop-1.pth": b"/libs/shop/src\n"}
    rebuild = rebuilt(web_image(tmp_path, installed, ("", LIBRARY[1]), APPLICATION))
    lines = bare(rebuild.dockerfile).splitlines()
    build, final = lines[: lines.index("")], lines[lines.index("") :]
    at = next(at for at, line in enumerate(build) if line.startswith("# Nothing above makes"))
    assert build[at + 1 : -1] == ["#   /libs/shop/src"]
    assert any(line.startswith("COPY --from=build") and "/libs/shop/src" in line for line in final)


@pytest.mark.parametrize("hole", [False, True])
def test_a_program_right_in_the_root_directory(hole: bool, tmp_path: Path) -> None:
    application: Tree = {
        "main.py": b"import shop.views\n",
        "requirements.txt": b"flask\n",
        "shop/views.py": b"v" * 300_000,
    }
    step = "" if hole else "COPY . /"
    report = web_image(tmp_path, {}, (step, application), command="/opt/venv/bin/python /main.py")
    rebuild = rebuilt(report)
    assert part(rebuild, "the application").disk_bytes >= 300_000
    lines = bare(rebuild.dockerfile).splitlines()
    for copied in ("/main.py", "/shop"):
        assert any(
            line.startswith(f"COPY --from=build {copied}") or f'["{copied}", ' in line
            for line in lines
        )
    assert ("COPY . ." if hole else "COPY . /") in lines
