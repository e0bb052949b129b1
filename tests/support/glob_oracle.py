"""The language of globs once more, slow and simple, and patterns of all kinds."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from slim.rules.glob_syntax import GlobError, parse_glob


def expand(pattern: str) -> list[str]:
    start = pattern.find("{")
    if start < 0:
        return [pattern]
    depth, pieces, last = 0, [], start + 1
    for at in range(start, len(pattern)):
        char = pattern[at]
        depth += (char == "{") - (char == "}")
        if (char == "," and depth == 1) or depth == 0:
            pieces.append(pattern[last:at])
            last = at + 1
        if depth == 0:
            break
    tail = pattern[last:]
    return [text for piece in pieces for text in expand(pattern[:start] + piece + tail)]


def component_matches(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(component_matches(pattern[1:], name[n:]) for n in range(len(name) + 1))
    if not name:
        return False
    if pattern[0] == "[":
        end = pattern.index("]")
        body = pattern[1:end]
        negated, body = body[0] == "!", body.lstrip("!")
        inside = body[0] <= name[0] <= body[2] if body[1:2] == "-" else name[0] in body
        return inside != negated and component_matches(pattern[end + 1 :], name[1:])
    return pattern[0] in ("?", name[0]) and component_matches(pattern[1:], name[1:])


def parts_match(parts: Sequence[str], names: Sequence[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        if len(parts) == 1:
            return len(names) >= 1
        return any(parts_match(parts[1:], names[n:]) for n in range(len(names) + 1))
    if not names or not component_matches(parts[0], names[0]):
        return False
    return parts_match(parts[1:], names[1:])


def oracle(pattern: str, path: str) -> bool:
    return any(parts_match(text.split("/"), path.split("/")) for text in expand(pattern))


NAMES = st.text("abc.", min_size=1, max_size=5).filter(lambda name: name not in (".", ".."))
PIECES = st.sampled_from(["a", "b", "c", ".", "*", "?", "[ab]", "[!a]", "[a-b]", "{a,bc}", "{,b}"])

COMPONENTS = st.one_of(
    st.just("**"),
    st.just("*"),
    NAMES,
    st.lists(PIECES, min_size=1, max_size=4).map("".join),
    st.sampled_from(["{a,b/c}", "{a,b/{c,*}}", "{**/a,b}", "*.a", "a*", "**"]),
)

PATTERNS = st.lists(COMPONENTS, min_size=1, max_size=5).map("/".join)


def is_valid(pattern: str) -> bool:
    try:
        parse_glob(pattern)
    except GlobError:
        return False
    return True
