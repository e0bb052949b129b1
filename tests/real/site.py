"""Pages of slim on a loopback server, and what was asked of it; the reports that pages are made of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec.structs import replace

import slim
from slim.report.comparison import Comparison
from slim.report.gates import Gates
from slim.report.judge import judge
from slim.report.model import PackageInfo, Report, TreeNode
from slim.report.untrusted import untrusted
from tests.real.browser import Page
from tests.support.reports import MB, clean, hostile, over

HTML = "text/html; charset=utf-8"
PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><style>*{background:url(//evil.example/x)}</style>",
    "</title><img src=//evil.example/x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<svg onload=alert(1)><animate onbegin=alert(1)>",
    "</text></svg><iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href=javascript:alert(1)>x</a><base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example/><button autofocus>x",
    "{{ 7*7 }}{% raw %}${7*7}",
    "}*{background:url(//evil.example/x)}",
    "url(//evil.example/x)",
    "]]><![CDATA[<script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#x3c;b&#x3e;",
    "\u202egnp.exe\u2066\u200b",
    "\x00\x08\x1b[31m",
    "ünïcode 文件 🐙",
    "x" * 5_000,
    "<b>" * 1_700,
)
"""Names that would do something in a page, were they not shown as text."""


@dataclass
class Site:
    """Pages on a loopback server, and what was asked of it."""

    address: str
    pages: dict[str, tuple[bytes, str, str]] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)

    def add(self, name: str, text: str, policy: str = "", kind: str = HTML) -> str:
        """Serve a page with a content security policy; its address."""
        self.pages[f"/{name}"] = text.encode(), policy, kind
        return f"{self.address}/{name}"


@contextmanager
def serve() -> Iterator[Site]:
    """A server as long as it is needed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requested.append(self.path)
            body, policy, kind = site.pages.get(self.path, (b"", "", HTML))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@cache
def fat() -> Report:
    """A real image's report, over its budget."""
    report = slim.analyze(
        "fixtures/phoenix-fat.tar", dockerfile="fixtures/phoenix-fat.Dockerfile", verify=False
    )
    return judge(report, Gates(size=340 * MB, fail_on=("high",)))


@cache
def change() -> Comparison:
    before = slim.analyze("fixtures/phoenix-slim.tar", verify=False, all_files=True)
    return slim.compare(
        before, slim.analyze("fixtures/phoenix-fat.tar", verify=False, all_files=True)
    )


PAGES: dict[str, Callable[[], Report | Comparison]] = {
    "fat": fat,
    "change": change,
    "clean": clean,
    "over": over,
}


def dangerous(names: tuple[str, ...]) -> Report:
    """The names in every place of a report that a page shows."""
    count = len(names)
    tree = [TreeNode(disk_bytes=count * 3 * MB, pull_bytes=count, files=count)]
    for name in names:
        folder = len(tree)
        numbers: dict[str, Any] = {"disk_bytes": 3 * MB, "pull_bytes": 1, "files": 1, "layer": 0}
        tree.append(TreeNode(parent=0, name=untrusted(name), **numbers))
        tree.append(
            TreeNode(
                parent=folder, kind="file", name=untrusted(name), reclaimable_bytes=MB, **numbers
            )
        )
    packages = [
        PackageInfo(
            manager=name,
            name=untrusted(name),
            version=untrusted(name),
            disk_bytes=MB,
            pull_bytes=1,
            files=1,
            layer=0,
            why=name,
        )
        for name in names
    ]
    return replace(hostile(names), tree=tree, packages=packages)


def shown(page: Page, selector: str) -> int:
    """How many elements are drawn."""
    found = page.run(
        f"[...document.querySelectorAll({selector!r})].filter(e => e.getClientRects().length > 0"
        " && getComputedStyle(e).visibility == 'visible').length"
    )
    return int(found)


def largest() -> Report:
    """A report with as much of everything as slim writes of an image of a million files."""
    sample = fat()
    tree = [replace(sample.tree[0], files=1_000_000)]
    tree += [
        TreeNode(
            parent=(number - 1) // 8, name=untrusted(f"directory-{number}"),
            layer=number % len(sample.layers),
            disk_bytes=10_000_000_000 // (number + 1), pull_bytes=1_000_000 // (number + 1), files=400,
            reclaimable_bytes=1_000_000 // (number + 1), rule="DEB004",
        )
        for number in range(1, 2_500)
    ]  # fmt: skip
    packages = [
        replace(
            sample.packages[0],
            name=untrusted(f"package-{number}"),
            disk_bytes=(5_000 - number) * 1_000,
        )
        for number in range(5_000)
    ]
    files = [
        replace(
            sample.largest_files[0],
            path=untrusted(f"usr/lib/python3/dist-packages/module-{number}/x.py"),
        )
        for number in range(1_000)
    ]
    layers = [replace(sample.layers[-1], index=number) for number in range(127)]
    return replace(sample, tree=tree, packages=packages, largest_files=files, layers=layers)
