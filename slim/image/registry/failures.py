"""Failed requests to a registry → the one error that the user sees."""

from __future__ import annotations

from slim.errors import NetworkError
from slim.http.client import GaveUp
from slim.http.failures import HttpError
from slim.http.origin import Origin


def network_error(error: HttpError, registry: Origin, timeout: float) -> NetworkError:
    """What to say of a request for a registry's image; `timeout` is the deadline in seconds."""
    target = error.origin
    match error.kind:
        case "deadline":
            return NetworkError(
                "registry-timeout",
                f"the registry {registry} took more than {timeout:g} seconds in all",
                "allow more with --timeout SECONDS",
            )
        case "closed":
            return NetworkError("registry-closed", "the registry is not read any more")
        case "tls":
            no_tls = ": for plain HTTP there is --plain-http" if "not speak" in str(error) else ""
            return NetworkError(
                "registry-tls",
                f"no TLS connection to {target}: {error}{no_tls}",
                "check the name and the certificate; for an authority of your own there is --ca-file",
            )
        case "unknown-host":
            return NetworkError(
                "registry-unknown-host",
                f"cannot resolve {target.host}: {error}",
                "check the name; names without a host are looked up on Docker Hub."
                " For a local image use docker:NAME",
            )
        case "private-address":
            return NetworkError(
                "registry-private-address",
                f"{error}, an address inside a network",
                "leave out --block-private if that is meant",
            )
        case "encoding":
            return NetworkError(
                "registry-encoding",
                f"{target} answered in {error}, which was not asked for",
                "the bytes would not be those that the digest is of: ask the registry's operator",
            )
        case "redirects":
            return NetworkError(
                "registry-redirects",
                f"the registry {registry} answers with {error}",
                "ask the registry's operator",
            )
        case _:
            return NetworkError("registry-broken", f"{target} broke off: {error}", "try again")


def busy_error(failed: GaveUp, target: Origin, registry: Origin, timeout: float) -> NetworkError:
    """What to say when no further try is made, and there is no answer that could say it."""
    if failed.why == "time":
        over = HttpError("deadline", "", target)
        return network_error(over, registry, timeout)
    if failed.why == "wait":
        return NetworkError(
            "registry-busy",
            f"{target} is rate-limiting us for {failed.wait:,.0f} seconds",
            "try again later, or log in: registries allow more to users they know",
        )
    return NetworkError(
        "registry-unreachable",
        f"{target} cannot be reached: {failed.error} (4 tries)",
        "check the name, the port and the network; plain HTTP needs --plain-http HOST",
    )
