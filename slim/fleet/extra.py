"""The engines of the extra `fleet`, imported where they are used; one line says what is not installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from slim.errors import UsageError

_NAMES = {"duckdb": "duckdb", "distributed": "dask[distributed]", "fsspec": "fsspec"}


def load_engine(name: str) -> Any:
    """The module of this name.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in (*_NAMES, "dask", "cryptography"):
            raise
        raise UsageError(
            "no-fleet-extra",
            f"slim fleet needs {_NAMES[name]}, which is not installed",
            "pip install 'slim-advisor[fleet]'",
        ) from None
