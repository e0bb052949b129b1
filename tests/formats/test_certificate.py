"""A certificate in each of its forms: the JSON in pieces, and pages that hold text of strangers."""

from __future__ import annotations

import json
import re

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]
from msgspec.structs import replace

from slim.formats.certificate import FORMS, render_certificate
from slim.formats.json import as_json
from slim.repack.certificate import (
    Amount,
    Certificate,
    LayerChange,
    LeftOut,
    PlatformCertificate,
    Proof,
    Reason,
    RemovedPath,
    Side,
)
from slim.units import SI

HOSTILE = (
    '\n      "removed": []',
    "<script>alert(1)</script>",
    "a|b`c`\n# d",
    "[x](javascript:alert(1))",
    "\x1b[31mred\x9b0m\u202e",
    "##vso[task.setvariable variable=x]y",
    "\n::error::x",
    "\x7f é \U0001f600",
)


def removed(count: int) -> tuple[RemovedPath, ...]:
    return tuple(
        RemovedPath(f"{HOSTILE[at % len(HOSTILE)]}{at}", at % 3, at, at // 2, "DEB001", at % 2 == 0)
        for at in range(count)
    )


def certificate(*counts: int) -> Certificate:
    """An image for each count of removed paths."""
    amount = Amount(2_000, 1_000, 3, 5, 10)
    side = Side("sha256:a", "sha256:b", "linux/amd64", (HOSTILE[1],), amount)
    change = LayerChange(0, "rewritten", "sha256:c", "sha256:d", 9, 8, 7, 6, 5)
    one = PlatformCertificate(
        source=side,
        result=side,
        layers=(change,),
        reasons=(Reason("DEB001", "lists of packages", 1, 2),),
        removed=(),
        observed=HOSTILE,
        unapplied=(),
        predicted=None,
        proof=Proof(3, 2, 1, ()),
    )
    images = tuple(replace(one, removed=removed(count)) for count in counts)
    left_out = (LeftOut("sha256:e", HOSTILE[1]),)
    return Certificate(
        "1.0", "repack-certificate", "slim 1", "all", "keep", HOSTILE[2], images, left_out
    )


@pytest.mark.parametrize("counts", [(), (0,), (1,), (999, 1_000, 1_001), (0, 2_500, 0)], ids=str)
def test_the_pieces_are_the_document(counts: tuple[int, ...]) -> None:
    document = certificate(*counts)
    pieces = list(render_certificate(document, "json", SI))
    assert "".join(pieces) == as_json(document)
    assert max(map(len, pieces)) < 400_000
    paths = [
        [each["path"] for each in one["removed"]] for one in json.loads("".join(pieces))["images"]
    ]
    assert paths == [[each.path for each in removed(count)] for count in counts]


@pytest.mark.parametrize("form", [*FORMS, "text"])
def test_no_text_of_the_image_leaves_its_place(form: str) -> None:
    page = "".join(render_certificate(certificate(len(HOSTILE)), form, SI))
    assert "DEB001" in page
    assert "\x1b" not in page
    assert "\x9b" not in page
    assert "\u202e" not in page
    assert "##vso[" not in page
    assert "\n::error" not in page
    if form == "html":
        assert page.count("<script") == 1  # its own
    if form == "md":
        shown = cmarkgfm.github_flavored_markdown_to_html(page, Options.CMARK_OPT_UNSAFE)
        assert not re.findall("<(?:script|a|h1)[ >]", shown)
