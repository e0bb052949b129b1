"""Boxes and bars → SVG.

Everything is an attribute, so that it shows where style sheets are not allowed; in a page with one the
classes override the fills (dark mode). Text is escaped here: these strings go into pages as they are.
"""

from __future__ import annotations

import html
from collections.abc import Container, Iterable, Sequence

from slim.formats.html import zoom
from slim.formats.html.tones import FILLS, STRIPES, TEXT
from slim.formats.html.treemap import HEADER, Box, Item, layout
from slim.formats.log_commands import quiet_page
from slim.formats.terminal import shorten
from slim.units import Units

WIDTH, HEIGHT = 1120, 600
_NARROW = frozenset("iljtfr.,:;'|!()[]/\\- ")
_BROAD = frozenset("mwMWQOG@%—…")
_BOLD = 1.12
"""How much wider bold letters are."""
_LINE = 15


def treemap(
    items: Sequence[Item],
    label: str,
    units: Units,
    *,
    links: Container[str] = (),
    numbered: bool = False,
    limit: int = 320,
) -> str:
    """A drawing of `WIDTH` × `HEIGHT`; `label` is its text for those who do not see it.

    Boxes whose target is among `links` lead there; `numbered` ones know their line of `zoom.lines`.
    """
    boxes = layout(items, WIDTH, HEIGHT, limit)
    numbers = {id(item): at for at, item in enumerate(zoom.walk(items))} if numbered else {}
    body = "".join(_box(box, numbers.get(id(box.item)), links, units) for box in boxes)
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(label)}"'
        f' font-family="system-ui, sans-serif" font-size="12">{body}</svg>'
    )


def document(title: str, drawing: str, legend: Iterable[tuple[str, str]]) -> str:
    """A drawing as a file of its own, with a title and a legend."""
    head, step = 40, 20
    rows = list(legend)
    height = head + HEIGHT + 16 + step * -(-len(rows) // 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 20} {height}"'
        f' width="{WIDTH + 20}" height="{height}" font-family="system-ui, sans-serif">',
        patterns(),
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="10" y="26" font-size="17"'
        f' font-weight="600" fill="{TEXT[0]}">{_escape(title)}</text>',
        f'<svg x="10" y="{head}" width="{WIDTH}" height="{HEIGHT}" {drawing.removeprefix("<svg ")}',
    ]
    for number, (tone, says) in enumerate(rows):
        x = 10 + number % 2 * WIDTH // 2
        y = head + HEIGHT + 14 + number // 2 * step
        parts.append(
            f'<rect x="{x}" y="{y}" width="14" height="14" rx="2" fill="{_paint(tone)}"/>'
            f'<text x="{x + 20}" y="{y + 11}" font-size="12" fill="{TEXT[0]}">{_escape(says)}</text>'
        )
    return quiet_page("".join(parts) + "</svg>\n")


def patterns() -> str:
    """What `fill="url(#…)"` refers to: the hatching of waste."""
    hatchings = []
    for tone, (stripe, _) in STRIPES.items():
        turn = 45 if tone == "gone" else -45
        hatchings.append(
            f'<pattern id="{tone}-hatch" width="8" height="8" patternUnits="userSpaceOnUse"'
            f' patternTransform="rotate({turn})"><rect class="{tone}" width="8" height="8"'
            f' fill="{FILLS[tone][0]}"/><rect class="{tone}-stripe" width="3" height="8"'
            f' fill="{stripe}"/></pattern>'
        )
    return f"<defs>{''.join(hatchings)}</defs>"


def bar(parts: Sequence[tuple[str, int]], whole: int, width: int = 200, height: int = 12) -> str:
    """A bar of (tone, bytes) parts; its full width is `whole` bytes. The numbers stand beside it."""
    at = 0
    drawn = []
    for tone, value in parts:
        begin, end = (width * min(edge, whole) / max(whole, 1) for edge in (at, at + value))
        at += value
        if end - begin > 0:
            drawn.append(
                f'<rect{_class(tone)} x="{begin:.1f}" width="{max(end - begin, 0.6):.1f}"'
                f' height="{height}" fill="{_paint(tone)}"/>'
            )
    return (
        f'<svg class="bar" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' preserveAspectRatio="none" aria-hidden="true">{"".join(drawn)}</svg>'
    )


def change_bar(change: int, largest: int, width: int = 150, height: int = 12) -> str:
    """A bar from the middle: to the right for more, to the left for less."""
    middle = width / 2
    length = middle * min(abs(change), largest) / max(largest, 1)
    length = max(length, 0.8) if change else 0.0
    tone = "grew" if change > 0 else "shrank"
    return (
        f'<svg class="bar" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' aria-hidden="true"><rect{_class(tone)} x="{middle - (0 if change > 0 else length):.1f}"'
        f' width="{length:.1f}" height="{height}" fill="{_paint(tone)}"/>'
        f'<path d="M{middle:.1f} 0v{height}" stroke="#7a8592"/></svg>'
    )


def swatch(tone: str) -> str:
    """A small square in the colour of a legend's entry."""
    return (
        '<svg class="swatch" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">'
        f'<rect{_class(tone)} width="14" height="14" rx="2" fill="{_paint(tone)}"/></svg>'
    )


def _paint(tone: str) -> str:
    return f"url(#{tone}-hatch)" if tone in STRIPES else FILLS[tone][0]


def _class(tone: str) -> str:
    return "" if tone in STRIPES else f' class="{tone}"'


def _box(box: Box, number: int | None, links: Container[str], units: Units) -> str:
    item = box.item
    x, y, width, height = box.place
    inner = (x + 0.6, y + 0.6, max(width - 1.2, 0.4), max(height - 1.2, 0.4))
    parts = [f"<title>{_escape(item.says)}</title>"]
    if box.frame:
        shape = 'class="frame" fill="#f4f6f8" stroke="#aab4bf"'
        parts += [
            _rectangle(inner, shape),
            *_header(item, item.shown or units.size(item.value), x, y, width),
        ]
    else:
        parts.append(_rectangle(inner, f'{_class(item.tone)} fill="{_paint(item.tone)}"'))
        if item.gone > 0 and item.value > 0:
            share = min(1.0, item.gone / item.value)
            left, top, wide, high = inner
            strip = (left, top + high * (1 - share), wide, high * share)
            parts.append(_rectangle(strip, f'fill="{_paint("gone")}"'))
        size = item.shown or units.size(item.value)
        parts += _label(item, size, x, y, width, height)
    about = f'class="{"dir" if box.frame else "box"}"'
    if number is not None:
        about += f' data-i="{number}"'
    if item.target in links:
        return f'<a href="#{item.target}" tabindex="-1" {about}>{"".join(parts)}</a>'
    return f"<g {about}>{''.join(parts)}</g>"


def _rectangle(place: tuple[float, float, float, float], more: str) -> str:
    x, y, width, height = place
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {more.lstrip()}/>'
    )


def _header(item: Item, size: str, x: float, y: float, width: float) -> list[str]:
    room = width - 10
    with_size = _BOLD * _wide(item.name) + 4 + _wide(size) <= room
    name = item.name if with_size else _fit(item.name, room / _BOLD)
    text = f'<tspan font-weight="600">{_escape(name)}</tspan>'
    if with_size:
        text += f" {_escape(size)}"
    return [_text(x + 5, y + HEADER - 5, text)]


def _label(item: Item, size: str, x: float, y: float, width: float, height: float) -> list[str]:
    """Name and size, as far as they fit."""
    room = width - 8
    if room < 22 or height < _LINE + 2:
        return []
    lines = [_escape(_fit(item.name, room))]
    for number, text in enumerate((size, item.rule if item.gone > 0 else ""), 2):
        if text and height >= number * _LINE + 4 and _wide(text) * 11 / 12 <= room:
            lines.append(_escape(text))
    return [
        _text(x + 5, y + 13 + number * _LINE, line, faint=number > 0)
        for number, line in enumerate(lines)
    ]


def _fit(name: str, room: float) -> str:
    """As much of a name as fits `room` pixels: of a short one the beginning, of a long one both ends."""
    if _wide(name) <= room:
        return name
    letters = min(len(name), int(room / 4))
    while letters > 3:
        text = shorten(name, letters) if letters > 11 else f"{name[: letters - 1]}…"
        if _wide(text) <= room:
            return text
        letters -= 1
    return ""


def _wide(text: str) -> float:
    """Pixels that a text of 12 takes at most, in the broad fonts of its kind."""
    return sum(
        4.7
        if letter in _NARROW
        else 12.0
        if letter in _BROAD or not letter.isascii()
        else 8.9
        if letter.isupper()
        else 7.7
        for letter in text
    )


def _text(x: float, y: float, text: str, *, faint: bool = False) -> str:
    small = ' font-size="11"' if faint else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{small} fill="{TEXT[0]}">{text}</text>'


def _escape(text: str) -> str:
    return html.escape(text, quote=False)
