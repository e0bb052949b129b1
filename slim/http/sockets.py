"""The open connections of a client, so that all of them can be cut, whatever they are waiting for.

Timeouts of sockets bound the wait for the next byte, and a hostile server always sends one in time. A
connection that is shut down from another thread ends every read: of headers, of bodies, in a handshake.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import RLock, local
from typing import Any
from weakref import finalize

import urllib3.connection
import urllib3.connectionpool
import urllib3.exceptions

from slim.http.failures import HttpError
from slim.http.names import addresses
from slim.http.origin import Origin, is_private


class Sockets:
    """All open connections of a client; used by several threads."""

    def __init__(self, *, refuse_private: bool) -> None:
        self._refuse_private = refuse_private
        self._open: set[socket.socket] = set()
        self._lock = RLock()  # a finalizer may run while it is held
        self._is_closed = False
        self._connecting = local()
        """`handle`: that of the connection which a thread is making."""
        sockets = self

        class Plain(urllib3.connection.HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return sockets.open(self, super()._new_conn)

            def connect(self) -> None:
                super().connect()
                sockets.keep(self.sock)

        class Secure(urllib3.connection.HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return sockets.open(self, super()._new_conn)

            def connect(self) -> None:
                super().connect()
                sockets.keep(self.sock)

        class PlainPool(urllib3.connectionpool.HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(urllib3.connectionpool.HTTPSConnectionPool):
            ConnectionCls = Secure

        self.pools = {"http": PlainPool, "https": SecurePool}
        """For a `PoolManager`, by scheme."""

    def open(
        self, connection: urllib3.connection.HTTPConnection, connect: Callable[[], socket.socket]
    ) -> socket.socket:
        """Connect to the first address of the host that answers, and watch the connection.

        Raises:
            HttpError: as `watch`.
            urllib3.exceptions.HTTPError: there is no address, or none answers.
            OSError: everything is cut.
        """
        name, host = connection._dns_host, connection.host
        try:
            found = addresses(name, connection.port or 0, lambda: self._is_closed)
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(name, connection, error) from error
        for address in found[:-1]:
            with suppress(urllib3.exceptions.HTTPError):
                return self.watch(host, _to(connection, address, name, connect))
        return self.watch(host, _to(connection, found[-1], name, connect))

    def watch(self, host: str, connection: socket.socket) -> socket.socket:
        """Check where a new connection leads, and take a second handle of it: TLS takes the first.

        Raises:
            HttpError: the address is private, and those are refused.
            OSError: everything is cut.
        """
        try:
            return self._watched(host, connection)
        except BaseException:
            connection.close()
            raise

    def _watched(self, host: str, connection: socket.socket) -> socket.socket:
        address, port = connection.getpeername()[:2]
        if self._refuse_private and is_private(address):
            origin = Origin("https", host, port)
            raise HttpError("private-address", f"{host} leads to {address}", origin)
        self._forget(getattr(self._connecting, "handle", None))
        handle = connection.dup()
        with self._lock:
            if not self._is_closed:
                self._open.add(handle)
                self._connecting.handle = handle
                return connection
        handle.close()
        raise OSError("the client is closed")

    def keep(self, connection: Any) -> None:
        """The connection of this thread is made: keep its handle as long as anybody can read from it.

        A response reads on after its connection was closed, so that closing it says nothing.
        """
        handle, self._connecting.handle = self._connecting.handle, None
        finalize(connection, self._forget, handle)

    def cut(self) -> None:
        """End all connections that are open or being made; new ones can be made."""
        with self._lock:
            # A copy: a finalizer may take one out meanwhile, in this very thread.
            for handle in tuple(self._open):
                with suppress(OSError):  # it may have ended by itself
                    handle.shutdown(socket.SHUT_RDWR)
                handle.close()
            self._open.clear()

    def close(self) -> None:
        """`cut`, and no connection can be made afterwards."""
        with self._lock:
            self._is_closed = True
            self.cut()

    def _forget(self, handle: socket.socket | None) -> None:
        if handle is not None:
            with self._lock:
                self._open.discard(handle)
            handle.close()


def _to(
    connection: urllib3.connection.HTTPConnection,
    address: str,
    name: str,
    connect: Callable[[], socket.socket],
) -> socket.socket:
    """Connect to an address; for all else, such as its certificate, the host keeps its name."""
    connection._dns_host = address
    try:
        return connect()
    finally:
        connection._dns_host = name
