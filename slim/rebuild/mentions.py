"""Which words the application's own sources say: a program that none of them names is started by none.

Sources are kept while an image is read, as far as there is room (`Keep.heads`). Where one is missing, or the
application is compiled, nothing is known, and everything counts as named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from slim.files.extract.texts import may_hold_settings
from slim.files.table import Kind
from slim.packages.owners import NOBODY
from slim.packages.package import SYSTEM
from slim.rebuild.model import Given
from slim.rebuild.trees import below

SOURCES = (b".py", b".php", b".js", b".mjs", b".cjs", b".rb")
"""How the names of sources end that are kept."""
_UNREAD = (
    *(b".ts", b".tsx", b".jsx", b".phtml", b".ex", b".exs", b".beam", b".jar", b".class", b".dll"),
    *(
        b".go",
        b".rs",
        b".java",
        b".kt",
        b".cs",
        b".erl",
        b".pl",
        b".pm",
        b".lua",
        b".rake",
        b".pyc",
    ),
)
"""How those of programs end that are not."""
_LIBRARIES = frozenset(
    (b"node_modules", b"vendor", b"site-packages", b"dist-packages", b".git", b"deps")
)
_TESTS = frozenset((b"test", b"tests", b"spec", b"__tests__", b"__pycache__"))
_WORD = re.compile(rb"[A-Za-z0-9_+][A-Za-z0-9_+.-]{1,63}")
_PART = re.compile(rb"[A-Za-z0-9_]{2,64}")
"""`pandas` of `pandas.core`."""
_MOST_BYTES = 8 << 20
"""More sources are not searched."""
_PROGRAMS = (b"bin", b"sbin", b"usr/bin", b"usr/sbin", b"usr/games", b"usr/local/bin")
_CALLERS = {
    "pdf2image": ("poppler-utils",),
    "pytesseract": ("tesseract-ocr",),
    "pydub": ("ffmpeg",),
    "moviepy": ("ffmpeg", "imagemagick"),
    "imageio": ("ffmpeg",),
    "openai-whisper": ("ffmpeg",),
    "librosa": ("ffmpeg",),
    "yt-dlp": ("ffmpeg",),
    "pdfkit": ("wkhtmltopdf",),
    "imgkit": ("wkhtmltopdf",),
    "wicked_pdf": ("wkhtmltopdf",),
    "pypandoc": ("pandoc",),
    "wand": ("imagemagick",),
    "mini_magick": ("imagemagick", "graphicsmagick"),
    "streamio-ffmpeg": ("ffmpeg",),
    "gm": ("imagemagick", "graphicsmagick"),
    "puppeteer": ("chromium",),
    "puppeteer-core": ("chromium",),
    "playwright": ("chromium",),
    "selenium": ("chromium", "chromium-driver", "firefox-esr"),
    "gitpython": ("git",),
    "simple-git": ("git",),
    "rugged": ("git",),
    "textract": ("poppler-utils", "tesseract-ocr", "antiword", "unrtf"),
    "ocrmypdf": ("tesseract-ocr", "ghostscript", "unpaper", "pngquant"),
    "graphviz": ("graphviz",),
    "pydot": ("graphviz",),
    "camelot-py": ("ghostscript",),
    "node-jq": ("jq",),
}
"""Library → packages whose programs it starts, as its documentation says, and whose names it has not."""


def words_of(given: Given, homes: Collection[bytes]) -> frozenset[bytes] | None:
    """The words of all sources and scripts of the application; None where not all of them are known."""
    found: set[bytes] = set()
    seen, left = False, _MOST_BYTES
    for row in _own(given, homes):
        name, text = given.view.files.name[row], given.view.files.texts.get(row)
        left -= len(text or b"")
        if left < 0:
            return None
        if text is not None:
            found.update(_WORD.findall(text))
            found.update(_PART.findall(text))
            seen = seen or name.endswith(SOURCES)
        elif (
            name.endswith((*SOURCES, *_UNREAD))
            and given.view.files.size[row]
            and not may_hold_settings(name)
        ):
            return None
    for path in given.facts.runs.resolved:
        found.update(_WORD.findall(given.view.read(path.encode("utf-8", "surrogateescape")) or b""))
    for command in given.facts.runs.all:
        found.update(word.encode("utf-8", "surrogateescape") for word in command.words)
    return frozenset(found) if seen else None


def programs_of(given: Given, package: int) -> frozenset[bytes]:
    """The names under which the programs of a package may be started."""
    files = given.view.files
    names: set[bytes] = set()
    for row in given.owned.rows((package,)):
        if files.directory_path(files.directory[row]) in _PROGRAMS:
            name = files.name[row]
            # `convert-im7.q16` is started as `convert`.
            names |= {name, re.split(rb"[-.]", name)[0]}
    return frozenset(names)


def not_named(given: Given, homes: Collection[bytes], packages: Collection[int]) -> frozenset[int]:
    """Those of some system packages whose programs no source names and no library is known to start;
    packages without programs are not among them."""
    words = words_of(given, homes) if packages else None
    if words is None:
        return frozenset()
    every = given.graph.packages
    called = {
        name
        for package in every
        if package.manager not in SYSTEM
        for name in _CALLERS.get(package.name.lower(), ())
    }
    return frozenset(
        index
        for index in packages
        if every[index].name not in called
        and every[index].name.encode() not in words
        and (programs := programs_of(given, index))
        and words.isdisjoint(programs)
    )


def _own(given: Given, homes: Collection[bytes]) -> Iterator[int]:
    """Rows of the application's files, without those of libraries and tests."""
    files = given.view.files
    skipped: dict[int, bool] = {}
    for home in homes:
        for row in below(given.view, home):
            directory = files.directory[row]
            if directory not in skipped:
                inside = files.directory_path(directory)[len(home) :].split(b"/")
                skipped[directory] = not (_LIBRARIES | _TESTS).isdisjoint(inside)
            if (
                not skipped[directory]
                and files.kind[row] == Kind.FILE
                and (
                    given.owned.owner[row] == NOBODY
                    or given.graph.packages[given.owned.owner[row]].manager not in SYSTEM
                )
            ):
                yield row
