"""Which URL may be asked, and whether credentials may go there.

A registry says where its tokens and blobs are; a hostile one says what helps it. So: no TLS is given up on
the way, no address inside a network is reached through a registry outside of it, and credentials stay
with the origin (scheme, host, port) that they are for.
"""

from __future__ import annotations

from urllib.parse import urljoin

from slim.errors import NetworkError
from slim.http import origin as http_origin
from slim.http.origin import Origin, UrlError, check_characters, is_private
from slim.image.reference import HUB_API
from slim.image.registry.access import Access

_TOKEN_SERVERS = {HUB_API: "auth.docker.io"}
"""Registries whose token server is another host by their own documentation."""


def origin_of(url: str) -> Origin:
    """The origin of a URL that a registry has written.

    Raises:
        NetworkError: not http or https, with a user or unusual characters in it, or not a URL.
    """
    try:
        return http_origin.origin_of(url)
    except UrlError as error:
        raise _refused(str(error)) from None


def registry_origin(host: str, *, plain_http: bool) -> Origin:
    """The origin of a registry, from the checked host of a reference."""
    return origin_of(f"{'http' if plain_http else 'https'}://{host}/")


def follow(url: str, location: str, registry: Origin, access: Access) -> str:
    """Where a redirect leads.

    Raises:
        NetworkError: away from TLS, or into a private network.
    """
    origin_of(url)
    try:
        check_characters(location)
        target = urljoin(url, location.partition("#")[0])
    except UrlError as error:
        raise _refused(str(error)) from None
    except ValueError:
        raise _refused("it is not a URL") from None
    check_target(origin_of(target), registry, access, "a redirect")
    return target


def check_target(target: Origin, registry: Origin, access: Access, what: str) -> None:
    """Whether a registry may send us there; `what` it was that did.

    The registry itself may be asked, and what the user named; else only hosts with TLS that are not
    written as an address inside a network.

    Raises:
        NetworkError: it may not.
    """
    if target == registry:
        return
    if target.scheme != "https" and str(target) not in access.plain_http:
        raise NetworkError(
            "registry-downgrade",
            f"the registry {registry} sent {what} to {target} without TLS",
            f"slim does not go there; if it is yours, allow it with --plain-http {target}",
        )
    named = access.plain_http | access.insecure | access.trusted_realms
    same_port = (target.host, target.port) == (registry.host, registry.port)
    if is_private(target.host) and not same_port and str(target) not in named:
        raise NetworkError(
            "registry-private-address",
            f"the registry {registry} sent {what} to {target}, an address inside a network",
            f"slim does not go there; if it is yours, allow it with --trusted-realm {target}",
        )


def may_see_credentials(target: Origin, registry: Origin, access: Access) -> bool:
    """Whether a token server, which `check_target` allows, may be told who we are."""
    if target == registry or str(target) in access.trusted_realms:
        return True
    if target.scheme != "https":
        return False
    return target.host == registry.host or _TOKEN_SERVERS.get(str(registry)) == str(target)


def _refused(why: str) -> NetworkError:
    return NetworkError(
        "registry-url",
        f"the registry answered with a URL that cannot be used: {why}",
        "this is the registry's fault, or somebody in between",
    )
