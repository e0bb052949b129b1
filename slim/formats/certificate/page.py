"""A certificate as JSON, text, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Iterator

from slim.formats import gfm
from slim.formats.certificate.document import json_pieces
from slim.formats.certificate.sections import (
    Section,
    headline,
    left_out,
    name_of,
    proof_sentence,
    sections,
)
from slim.formats.html import sheet
from slim.formats.model import RenderOptions
from slim.formats.terminal import clean
from slim.formats.text.layout import Layout, layout_of
from slim.repack.certificate import Certificate
from slim.units import Units
from slim.version import VERSION


def render_certificate(certificate: Certificate, form: str, units: Units) -> Iterator[str]:
    """The pieces of its text for a file with this ending (`json`, `txt`, `md`, `html`), or as `text`."""
    if form == "json":
        yield from json_pieces(certificate)
    elif form == "md":
        yield "\n".join(_markdown(certificate, units)) + "\n"
    elif form == "html":
        yield _html(certificate, units)
    else:
        page = layout_of(RenderOptions(units=units))
        yield "\n".join(_text(certificate, page)) + "\n"


def _text(certificate: Certificate, page: Layout) -> Iterator[str]:
    for image in certificate.images:
        name = clean(name_of(image, certificate), 60)
        yield page.wrapped(
            f"{name} ({clean(image.source.platform, 40)}): {headline(image, page.units)}"
        )
        yield page.wrapped(proof_sentence(image.proof), rest="")
        for section in sections(image, page.units):
            yield from _text_section(section, page)
    beside = left_out(certificate)
    if beside is not None:
        yield from _text_section(beside, page)


def _text_section(section: Section, page: Layout) -> Iterator[str]:
    rows = [[clean(cell, 200) for cell in row] for row in section.rows]
    yield f"\n{section.title}:"
    yield page.table(rows, section.header, section.align)
    if section.text:
        yield f"  {section.text}"


def _markdown(certificate: Certificate, units: Units) -> Iterator[str]:
    for image in certificate.images:
        yield f"## {gfm.code(name_of(image, certificate))}: {headline(image, units)}\n"
        yield f"{proof_sentence(image.proof)}\n"
        yield (
            f"{gfm.code(image.source.digest)} → {gfm.code(image.result.digest)},"
            f" {gfm.code(image.source.platform)}, level {certificate.level},"
            f" layers {certificate.layer_mode}, {certificate.tool}\n"
        )
        for section in sections(image, units):
            yield from _markdown_section(section)
    beside = left_out(certificate)
    if beside is not None:
        yield from _markdown_section(beside)


def _markdown_section(section: Section) -> Iterator[str]:
    yield f"### {section.title}\n"
    rows = [
        [
            gfm.code(cell, 120, in_table=True)
            if column == section.untrusted
            else gfm.prose(cell, in_table=True)
            for column, cell in enumerate(row)
        ]
        for row in section.rows
    ]
    yield gfm.table(section.header, section.align, rows) + "\n"
    if section.text:
        yield f"{section.text}\n"


def _html(certificate: Certificate, units: Units) -> str:
    images = [
        {
            "name": name_of(image, certificate),
            "platform": image.source.platform,
            "headline": headline(image, units),
            "proof": proof_sentence(image.proof),
            "holds": not image.proof.differences,
            "before": image.source.digest,
            "after": image.result.digest,
            "sections": [_cells(section) for section in sections(image, units)],
        }
        for image in certificate.images
    ]
    beside = left_out(certificate)
    values = {
        "images": images,
        "beside": _cells(beside) if beside is not None else None,
        "certificate": certificate,
        "tool": {"version": VERSION},
    }
    return sheet.fill("certificate.j2", values, RenderOptions(units=units))


def _cells(section: Section) -> dict[str, object]:
    """For the template, which escapes and cuts every text."""
    sides = ["right" if letter == "r" else "left" for letter in section.align]
    return {
        "title": section.title,
        "text": section.text,
        "columns": list(zip(section.header, sides, strict=True)),
        "rows": [
            [
                (cell, side, column == section.untrusted)
                for column, (cell, side) in enumerate(zip(row, sides, strict=True))
            ]
            for row in section.rows
        ],
    }
