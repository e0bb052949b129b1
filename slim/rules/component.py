"""One component of a path pattern, and whether a name matches it.

No regular expressions: a component with wildcards is run as a bit-parallel automaton, one step per
byte of the name, so that no pattern can make a name expensive. Everything is bytes: case counts,
`?` is one byte, and a leading dot is nothing special.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field


class Sign:
    """A token that is not text; compared by identity."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Sign({self.text!r})"


STAR: Final = Sign("*")
"""Any bytes, also none."""
ANY_BYTE: Final = frozenset(range(256))

Token = bytes | frozenset[int] | Sign
"""What a component is made of: literal bytes, the bytes that may stand at one place, `STAR`."""


class Component(Struct, frozen=True, eq=False):
    """One component with wildcards. `head` and `tail` are its literal ends, tested first."""

    head: bytes
    tail: bytes
    places: tuple[frozenset[int], ...]
    """The bytes that may stand at each place between them; empty if a star is all there is."""
    stars: int
    """Bit i is set if a star stands in front of place i (the last bit: behind all places)."""
    needle: bytes = b""
    """Literal bytes that a matching name has somewhere: looked for before anything is run."""
    _steps: dict[int, int] = field(default_factory=dict)
    """Byte to the places that accept it, as bits; filled as bytes are met."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Component) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[object, ...]:
        return self.head, self.tail, self.places, self.stars

    @property
    def is_star(self) -> bool:
        """Whether it is `*`, which matches every name."""
        return not (self.head or self.tail or self.places)

    @property
    def is_open(self) -> bool:
        """Whether a name may begin with anything."""
        return not self.head and bool(self.stars & 1)

    @property
    def decisive_bytes(self) -> int | None:
        """How many bytes at one end of a name decide whether it matches; None if others do, too."""
        at_end, at_start = self.stars == 1, self.stars == 1 << len(self.places)
        if (at_end and not self.head) or (at_start and not self.tail):
            return len(self.head) + len(self.places) + len(self.tail)
        return None

    def matches(self, name: bytes) -> bool:
        """Whether the whole of `name` matches: at most one step per byte, whatever the pattern."""
        if not (name.endswith(self.tail) and name.startswith(self.head)):
            return False
        if len(name) < len(self.head) + len(self.tail):
            return False
        return not self.places or self._run(name[len(self.head) : len(name) - len(self.tail)])

    def _run(self, text: bytes) -> bool:
        # Bit i is set while the first i places are matched; a star in front of place i loops on
        # bit i. This is Shift-And (Baeza-Yates and Gonnet, 1992) with stars.
        active, stars, steps, length = 1, self.stars, self._steps, len(self.places)
        if stars == 1:  # all places are at the end: what is before them does not matter
            text = text[-length:]
        elif stars == 1 << length:  # all are at the beginning
            text = text[:length]
        elif not stars and len(text) != length:
            return False
        for byte in text:
            accepting = steps.get(byte)
            if accepting is None:
                accepting = steps[byte] = self._accepting(byte)
            active = (active & accepting) << 1 | active & stars
            if not active:
                return False
        return bool(active >> length)

    def _accepting(self, byte: int) -> int:
        return sum(1 << index for index, place in enumerate(self.places) if byte in place)


class AnyDepth:
    """The type of `ANY_DEPTH`, the component `**`, which there is once: by its name it is pickled."""

    def __reduce__(self) -> str:
        return "ANY_DEPTH"


ANY_DEPTH: Final = AnyDepth()

Part = bytes | Component | AnyDepth
"""A component: literal, with wildcards, or `**`."""


def component(tokens: Sequence[Token]) -> bytes | Component:
    """A literal if all tokens are literal, else literal ends around the rest.

    Several stars in a row are one star.
    """
    if len(tokens) == 1 and isinstance(tokens[0], bytes):
        return tokens[0]
    first, last = 0, len(tokens)
    while first < last and isinstance(tokens[first], bytes):
        first += 1
    head = _join(tokens[:first])
    if first == last:
        return head
    while isinstance(tokens[last - 1], bytes):
        last -= 1
    places: list[frozenset[int]] = []
    stars = 0
    for token in tokens[first:last]:
        if isinstance(token, bytes):
            places.extend(frozenset({byte}) for byte in token)
        elif isinstance(token, frozenset):
            places.append(token)
        else:
            stars |= 1 << len(places)
    return Component(head, _join(tokens[last:]), tuple(places), stars, _needle(places, stars))


def _needle(places: Sequence[frozenset[int]], stars: int) -> bytes:
    """The longest run of single bytes that no star interrupts."""
    best = run = b""
    for index, place in enumerate(places):
        if stars >> index & 1 or len(place) != 1:
            run = b""
        if len(place) == 1:
            run += bytes(place)
            best = max(best, run, key=len)
    return best


def _join(tokens: Sequence[Token]) -> bytes:
    return b"".join([token for token in tokens if isinstance(token, bytes)])
