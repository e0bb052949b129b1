"""What a rebuild keeps of a conda environment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import slim
from slim.ecosystems.conda.environment_file import asked_for
from slim.ecosystems.conda.rebuild import removal
from slim.report.untrusted import bare
from tests.conftest import LONG
from tests.support.building import hardlink, layer, save
from tests.support.building import image as saved
from tests.support.checked import checked_analyze
from tests.support.debian import KILO, MEGA, Debian, Tree, base, part, program, rebuilt
from tests.support.small_images import stepwise

CONDA = "opt/conda"
WEB = "opt/conda/envs/web"
CHANNELS = {"gdal": "pkgs/main", "seaborn": "t/abc123/private", "flask": "bioconda"}
"""Package → where it is from, if not from conda-forge."""


def package(
    prefix: str, name: str, files: Tree, *depends: str, asked: bool = False, python: bool = False
) -> Tree:
    """A package of conda as its installation leaves it, with the cache of packages."""
    own = dict(files)
    if python:
        info = f"lib/python3.12/site-packages/{name}-1.dist-info"
        own[f"lib/python3.12/site-packages/{name}/__init__.py"] = b"x" * 40 * KILO
        own[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode()
        own[f"{info}/INSTALLER"] = b"conda\n"
        own[f"{info}/RECORD"] = f"{name}/__init__.py,,\n{name}-1.dist-info/METADATA,,\n".encode()
    about = {
        "name": name,
        "version": "1.0",
        "files": list(own),
        "depends": list(depends),
        "requested_spec": name if asked else "",
        "channel": f"https://conda.example.org/{CHANNELS.get(name, 'conda-forge')}/linux-64",
    }
    return {
        **{f"{prefix}/{path}": content for path, content in own.items()},
        f"{prefix}/conda-meta/{name}-1.0-0.json": json.dumps(about).encode(),
    }


def python(prefix: str) -> Tree:
    return {
        **package(
            prefix,
            "python",
            {
                "bin/python3.12": program(b"libc.so.6", size=5 * MEGA),
                "lib/python3.12/os.py": b"o" * MEGA,
            },
            "openssl >=3,<4",
            asked=True,
        ),
        f"{prefix}/bin/python": f"/{prefix}/bin/python3.12",
        **package(prefix, "openssl", {"lib/libssl.so.3": program(size=MEGA)}),
    }


def installation() -> Tree:
    """conda itself, in the root of its installation."""
    return {
        **python(CONDA),
        **package(
            CONDA, "conda", {"bin/conda": b"#!/opt/conda/bin/python\n"}, "libmamba", asked=True
        ),
        **package(CONDA, "libmamba", {"lib/libmamba.so": program(size=9 * MEGA)}, "python"),
    }


def environment(prefix: str) -> Tree:
    flask, fonts = {"bin/flask": b"#!/x/python\n"}, {"share/fonts.bin": b"f" * 3 * MEGA}
    proj = {"share/proj.db": b"p" * 2 * MEGA, "etc/conda/activate.d/proj.sh": b"export P=1\n"}
    return {
        **package(prefix, "flask", flask, "werkzeug", asked=True, python=True),
        **package(prefix, "werkzeug", {}, "python", python=True),
        **package(prefix, "seaborn", fonts, "werkzeug", asked=True, python=True),
        **package(prefix, "gxx_linux-64", {"bin/g++": program(size=20 * MEGA)}, asked=True),
        **package(prefix, "gdal", {"lib/libgdal.so": program(size=8 * MEGA)}, "proj", asked=True),
        **package(prefix, "proj", proj),
        f"{prefix}/conda-meta/history": b"==> 2026 <==\n",
    }


def image(folder: Path, prefix: str, *command: str, **more: bytes) -> slim.Report:
    debian = Debian()
    root = base(debian)
    cache = {f"{CONDA}/pkgs/gdal-1.0-0/lib/libgdal.so": program(size=8 * MEGA)}
    installed = python(prefix) if prefix != CONDA else {}
    application = {
        "app/main.py": b"import flask\nfrom osgeo import gdal\n",
        "app/settings.yaml": b"a: 1\n",
        **{f"app/{name.replace('__', '.')}": content for name, content in more.items()},
    }
    return stepwise(
        folder,
        ("ADD rootfs.tar.xz /", root),
        ("RUN sh miniforge.sh -b -p /opt/conda", {**installation(), **debian.database()}),
        ("RUN conda create -n web flask gdal", {**installed, **environment(prefix), **cache}),
        ("COPY . .", application),
        Cmd=list(command),
        Env=["PATH=/opt/conda/bin:/usr/bin:/bin"],
    )


@LONG
def test_an_environment_of_its_own(tmp_path: Path) -> None:
    report = image(tmp_path, WEB, "conda", "run", "-n", "web", "python", "main.py")
    rebuild = rebuilt(report)
    kept = part(rebuild, "the conda environment")
    assert kept.paths == [f"/{WEB}"]
    # python, openssl, flask, werkzeug, seaborn, gdal, proj; no conda, no compiler, no cache.
    assert 20 * MEGA < kept.disk_bytes < 21 * MEGA
    text = bare(rebuild.dockerfile)
    assert 'CMD ["/opt/conda/envs/web/bin/python", "main.py"]' in text
    assert "ENV PATH=/opt/conda/envs/web/bin:/opt/conda/bin:/usr/bin:/bin" in text
    assert "COPY --from=build /opt/conda/envs/web /opt/conda/envs/web" in text
    assert "in sys.argv[1:]" in text
    assert "gxx_linux-64" in text
    assert "RUN sh miniforge.sh" in text
    assert rebuild.assumes == [
        f"the program does not need the variables that activation sets: /{WEB}/etc/conda/activate.d/proj.sh"
    ]


@LONG
def test_the_root_of_an_installation(tmp_path: Path) -> None:
    report = image(tmp_path, CONDA, "python", "main.py")
    rebuild = rebuilt(report)
    kept = part(rebuild, "the conda environment")
    assert 20 * MEGA < kept.disk_bytes < 21 * MEGA
    text = bare(rebuild.dockerfile)
    assert 'ENV PATH="/opt/conda/bin:/usr/bin:/bin"' in text
    assert "conda gxx_linux-64 libmamba" in text
    assert "/opt/conda/pkgs" not in text


def test_packages_leave_an_environment_as_its_records_say(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    for name in ("kept", "gone", "gone-too"):
        for path, content in package("", name, {f"lib/{name}": b"x"}).items():
            file = tmp_path / path.lstrip("/")
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else b"")
    (tmp_path / "lib/gone-too").unlink()
    (steps,) = removal(str(tmp_path).encode()[1:], frozenset())
    subprocess.run(["sh", "-c", f"{steps.command} gone gone-too"], check=True)
    left = sorted(file.name for file in tmp_path.rglob("*") if file.is_file())
    assert left == ["kept", "kept-1.0-0.json", "python"]


@LONG
def test_files_that_the_cache_of_packages_holds_too(tmp_path: Path) -> None:
    """conda links them hard: their bytes are at the name in the cache, which comes first."""
    debian = Debian()
    root = base(debian)
    cache = {f"{CONDA}/pkgs/gdal-1.0-0/lib/libgdal.so": program(size=8 * MEGA)}
    own = {**python(WEB), **environment(WEB)}
    del own[f"{WEB}/lib/libgdal.so"]
    linked = hardlink(f"{WEB}/lib/libgdal.so", f"{CONDA}/pkgs/gdal-1.0-0/lib/libgdal.so")
    sample = saved(
        layer(root, created_by="ADD rootfs.tar.xz /"),
        layer({**installation(), **debian.database()}, created_by="RUN sh miniforge.sh"),
        layer(cache, own, linked, created_by="RUN conda create -n web gdal"),
        layer({"app/main.py": b"import gdal\n"}, created_by="COPY . ."),
        config={
            "Cmd": [f"/{WEB}/bin/python", "main.py"],
            "WorkingDir": "/app",
            "ExposedPorts": {"80/tcp": {}},
        },
        compression="gzip",
    )
    save(sample, tmp_path / "image.tar", "docker")
    rebuild = rebuilt(checked_analyze(tmp_path / "image.tar"))
    assert 20 * MEGA < part(rebuild, "the conda environment").disk_bytes < 21 * MEGA
    text = bare(rebuild.dockerfile)
    assert f"COPY --from=build /{WEB} /{WEB}" in text
    assert "pkgs" not in text


@LONG
def test_what_the_file_of_the_environment_does_not_name(tmp_path: Path) -> None:
    asked = b"dependencies:\n  - python=3.12\n  - flask\n  - gdal\n  - pip:\n    - seaborn==1\n"
    notebook = b"{}"
    named = image(
        tmp_path, WEB, "conda", "run", "-n", "web", "python", "main.py", environment__yml=asked
    )
    lower = rebuilt(named).low_disk_bytes
    assert 3 * MEGA < rebuilt(named).disk_bytes - lower < 4 * MEGA, (
        "seaborn is asked for, and not imported"
    )
    asked = asked.replace(b"    - seaborn==1\n", b"")
    (tmp_path / "2").mkdir()
    left = image(
        tmp_path / "2",
        WEB,
        "conda",
        "run",
        "-n",
        "web",
        "python",
        "main.py",
        environment__yml=asked,
        a__ipynb=notebook,
    )
    assert 17 * MEGA < part(rebuilt(left), "the conda environment").disk_bytes < 18 * MEGA


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("dependencies:\n- a\n- conda-forge::b>=1\n- 'c'\n", ["a", "b", "c"]),
        ("channels:\n  - x\ndependencies:\n  # why\n  - a  # why\nprefix: /x\n", ["a"]),
        ("- a\n", []),
        ("dependencies: [a, b]\n", []),
        ("dependencies:\n  - git+https://x\n  - " + "a" * 200 + "\n", []),
    ],
)
def test_names_in_a_file_of_an_environment(text: str, names: list[str]) -> None:
    assert list(asked_for(text)) == names


@LONG
def test_a_template_names_the_channels_and_what_pip_installed(tmp_path: Path) -> None:
    """Of an image whose history does not say how it was built."""
    debian = Debian()
    site = f"{WEB}/lib/python3.12/site-packages"
    of_pip: dict[str, bytes] = {}
    for name, more in (("stripe", {}), ("own", {"direct_url.json": b'{"url": "file:///app"}'})):
        info = f"{site}/{name}-2.0.dist-info"
        of_pip |= {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n".encode(),
            f"{info}/INSTALLER": b"pip\n",
            f"{info}/RECORD": f"{name}-2.0.dist-info/REQUESTED,,\n".encode(),
            **{f"{info}/{file}": content for file, content in more.items()},
        }
    report = stepwise(
        tmp_path,
        ("ADD rootfs.tar.xz /", base(debian)),
        ("", {**installation(), **python(WEB), **environment(WEB), **of_pip, **debian.database()}),
        ("COPY . .", {"app/main.py": b"import flask\n"}),
        Cmd=[f"/{WEB}/bin/python", "main.py"],
    )
    lines = bare(rebuilt(report).dockerfile).splitlines()
    (create,) = [line for line in lines if line.startswith("RUN conda create")]
    channels = [word for word in create.split() if word.startswith("--channel")]
    assert channels == [
        "--channel=conda-forge",
        "--channel=bioconda",
        "--channel=https://conda.example.org/pkgs/main",
    ]
    assert "flask=1.0" in create.split()
    assert create.endswith(" pip")
    assert f"RUN /{WEB}/bin/python -m pip install --no-cache-dir stripe==2.0" in lines
