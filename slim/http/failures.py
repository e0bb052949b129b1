"""What a failed connection means, in words of ours: the libraries' texts have whole URLs in them."""

from __future__ import annotations

import socket
import ssl
from typing import Literal

import urllib3.exceptions

from slim.http.origin import Origin

Kind = Literal[
    "connection",
    "deadline",
    "closed",
    "tls",
    "unknown-host",
    "private-address",
    "encoding",
    "redirects",
    "too-long",
]
"""Only `connection` may go away by itself."""

_TLS_WORDS = (
    ("self-signed", "its certificate is signed by itself"),
    ("self signed", "its certificate is signed by itself"),
    ("unable to get local issuer", "no authority that is trusted here has signed its certificate"),
    ("expired", "its certificate has expired"),
    ("Hostname mismatch", "its certificate is for another name"),
    ("IP address mismatch", "its certificate is for another name"),
    ("match", "its certificate is for another name"),
    ("WRONG_VERSION", "it does not speak TLS"),
    ("wrong version", "it does not speak TLS"),
    ("record layer failure", "it does not speak TLS"),
)
_WRAPPERS = 8


class HttpError(Exception):
    """There is no answer, or only a part of one; the text has no URL in it."""

    def __init__(self, kind: Kind, words: str, origin: Origin) -> None:
        super().__init__(words)
        self.kind: Kind = kind
        self.origin = origin
        """Who was asked."""


def explain_failure(error: Exception, origin: Origin) -> HttpError:
    """The failure that a library's exception stands for."""
    inner = _innermost(error)
    if isinstance(inner, HttpError):
        return inner
    if isinstance(error, urllib3.exceptions.SSLError) or isinstance(
        inner, urllib3.exceptions.SSLError | ssl.SSLError
    ):
        return HttpError("tls", _tls_words(inner), origin)
    if isinstance(inner, urllib3.exceptions.NameResolutionError | socket.gaierror):
        return HttpError("unknown-host", "no such host, or no network", origin)
    return HttpError("connection", _connection_words(error, inner), origin)


def _innermost(error: BaseException) -> BaseException:
    """What a chain of wrapped exceptions began with."""
    for _ in range(_WRAPPERS):
        inner = getattr(error, "reason", None) or next(
            (argument for argument in error.args if isinstance(argument, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _tls_words(error: BaseException) -> str:
    text = str(error)
    return next((words for sign, words in _TLS_WORDS if sign in text), "the handshake failed")


def _connection_words(error: BaseException, inner: BaseException) -> str:
    if isinstance(inner, ConnectionRefusedError) or "refused" in str(inner):
        return "the connection was refused"  # urllib3 calls that a timeout too
    timeouts = (urllib3.exceptions.TimeoutError, TimeoutError)
    if isinstance(error, timeouts) or isinstance(inner, timeouts):
        return "no answer in time"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return "the connection broke"
