"""Takes fields out of a TOML table, noting every fault instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from slim.rules.faults import Fault
from slim.rules.glob_syntax import GlobError, TextGlob, parse_glob, parse_text_glob
from slim.rules.suggestions import suggestion
from slim.rules.toml_text import Positions
from slim.rules.variables import bind
from slim.rules.vocabulary import NO_WORDS, Vocabulary

MAX_TEXT = 2_000
"""Longest text of a field, in characters."""
MAX_ITEMS = 512
"""Most items of a list."""
MAX_UNKNOWN = 20
"""Most unknown keys of a table that are noted one by one."""

W = TypeVar("W", bound=str)


class Note(Protocol):
    """Notes a fault."""

    def __call__(self, text: str, key: str = "", value: str = "") -> None:
        """`text` is wrong at `key`, more precisely at `value`, a piece of its value."""


class Notes:
    """Turns what is wrong with one table, given as name and index, into faults with lines."""

    def __init__(
        self,
        file: str,
        positions: Positions,
        table: tuple[str, int],
        rule: str,
        faults: list[Fault],
    ) -> None:
        self.file = file
        self._positions = positions
        self._table = table
        self._rule = rule
        self._faults = faults
        self.keys: set[str] = set()
        """The keys at which something was wrong, empty for the table as a whole."""

    def add(self, text: str, key: str = "", value: str = "") -> None:
        """A `Note`."""
        self.keys.add(key)
        self._faults.append(Fault(self.file, self.line(key, value), self._rule, text))

    def line(self, key: str = "", value: str = "") -> int:
        """The line of `key`, or of the item `value` of it, else of the table."""
        return self._positions.line(*self._table, key, value)


class Fields:
    """One table being read. A field with a fault reads as its default, so that reading goes on."""

    def __init__(
        self, values: dict[str, object], note: Note, vocabulary: Vocabulary = NO_WORDS
    ) -> None:
        self._values = values
        self.note = note
        self.vocabulary = vocabulary

    def names(self) -> list[str]:
        """The keys of the table."""
        return list(self._values)

    def has(self, key: str) -> bool:
        """Whether the table has `key`."""
        return key in self._values

    def raw(self, key: str) -> object:
        """The value of `key` as TOML gives it, or None."""
        return self._values.get(key)

    def text(self, key: str, *, required: bool = False, multiline: bool = False) -> str:
        """A text, stripped; empty when it is absent."""
        if not self._present(key, required):
            return ""
        value = self.raw(key)
        if not isinstance(value, str) or not value.strip():
            self.note(f"`{key}` must be a text that is not empty", key)
            return ""
        self.check_text(key, value, multiline=multiline)
        return value.strip()

    def choice(self, key: str, words: Sequence[W], default: W | None = None) -> W:
        """One of `words`; required when there is no default."""
        fallback = words[0] if default is None else default
        if not self._present(key, default is None):
            return fallback
        value = self.raw(key)
        for word in words:
            if word == value:
                return word
        hint = suggestion(value, words) if isinstance(value, str) else ""
        self.note(f"`{key}` must be one of {', '.join(words)}{hint}", key)
        return fallback

    def flag(self, key: str) -> bool:
        """True or false; false when it is absent."""
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.note(f"`{key}` must be true or false", key)
        return False

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts without repetition; empty when it is absent."""
        if not self._present(key, required):
            return ()
        value = self.raw(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.note(f"`{key}` must be a list of texts", key)
            return ()
        if len(value) > MAX_ITEMS:
            self.note(f"`{key}` has {len(value)} items, the limit is {MAX_ITEMS}", key)
            return ()
        kept: dict[str, None] = {}
        for item in value:
            if not item.strip():
                self.note(f"`{key}` has an empty item", key)
            elif item in kept:
                self.note(f"`{key}` has {item!r} twice: remove one", key, item)
            else:
                kept[item] = None
        return tuple(kept)

    def prose(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts for people."""
        texts = self.texts(key, required=required)
        for text in texts:
            self.check_text(key, text)
        return texts

    def globs(self, key: str) -> tuple[str, ...]:
        """A list of path globs that compile, as written."""
        return tuple(glob for glob in self.texts(key) if self._compiles(key, glob))

    def text_globs(self, key: str) -> tuple[TextGlob, ...]:
        """A list of compiled text globs."""
        compiled: list[TextGlob] = []
        for text in self.texts(key):
            try:
                compiled.append(parse_text_glob(text))
            except GlobError as error:
                self.note(f"`{key}`: {error}", key, text)
        return tuple(compiled)

    def check_text(self, key: str, value: str, *, multiline: bool = False) -> None:
        """Note a text that is too long or holds control characters."""
        if len(value) > MAX_TEXT:
            self.note(f"`{key}` is longer than {MAX_TEXT} characters: shorten it", key)
        elif not (value.replace("\n", "") if multiline else value).isprintable():
            self.note(f"`{key}` holds a line break or a control character", key)

    def inner(self, key: str, values: dict[str, object]) -> Fields:
        """The fields of the inline table at `key`."""

        outer, outer_key = self.note, key

        def note(text: str, key: str = "", value: str = "") -> None:
            outer(f"`{outer_key}`: {text}", outer_key, value or key)

        return Fields(values, note, self.vocabulary)

    def unknown(self, known: Sequence[str]) -> None:
        """Note the keys that are not in `known`."""
        unknown = [key for key in self._values if key not in known]
        for key in unknown[:MAX_UNKNOWN]:
            hint = suggestion(key, known) or f"; known are {', '.join(known)}"
            self.note(f"unknown key `{key[:64]}`{hint}", key)
        if len(unknown) > MAX_UNKNOWN:
            self.note(f"… and {len(unknown) - MAX_UNKNOWN} more unknown keys")

    def _present(self, key: str, required: bool) -> bool:
        if self.has(key):
            return True
        if required:
            self.note(f"`{key}` is missing")
        return False

    def _compiles(self, key: str, pattern: str) -> bool:
        try:
            # Values are taken literally: a pattern that compiles with one compiles with any.
            samples = self.vocabulary.samples
            for bound in bind(pattern, {name: values[:1] for name, values in samples.items()}):
                parse_glob(bound)
        except GlobError as error:
            self.note(f"`{key}`: {error}", key, pattern)
            return False
        return True
