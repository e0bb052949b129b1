"""What a certificate tells people: sentences and tables, which each format writes in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nsmallest
from typing import NamedTuple

from slim.formats import words
from slim.repack.certificate import Certificate, PlatformCertificate, Proof
from slim.report.untrusted import Text, untrusted
from slim.units import Units, format_percent

_MOST = 20
"""Removed paths that are listed; the JSON has all of them."""
_WHAT = {
    "base": "base image, not touched",
    "unchanged": "nothing to remove",
    "frozen": "left as it is",
    "rewritten": "written again",
    "emptied": "nothing left of it",
    "merged": "merged",
}


class Section(NamedTuple):
    """A table and the sentence above it."""

    title: str
    text: str
    header: Sequence[str]
    align: str
    """`l` or `r` for each column."""
    rows: Sequence[Sequence[Text]]
    """Only those of `untrusted` columns may hold text of strangers."""
    untrusted: int = -1
    """The column that holds text from the image; -1 for none."""


def headline(image: PlatformCertificate, units: Units) -> str:
    """`464 MB → 263 MB on disk (−43%), 1.10 MB → 0.9 MB to pull`."""
    before, after = image.source.amount, image.result.amount
    less = before.disk_bytes - after.disk_bytes
    share = f" (−{format_percent(less, before.disk_bytes)})" if less > 0 else ""
    return (
        f"{units.size(before.disk_bytes)} → {units.size(after.disk_bytes)} on disk{share},"
        f" {units.size(before.pull_bytes)} → {units.size(after.pull_bytes)} to pull"
    )


def proof_sentence(proof: Proof) -> str:
    """What the comparison of both filesystems came to."""
    compared = f"{words.count(proof.paths, 'path')} compared"
    count = len(proof.differences) + proof.omitted_differences
    if count:
        return f"The filesystems differ at {words.count(count, 'path')} that nobody chose ({compared})."
    if proof.expected:
        return (
            f"The filesystem is the source's without {words.count(proof.expected, 'path')} that"
            f" {'was' if proof.expected == 1 else 'were'} chosen ({compared})."
        )
    return f"The filesystem is the source's, path by path ({compared})."


def sections(image: PlatformCertificate, units: Units) -> Iterator[Section]:
    """The tables of one image; empty ones are left out."""
    if image.reasons:
        yield Section(
            "What went",
            "",
            ("rule", "paths", "on disk", "why"),
            "lrrl",
            [
                (reason.rule, f"{reason.paths:,}", units.size(reason.disk_bytes), reason.text)
                for reason in image.reasons
            ],
        )
    largest = nsmallest(
        _MOST, image.removed, lambda path: (-path.disk_bytes, path.layer, path.path)
    )
    if largest:
        more = len(image.removed) - len(largest)
        yield Section(
            "Largest of them",
            f"And {words.count(more, 'other path')}, all listed in the JSON." if more else "",
            ("on disk", "layer", "rule", "path"),
            "rrll",
            [
                (
                    units.size(path.disk_bytes),
                    str(path.layer),
                    path.rule,
                    untrusted(f"/{path.path}"),
                )
                for path in largest
            ],
            untrusted=3,
        )
    yield Section(
        "Layers",
        "",
        ("layer", "entries", "to pull", "what happened"),
        "rrrl",
        [
            (
                str(layer.layer),
                f"{layer.entries:,} → {layer.kept_entries + layer.added_entries:,}",
                f"{units.size(layer.pull_bytes)} → {units.size(layer.new_pull_bytes)}",
                _WHAT[layer.what] + (f": {layer.why}" if layer.why else ""),
            )
            for layer in image.layers
        ],
    )
    if image.unapplied:
        yield Section(
            "Chosen, and not done",
            "",
            ("rule", "on disk", "why"),
            "lrl",
            [
                (choice.rule, units.size(choice.disk_bytes), choice.why)
                for choice in image.unapplied
            ],
        )
    if image.observed:
        yield Section(
            "Kept because a run used it",
            "",
            ("path",),
            "l",
            [(untrusted(f"/{path}"),) for path in image.observed[:_MOST]],
            untrusted=0,
        )


def left_out(certificate: Certificate) -> Section | None:
    """What was beside the source and does not match the result."""
    if not certificate.left_out:
        return None
    return Section(
        "Not copied, since it is about the source",
        "",
        ("kind and digest",),
        "l",
        [(untrusted(f"{document.kind} {document.digest}"),) for document in certificate.left_out],
        untrusted=0,
    )


def name_of(image: PlatformCertificate, certificate: Certificate) -> Text:
    """What the image is called."""
    return untrusted(image.source.names[0] if image.source.names else certificate.source)
