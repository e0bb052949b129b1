"""Which dynamic modules of nginx its settings use: those whose directives they name.

Debian enables each module that is installed; its `nginx-full` brings a dozen.
Source: the documentation of nginx and of each module, "Directives".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from slim.ecosystems.sites import COMMENT
from slim.files.view import View
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.patterns import regex
from slim.rebuild.model import Given
from slim.rebuild.trees import row_at

_DIRECTIVES = {
    name: rb"(?:^|[;{}\s])(?:" + directives.encode() + rb")"
    for name, directives in {
        "http_auth_pam": r"auth_pam",
        "http_brotli_filter": r"brotli",
        "http_brotli_static": r"brotli_static",
        "http_cache_purge": r"\w+_cache_purge",
        "http_dav_ext": r"dav_ext_",
        "http_echo": r"echo",
        "http_fancyindex": r"fancyindex",
        "http_geoip": r"geoip_",
        "http_geoip2": r"geoip2",
        "http_headers_more_filter": r"more_(?:set|clear)_",
        "http_image_filter": r"image_filter",
        "http_js": r"js_",
        "http_lua": r"lua_|\w+_by_lua",
        "http_modsecurity": r"modsecurity",
        "http_perl": r"perl",
        "http_subs_filter": r"subs_filter",
        "http_upload": r"upload_",
        "http_uploadprogress": r"upload_progress|track_uploads|report_uploads",
        "http_upstream_fair": r"fair\b",
        "http_xslt_filter": r"xslt_|xml_entities",
        "mail": r"mail\s*\{",
        "nchan": r"nchan_",
        "rtmp": r"rtmp",
        "stream": r"stream\s*\{",
        "stream_geoip": r"stream\s*\{",
        "stream_geoip2": r"stream\s*\{",
        "stream_js": r"stream\s*\{",
    }.items()
}
"""Module → a pattern of how settings that use it read. Others are taken to be used."""
_FILE = regex(rb"ngx_([a-z0-9_]+?)(?:_module)?\.so")


def unused_modules(given: Given, settings: Iterable[bytes], files: Iterable[int]) -> frozenset[int]:
    """Packages that hold only modules whose directives no settings name; none where a file of settings is
    not known.

    Args:
        settings: paths of all files of settings.
        files: rows of the modules that they load, and of others.
    """
    texts = _texts(given.view, settings)
    if texts is None:
        return frozenset()
    used: set[int] = set()
    found: set[int] = set()
    for row in files:
        owner, name = given.owned.owner[row], given.view.files.name[row]
        if not name.endswith(b".so"):  # what loads a module is of the same package
            continue
        if owner == NOBODY or given.graph.packages[owner].manager not in SYSTEM:
            continue
        named = _FILE.fullmatch(name)
        directives = _DIRECTIVES.get(named[1].decode()) if named else None
        idle = directives is not None and not any(re.search(directives, text) for text in texts)
        (found if idle else used).add(owner)
    return frozenset(found - used)


def _texts(view: View, settings: Iterable[bytes]) -> list[bytes] | None:
    """What the files say, without comments."""
    found = []
    for path in settings:
        text = view.read(path)
        row = row_at(view, path)
        if text is None and row is not None and view.files.size[row]:
            return None
        found.append(COMMENT.sub(b"", text or b""))
    return found
