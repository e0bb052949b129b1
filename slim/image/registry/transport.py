"""One request to one URL, by oras-py: GET or HEAD, bounded in time, with no redirect followed.

Of oras only `Registry.do_request` is used, without its retries: its layouts, pulls and log-in trust what a
registry says. It asks `Guard` when a registry wants to know who we are. Each TLS policy has a session
of its own, because requests keeps connections whose certificate was not checked (CVE-2024-35195).

No request can outlast the deadline, however slowly a server answers: then all connections are cut.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Lock, RLock, Timer, local
from typing import Any, Protocol
from weakref import finalize

import oras.provider
import requests
import urllib3.connection
import urllib3.connectionpool
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from slim.errors import NetworkError, SlimError
from slim.image.registry.access import Access
from slim.image.registry.origin import Origin, is_private, origin_of, show
from slim.version import VERSION

_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0
_POOL = 32
_log = logging.getLogger(__name__)
_ACCEPTED = ("GET", "HEAD")
_send_once = oras.provider.Registry.do_request.__wrapped__


class Guard(Protocol):
    """Answers a registry that wants to know who we are."""

    def authenticate_request(
        self, response: requests.Response, headers: dict[str, str], refresh: bool = False
    ) -> tuple[dict[str, str], bool]:
        """Headers for a second try, and True.

        Raises:
            SlimError: there is no second try.
        """


class _Unanswered(Exception):
    """Carries an answer that asks who we are past oras."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.response = response


class _Nobody:
    """The guard of requests that stay as they are: those for tokens."""

    def authenticate_request(
        self, response: requests.Response, headers: dict[str, str], refresh: bool = False
    ) -> tuple[dict[str, str], bool]:
        raise _Unanswered(response)


class Transport:
    """Sends requests until it is closed or the deadline is over; used by several threads."""

    def __init__(self, registry: Origin, access: Access, guard: Guard) -> None:
        self._registry = registry
        self._access = access
        self._guard = guard
        self._line = _Line(access.block_private and not access.proxy, registry)
        self._providers: dict[tuple[bool, bool], oras.provider.Registry] = {}
        self._lock = Lock()
        self.over = Event()
        """Set when the deadline is over, or the transport closed."""
        self._expired = False
        self._timer = Timer(access.timeout, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Cut all connections."""
        self._timer.cancel()
        self.over.set()
        self._line.cut()
        for provider in self._providers.values():
            provider.session.close()

    def send(
        self, method: str, url: str, headers: Mapping[str, str], *, guarded: bool = True
    ) -> requests.Response:
        """One request; the body of the answer is not read yet. The guard is asked if `guarded`.

        Raises:
            NetworkError: no answer, or only one that we do not get.
            ConnectionError: the connection failed in a way that may pass: try again.
        """
        if method not in _ACCEPTED:
            raise ValueError(f"slim only reads registries: {method}")
        target = origin_of(url)
        self.check_time()
        try:
            response: requests.Response = _send_once(
                self._provider(target, guarded),
                url,
                method,
                headers={"Accept-Encoding": "identity", **headers},
                stream=True,
            )
        except _Unanswered as answer:
            response = answer.response
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self.failure(error, target) from None
        part = f" ({headers['Range']})" if "Range" in headers else ""
        _log.debug("%s %s%s: %d", method, show(url), part, response.status_code)
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            response.close()
            raise NetworkError(
                "registry-encoding",
                f"{target} answered in the encoding {encoding[:40]!r}, which was not asked for",
                "the bytes would not be those that the digest is of: ask the registry's operator",
            )
        return response

    def failure(self, error: Exception, target: Origin) -> Exception:
        """What a failed connection means; never the library's text, which has whole URLs in it."""
        self.check_time()
        inner = _innermost(error)
        if isinstance(inner, SlimError):
            return inner
        if isinstance(error, requests.exceptions.SSLError) or isinstance(
            inner, urllib3.exceptions.SSLError
        ):
            return NetworkError(
                "registry-tls",
                f"no TLS connection to {target}: {_tls_words(error)}",
                "check the name and the certificate; for an authority of your own there is --ca-file",
            )
        if isinstance(inner, urllib3.exceptions.NameResolutionError | socket.gaierror):
            return NetworkError(
                "registry-unknown-host",
                f"there is no host {target.host!r}, or the network is down",
                "check the name; what has no host in front is looked for on Docker Hub",
            )
        return ConnectionError(_words(error))

    def check_time(self) -> None:
        """Stop when the deadline is over.

        Raises:
            NetworkError: it is, or somebody closed the transport.
        """
        if self._expired:
            raise NetworkError(
                "registry-timeout",
                f"the registry {self._registry} took more than {self._access.timeout:g} seconds in all",
                "allow more with --timeout SECONDS",
            )
        if self.over.is_set():
            raise NetworkError("registry-closed", "the registry is not read any more")

    def _expire(self) -> None:
        self._expired = True
        self.over.set()
        self._line.cut()

    def _provider(self, target: Origin, guarded: bool) -> oras.provider.Registry:
        kind = str(target) in self._access.insecure, guarded
        with self._lock:
            found = self._providers.get(kind)
            if found is None:
                found = self._providers[kind] = self._make(*kind)
            return found

    def _make(self, insecure: bool, guarded: bool) -> oras.provider.Registry:
        provider = oras.provider.Registry(
            tls_verify=False if insecure else self._access.ca_file or True
        )
        session = _Session()
        session.cookies.set_policy(provider.session.cookies.get_policy())
        session.trust_env = False  # no .netrc, no proxies that nobody named
        session.headers.update({"User-Agent": f"slim/{VERSION}"})
        if self._access.proxy:
            session.proxies = {"http": self._access.proxy, "https": self._access.proxy}
        adapter = _Adapter(self._line)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        provider.session = session
        provider.auth = self._guard if guarded else _Nobody()
        return provider


class _Session(requests.Session):
    """Follows no redirect: the client does, after it has looked where they lead."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Adapter(HTTPAdapter):
    """Timeouts on every request, and connections that can be cut."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        super().__init__(pool_connections=_POOL, pool_maxsize=_POOL, max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        options["timeout"] = (_CONNECT_SECONDS, _READ_SECONDS)
        return super().send(request, *args, **options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._line.pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._line.pools
        return manager


class _Line:
    """All open connections of a transport."""

    def __init__(self, block_private: bool, registry: Origin) -> None:
        self._block = block_private and not is_private(registry.host)
        self._open: set[socket.socket] = set()
        self._lock = RLock()  # a finalizer may run while it is held
        self._cut = False
        self._last = local()
        """The handle of the connection that a thread is making."""
        line = self

        class Plain(urllib3.connection.HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return line.watch(self.host, super()._new_conn())

            def connect(self) -> None:
                super().connect()
                line.keep(self.sock)

        class Secure(urllib3.connection.HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return line.watch(self.host, super()._new_conn())

            def connect(self) -> None:
                super().connect()
                line.keep(self.sock)

        class PlainPool(urllib3.connectionpool.HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(urllib3.connectionpool.HTTPSConnectionPool):
            ConnectionCls = Secure

        self.pools = {"http": PlainPool, "https": SecurePool}

    def watch(self, host: str, connection: socket.socket) -> socket.socket:
        """Check where a new connection leads, and take a second handle of it: TLS takes the first."""
        address = connection.getpeername()[0]
        if self._block and is_private(address):
            connection.close()
            raise NetworkError(
                "registry-private-address",
                f"{host} leads to {address}, an address inside a network",
                "leave out --block-private if that is meant",
            )
        self._forget(getattr(self._last, "handle", None))
        handle = connection.dup()
        with self._lock:
            if not self._cut:
                self._open.add(handle)
                self._last.handle = handle
                return connection
        handle.close()
        connection.close()
        raise OSError("the deadline is over")

    def keep(self, connection: Any) -> None:
        """The connection of this thread is made: keep its handle as long as anybody can read from it.

        A response reads on after its connection was closed, so that closing it says nothing.
        """
        handle, self._last.handle = self._last.handle, None
        finalize(connection, self._forget, handle)

    def _forget(self, handle: socket.socket | None) -> None:
        if handle is not None:
            with self._lock:
                self._open.discard(handle)
            handle.close()

    def cut(self) -> None:
        """End all connections, and those that are still being made."""
        with self._lock:
            self._cut = True
            for handle in tuple(self._open):
                with suppress(OSError):  # it may have ended by itself
                    handle.shutdown(socket.SHUT_RDWR)
                handle.close()
            self._open.clear()


def _innermost(error: BaseException) -> BaseException:
    """What a chain of wrapped exceptions began with; bounded."""
    for _ in range(8):
        inner = getattr(error, "reason", None) or next(
            (one for one in error.args if isinstance(one, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _tls_words(error: BaseException) -> str:
    text = str(_innermost(error))
    for sign, words in (
        ("self-signed", "its certificate is signed by itself"),
        ("self signed", "its certificate is signed by itself"),
        (
            "unable to get local issuer",
            "no authority that is trusted here has signed its certificate",
        ),
        ("expired", "its certificate has expired"),
        ("Hostname mismatch", "its certificate is for another name"),
        ("IP address mismatch", "its certificate is for another name"),
        ("match", "its certificate is for another name"),
        ("WRONG_VERSION", "it does not speak TLS: for plain HTTP there is --plain-http"),
        ("wrong version", "it does not speak TLS: for plain HTTP there is --plain-http"),
        ("record layer failure", "it does not speak TLS: for plain HTTP there is --plain-http"),
    ):
        if sign in text:
            return words
    return "the handshake failed"


def _words(error: BaseException) -> str:
    """A passing failure in words of ours."""
    inner = _innermost(error)
    if isinstance(inner, ConnectionRefusedError) or "refused" in str(inner):
        return "the connection was refused"  # urllib3 calls that a timeout too
    timeouts = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if isinstance(error, timeouts) or isinstance(inner, timeouts):
        return "no answer in time"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return "the connection broke"
