"""Options and operands of command lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def behind_options(
    words: tuple[str, ...], valued: Collection[str], operands: int = 0
) -> tuple[str, ...]:
    """The words behind options and `operands`; the value of a `valued` option is the next word, and so is
    that of one that ends a cluster of letters. `--*` among them: every long option has a value.

    >>> behind_options(("-n", "web", "serve", "-p", "80"), {"-n"})
    ('serve', '-p', '80')
    >>> behind_options(("-EHu", "app", "serve"), {"-u"})
    ('serve',)
    """
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            at += 1
            if not operands:
                return words[at:]
        elif word.startswith("-") and len(word) > 1:
            at += 2 if _takes_next(word, valued) else 1
        elif operands:
            operands -= 1
            at += 1
        else:
            return words[at:]
    return ()


def _takes_next(option: str, valued: Collection[str]) -> bool:
    """Whether the value of an option is the next word."""
    if option in valued or option.startswith("--"):
        return option in valued or ("--*" in valued and "=" not in option)
    letters = [f"-{letter}" for letter in option[1:]]
    # What stands behind a letter that has a value is its value.
    return letters[-1] in valued and not any(letter in valued for letter in letters[:-1])


def option_values(words: Sequence[str], options: Collection[str]) -> list[str]:
    """The values of some options.

    >>> option_values(("--name", "a", "--name=b", "c"), {"--name"})
    ['a', 'b']
    """
    found: list[str] = []
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word in options and at + 1 < len(words):
            found.append(words[at + 1])
        elif equals and name in options:
            found.append(value)
    return found
