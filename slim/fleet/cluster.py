"""Dask: a cluster of this machine's processes, or one that is there already.

The local cluster speaks TLS with a certificate made for it: whoever else is logged in to this machine can
neither read what goes to the workers nor send them work.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from msgspec.structs import replace

from slim.errors import NetworkError, UsageError, hide_logins
from slim.fleet.extra import load_engine
from slim.fleet.scan import Task
from slim.fleet.work import Context, Done, Sealed

_LOGGERS = ("distributed", "tornado", "asyncio", "bokeh")
_WAIT = 60
"""Seconds for the first worker to come."""


class Cluster:
    """Workers that a scan can send tasks to."""

    def __init__(self, client: Any, workers: int, dashboard: str) -> None:
        self._client = client
        self._workers = workers
        self.dashboard = dashboard
        """The address of Dask's own page about the work; empty where there is none."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Run tasks in their order, some at a time, so that no list of them has to fit into memory.

        A worker that is lost is replaced, and its tasks are done by others; a task that lost several is
        given up, and its error says so.
        """
        distributed = load_engine("distributed")
        waiting = iter(tasks)
        running = distributed.as_completed(loop=self._client.loop, raise_errors=False)
        keys: dict[Any, str] = {}

        def submit_next() -> None:
            for key, function, argument in waiting:
                future = self._client.submit(function, argument, key=key, pure=False)
                keys[future.key] = key
                running.add(future)
                return

        for _ in range(4 * self._workers + 4):
            submit_next()
        for future in running:
            key = keys.pop(future.key)
            submit_next()
            yield _outcome(future, key)
            future.release()


def _outcome(future: Any, key: str) -> Done:
    error = future.exception() if future.status == "error" else None
    if future.status == "finished":
        result: Done = future.result()
        return result
    name = type(error).__name__ if error is not None else future.status
    if name == "KilledWorker":
        text = "the workers that tried it were lost: it may need more memory than they have"
        return Done(key, f"{text} [worker-lost]", "worker-lost", 70)
    return Done(key, f"a worker failed: {name} [worker-failed]", "worker-failed", 70)


@contextmanager
def cluster(
    context: Context,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    dashboard: str | None = None,
) -> Iterator[Cluster]:
    """Workers that know the context.

    Args:
        scheduler: the address of a running cluster; without it, processes on this machine.
        workers: their number on this machine, by default that of its processors.
        dashboard: `HOST:PORT` at which Dask shows what happens on this machine.

    Raises:
        UsageError: the extra is not installed, or credentials would go over a channel that is not encrypted.
        NetworkError: there is no scheduler at that address, or no worker.
    """
    distributed = load_engine("distributed")
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        if scheduler is None:
            client = stack.enter_context(_local(distributed, workers, dashboard))
        else:
            context = _over(scheduler, context)
            client = stack.enter_context(_remote(distributed, scheduler))
        client.register_plugin(_plugin(distributed, context), name="slim-fleet")
        shown = str(client.dashboard_link or "") if scheduler or dashboard else ""
        yield Cluster(client, len(client.scheduler_info(n_workers=-1)["workers"]), shown)


def _plugin(distributed: Any, context: Context) -> Any:
    """Makes each worker one of this scan, also those that come later."""

    class Begin(distributed.WorkerPlugin):  # type: ignore[misc]
        def __init__(self, context: Context) -> None:
            self.context = context

        def setup(self, worker: Any) -> None:
            from slim.fleet import work

            work.begin(self.context)

    return Begin(context)


@contextmanager
def _local(distributed: Any, workers: int | None, dashboard: str | None) -> Iterator[Any]:
    security = distributed.Security.temporary()
    with (
        distributed.LocalCluster(
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            protocol="tls",
            security=security,
            dashboard_address=dashboard,
            silence_logs=logging.CRITICAL,
        ) as local,
        distributed.Client(local, security=security, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _remote(distributed: Any, scheduler: str) -> Iterator[Any]:
    try:
        client = distributed.Client(scheduler, timeout=_WAIT, set_as_default=False)
    except TypeError:
        # What Dask raises where an address wants TLS and its settings name no certificate.
        raise UsageError(
            "no-certificate",
            f"Dask's settings have no certificate for {scheduler}",
            "set distributed.comm.tls (DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__CLIENT__CERT, …__KEY)",
        ) from None
    except (OSError, TimeoutError, ValueError) as error:
        raise NetworkError(
            "no-scheduler",
            f"there is no Dask scheduler at {scheduler}: {type(error).__name__}",
            "write tcp://HOST:8786 or tls://HOST:8786, and start it with `dask scheduler`",
        ) from None
    with client:
        until = time.monotonic() + _WAIT
        while not client.scheduler_info(n_workers=-1)["workers"]:
            if time.monotonic() > until:
                raise NetworkError(
                    "no-workers",
                    f"the scheduler at {scheduler} has no workers",
                    "start some with `dask worker ADDRESS`, in an environment that has slim",
                )
            time.sleep(0.2)
        yield client


def _over(scheduler: str, context: Context) -> Context:
    """The context as it may go to a scheduler elsewhere: a password only over an encrypted channel.

    Where credentials are in files, workers look into their own.
    """
    access = context.access.value
    secrets = {
        "the password of --registry-user": bool(access.logins),
        "the password of --proxy": _has_login(access.proxy or ""),
        "the password in the address of the store": _has_login(context.store),
    }
    found = next((what for what, is_there in secrets.items() if is_there), None)
    if found and not scheduler.startswith(("tls://", "wss://")):
        raise UsageError(
            "open-channel",
            f"{scheduler} is not encrypted: {found} is not sent there",
            "use a scheduler at tls://, or let the workers have it in their own environment",
        )
    return replace(context, access=Sealed(replace(access, auth_files=())), away=True)


def _has_login(address: str) -> bool:
    return hide_logins(address) != address
