"""The pools of connections of a client: one for each policy of proxy and certificates."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import unquote

import urllib3
import urllib3.exceptions

from slim.http.origin import Origin
from slim.http.sockets import Sockets

_POOL = 32
"""Connections that are kept, per policy and host."""


class Connections:
    """Makes connections and can cut all of them; used by several threads."""

    def __init__(
        self,
        *,
        ca_file: str | None,
        insecure: frozenset[str],
        proxy: Callable[[Origin], str | None],
        refuse_private: bool,
    ) -> None:
        self._ca_file, self._insecure, self._proxy = ca_file, insecure, proxy
        self._sockets = Sockets(refuse_private=refuse_private)
        self._managers: dict[tuple[bool, str | None], urllib3.PoolManager] = {}
        self._lock = Lock()

    def cut(self) -> None:
        """Cut all connections; new ones can be made."""
        self._sockets.cut()

    def close(self) -> None:
        """Cut all connections for good."""
        self._sockets.close()
        with self._lock:
            for manager in self._managers.values():
                manager.clear()

    def manager(self, origin: Origin) -> urllib3.PoolManager:
        """The connections of one policy: checked certificates and others are never mixed."""
        policy = str(origin) in self._insecure, self._proxy(origin)
        with self._lock:
            manager = self._managers.get(policy)
            if manager is None:
                manager = self._managers[policy] = self._new_manager(*policy)
            return manager

    def _new_manager(self, insecure: bool, proxy: str | None) -> urllib3.PoolManager:
        options: dict[str, Any] = {"maxsize": _POOL, "cert_reqs": "CERT_REQUIRED"}
        if insecure:
            options["cert_reqs"] = "CERT_NONE"
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        elif self._ca_file is not None:
            options["ca_certs"] = self._ca_file
        if proxy is None:
            manager = urllib3.PoolManager(_POOL, **options)
        else:
            login = urllib3.util.parse_url(proxy).auth
            manager = urllib3.ProxyManager(
                proxy,
                _POOL,
                proxy_headers=urllib3.make_headers(proxy_basic_auth=unquote(login))
                if login
                else None,
                **options,
            )
        manager.pool_classes_by_scheme = self._sockets.pools
        return manager
