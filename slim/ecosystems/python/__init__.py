"""Python: distributions, virtual environments, pip, uv and poetry."""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Ecosystem, Reader, Runtimes
from slim.ecosystems.python.callers import CALLERS
from slim.ecosystems.python.environment import venv_at_run_time
from slim.ecosystems.python.packages import read_python
from slim.ecosystems.python.places import installed_here, runtimes, sites, used_programs, venvs
from slim.ecosystems.python.queries import compiled_twice, tests, unused_environments
from slim.ecosystems.python.rebuild import plan
from slim.ecosystems.python.runners import ENVIRONMENTS, RUNNERS
from slim.ecosystems.shared import calls
from slim.entrypoint.tables import names, raw_names
from slim.facts.known import Evidence, Known
from slim.facts.programs import Programs
from slim.facts.roots import Place
from slim.facts.signs import RoleSigns
from slim.facts.variables import Variable
from slim.files.extract.texts import BIG, MEDIUM, SMALL, Keep
from slim.files.view import below, decoded
from slim.rebuild.model import Building, Recipe, Sources

_HEADS = (*b'""|\'\'|im|fr|# |#\n|#-|#=|cl|de|as|if|tr|r"|@d|__'.split(b"|"), b"\nf", b"\ni")
"""How sources begin: docstring, import, comment, class, function."""
_JIT_PACKAGES = raw_names(
    "triton torch numba pythran cupy pycuda pyopencl pytensor theano cppyy pyximport tvm jax_triton cupyx"
)
"""Packages that may call a compiler when they run."""


def _venv_runtime(known: Known) -> Evidence:
    venv = venv_at_run_time(known.runs, known.roots)
    return () if venv is None else (f"the command is run from {decoded(venv)}",)


_INSTALLS = calls(
    {
        "pip": names("install"),
        "pip3": names("install"),
        "uv": names("sync pip"),
        "poetry": names("install"),
    }
)


def _jit(known: Known) -> Evidence:
    packages = [
        f"{decoded(site)}/{decoded(name)}"
        for site in known.roots.of("site")
        for name in sorted(_JIT_PACKAGES.intersection(known.view.names_in(site)))
    ]
    return (*packages, *_INSTALLS(known))


def _carried(known: Known) -> Iterator[str]:
    for venv in known.roots.of("venv"):
        yield f"{decoded(venv)} is a virtual environment"


def _kinds(known: Known) -> Iterator[str]:
    if venv_at_run_time(known.runs, known.roots) is not None:
        yield "virtual environment"
    condas = [decoded(home) + "/" for home in known.roots.of("conda")]
    if any(command.path.startswith(home) for command in known.runs.main for home in condas):
        yield "conda"
    if any(known.view.is_file(below(home, b"manage.py")) for home in known.roots.projects):
        yield "django"


_PURPOSES = (
    "api app base batch build common core cpu deploy docker export extra extras frozen full gpu inference "
    "job jobs local lock main min minimal ml model optional prod production run runtime serve server "
    "serving staging train training web worker"
)
_LISTS = " ".join(
    f"requirements{mark}{purpose}.txt" for mark in "-_." for purpose in _PURPOSES.split()
)
"""Lists of requirements beside the usual one; those for development are not needed."""

PYTHON = Ecosystem(
    name="python",
    keeps=(
        Keep("requirements.txt requirements.in requirements/*.txt requirements/*.in " + _LISTS),
        Keep(
            "*.py",
            2 * SMALL,
            heads=_HEADS,
            libraries="site-packages dist-packages python3.*",
            unnamed="site-packages dist-packages",
        ),
        Keep("*.dist-info/RECORD *.egg-info/installed-files.txt", BIG),
        Keep(
            "*.dist-info/METADATA *.dist-info/entry_points.txt *.egg-info *.egg-info/PKG-INFO "
            "*.egg-info/top_level.txt EGG-INFO/PKG-INFO EGG-INFO/top_level.txt",
            MEDIUM,
        ),
        Keep(
            "*.dist-info/INSTALLER *.dist-info/direct_url.json pyvenv.cfg pyproject.toml Pipfile hatch.toml "
            "site-packages/*.pth dist-packages/*.pth site-packages/*.egg-link"
        ),
    ),
    packages=Reader(read_python, (b".dist-info/METADATA", b".egg-info", b"EGG-INFO/PKG-INFO")),
    projects=raw_names("pyproject.toml requirements.txt setup.py Pipfile manage.py"),
    places=(
        Place(name="venv", marks=raw_names("pyvenv.cfg"), find=venvs),
        Place(name="site", marks=raw_names("site-packages dist-packages"), find=sites),
    ),
    foreign=raw_names("site-packages dist-packages __pycache__"),
    programs=Programs(
        family="python",
        names=names(
            "python pypy gunicorn uvicorn hypercorn daphne celery flask django-admin manage.py streamlit "
            "jupyter jupyter-lab jupyter-notebook jupyterhub uwsgi waitress-serve granian airflow dagster "
            "mlflow litestar poetry pipenv pdm uv rye hatch ipython fastapi rq dramatiq huey luigi prefect "
            "scrapy ansible ansible-playbook mkdocs pytest tox nox chainlit gradio vllm torchrun pip dbt "
            "accelerate twistd start-notebook.sh start-notebook.py superset pgadmin4 locust meltano"
        ),
        ambiguous=names(
            "rye hatch tox nox rq fastapi flask prefect locust luigi huey dbt accelerate pip"
        ),
        endings=(".py",),
        repls=names("python pypy ipython"),
        servers=names("gunicorn uvicorn hypercorn daphne celery uwsgi"),
        works=names("-c -m"),
        builds={
            "pip": names("install wheel"),
            "pytest": names("*"),
            "tox": names("*"),
            "nox": names("*"),
            "poetry": names("install build publish"),
            "uv": names("sync build publish"),
        },
    ),
    runners=RUNNERS,
    project_bins=tuple(name + b"/bin" for name in ENVIRONMENTS),
    stack=True,
    carried=_carried,
    kinds=_kinds,
    role=RoleSigns(
        production={"FLASK_ENV": "production"},
        release=("DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"),
    ),
    variables=(
        Variable(
            name="site",
            samples=(
                "usr/lib/python3/dist-packages",
                "usr/local/lib/python3.12/site-packages",
                "app/.venv/lib/python3.12/site-packages",
            ),
            place="site",
            find=installed_here,
        ),
        Variable(name="venv", samples=("app/.venv",), place="venv"),
        Variable(
            name="pip_cache",
            samples=("root/.cache/pip",),
            env=("PIP_CACHE_DIR",),
            in_cache=(b"pip",),
        ),
        Variable(
            name="uv_cache", samples=("root/.cache/uv",), env=("UV_CACHE_DIR",), in_cache=(b"uv",)
        ),
        Variable(
            name="poetry_cache",
            samples=("root/.cache/pypoetry",),
            env=("POETRY_CACHE_DIR",),
            in_cache=(b"pypoetry",),
        ),
    ),
    facts={"python.venv_runtime": _venv_runtime, "jit.cxx": _jit},
    queries={
        "python.pyc_twice": compiled_twice,
        "python.tests": tests,
        "python.unused_venv": unused_environments,
    },
    runtimes=Runtimes(
        find=runtimes,
        names=raw_names("os.py"),
        packages=("python3", "libpython3"),
        uses=used_programs,
    ),
    building=Building(
        packages=names(
            "python3-pip python3-venv python3-dev python3-wheel python3-setuptools python3-virtualenv "
            "virtualenv pipx pipenv python3-poetry cython3"
        ),
        variables=(r"(?:PIP|UV|POETRY)_\w*", "PYTHON_(?:VERSION|SHA256|PIP_VERSION)"),
        caches=(
            (r"\bpip3?\b.*\binstall\b", ("/root/.cache/pip",)),
            (r"\buv (?:sync|pip)\b", ("/root/.cache/uv",)),
        ),
    ),
    rebuild=Recipe(plan, "python", "PYTHON_VERSION"),
    sources=Sources(
        kept=(b".py",),
        unread=(b".pyc",),
        libraries=raw_names("site-packages dist-packages __pycache__"),
        callers=CALLERS,
    ),
)
