"""Names of hosts → addresses, within a bound: the system's resolver has none that anybody could rely on."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event, Thread

_STEP = 0.05
_STEPS = 200
"""Ten seconds in all, as long as a connection may take to be made."""


def addresses(host: str, port: int, is_over: Callable[[], bool]) -> list[str]:
    """All addresses of a host, those to try first in front.

    A look-up cannot be cut off: one that takes too long goes on in a thread that nobody waits for.

    Raises:
        OSError: there are none (`gaierror`), it took too long, or `is_over` said so meanwhile.
    """
    found: list[str] = []
    failed: list[Exception] = []
    done = Event()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(address[0]) for *_, address in answers))
        except (OSError, UnicodeError) as error:
            failed.append(error)
        finally:
            done.set()

    Thread(target=look_up, name="slim-name", daemon=True).start()
    for _ in range(_STEPS):
        if done.wait(_STEP):
            break
        if is_over():
            raise OSError("the client is closed")
    else:
        raise TimeoutError(f"no answer to who {host} is")
    if failed and isinstance(failed[0], OSError):
        raise failed[0]
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host")
    return found
