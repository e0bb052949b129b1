"""Which extensions of PHP an application uses: what it and its packages declare, and what its sources call.

Source: the PHP manual, "Function Reference": the functions and classes of each extension.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from slim.files.view import below as join
from slim.packages.documents import load_object, object_of
from slim.packages.package import PackageWarnings
from slim.patterns import regex
from slim.rebuild.model import Given
from slim.rebuild.trees import below

_SYMBOLS = {
    name: rb"(?i)\b(?:" + symbols.encode() + rb")"
    for name, symbols in {
        "bcmath": r"bc(?:add|sub|mul|div|mod|pow|powmod|sqrt|scale|comp)\s*\(",
        "bz2": r"bz(?:open|read|write|compress|decompress)\s*\(|compress\.bzip2",
        "curl": r"curl_\w+\s*\(|CURLFile|CURLOPT_",
        "dom": r"DOM[A-Z]\w+|dom_import_simplexml|Dom\\",
        "gd": r"image[a-z0-9]+\s*\(|getimagesize|gd_info|GdImage",
        "gmp": r"gmp_\w+\s*\(|GMP\b",
        "imap": r"imap_\w+\s*\(",
        "intl": r"NumberFormatter|IntlDate\w+|IntlChar|Collator|Normalizer|MessageFormatter|Locale::|Intl\w+"
        r"|Transliterator|ResourceBundle|Spoofchecker|grapheme_\w+|idn_to_\w+|normalizer_\w+|numfmt_\w+"
        r"|datefmt_\w+|collator_\w+|transliterator_\w+|locale_\w+\s*\(",
        "imagick": r"Imagick\w*",
        "ldap": r"ldap_\w+\s*\(",
        "mbstring": r"mb_\w+\s*\(",
        "redis": r"Redis\w*",
        "simplexml": r"SimpleXML\w*|simplexml_\w+",
        "snmp": r"snmp\w*\s*\(|SNMP\b",
        "soap": r"Soap[A-Z]\w+",
        "tidy": r"tidy\w*",
        "xml": r"xml_\w+\s*\(|XMLParser|utf8_(?:en|de)code",
        "xmlreader": r"XMLReader",
        "xmlrpc": r"xmlrpc_\w+\s*\(",
        "xmlwriter": r"XMLWriter|xmlwriter_\w+",
        "xsl": r"XSLTProcessor",
        "zip": r"ZipArchive|zip_\w+\s*\(|zip://",
    }.items()
}
"""Extension → a pattern of how sources that use it read. Others may be used without a trace."""
_MOST_BYTES = 4 << 20
"""More sources are not searched: nothing is known then."""
_DECLARED = regex(rb'"ext-([a-z0-9_-]{1,40})"', re.IGNORECASE)


def required(given: Given, homes: Iterable[bytes]) -> frozenset[str]:
    """The extensions that the application and Composer's packages say they need, or can do more with."""
    found: set[str] = set()
    for home in homes:
        path = join(home, b"composer.json")
        content = given.view.read(path)
        document = None if content is None else load_object(content, path, PackageWarnings())
        found.update(object_of((document or {}).get("require")))
        found.update(object_of((document or {}).get("suggest")))
        text = given.view.read(join(home, b"vendor/composer/installed.json")) or b""
        found.update(f"ext-{name.decode()}" for name in _DECLARED.findall(text))
    for package in given.graph.packages:
        if package.manager == "composer" and package.dev is not True:
            # `var/www/vendor:ext-intl`: where it is looked for, and its name.
            found.update(name.rpartition(":")[2] for need in package.depends for name in need.names)
    return frozenset(name.removeprefix("ext-").lower() for name in found if name.startswith("ext-"))


def not_called(
    given: Given, homes: Iterable[bytes], names: Collection[str], declared: Collection[str]
) -> frozenset[str]:
    """Those of some extensions that nothing declares and no source of the application calls; none where a
    source is not known.

    Packages below `vendor` declare theirs, those of the system depend on them.
    """
    open_questions = {name for name in names if name in _SYMBOLS and name not in declared}
    files = given.view.files
    left = _MOST_BYTES
    for home in homes:
        for row in below(given.view, home):
            if not open_questions:
                return frozenset()
            name = files.name[row]
            if not name.endswith((b".php", b".phtml", b".inc")):
                continue
            if b"/vendor/" in files.path(row) or not files.size[row]:
                continue
            text = files.texts.get(row)
            left -= len(text or b"")
            if text is None or left < 0:
                return frozenset()
            open_questions = {
                question
                for question in open_questions
                if not re.search(_SYMBOLS[question], text)
                and f"'{question}'".encode() not in text
                and f'"{question}"'.encode() not in text
            }
    return frozenset(open_questions)
