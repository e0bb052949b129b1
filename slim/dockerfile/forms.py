"""What a builder would write into the history for one step: the keys and patterns to look for.

A RUN is never substituted by the builder (its shell does that); ENV, COPY and the like are. Where
a value is not known the form is a pattern: a key with gaps. There are several forms
because builders differ: BuildKit and the classic builder print the parsed instruction, buildah and
kaniko mostly what is written.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from slim.dockerfile import canon
from slim.dockerfile.chain import Step
from slim.dockerfile.parse import exec_form
from slim.dockerfile.syntax import (
    UNKNOWN,
    Text,
    assignments,
    concat,
    expand,
    heredoc_markers,
    heredoc_words,
    literal,
    split_flags,
    split_words,
)
from slim.patterns import regex

MAX_CUMULATIVE = 64
"""ARGs of a stage up to which buildah's cumulative ARG texts are foreseen."""

_SPACES = regex(r"\s+")
_DESTINATION = "\0@"
_SOMEWHERE = "/\0"


class Forms(Struct, frozen=True):
    """The keys of one step, any of which may stand in the history, and patterns of more keys."""

    keyword: str
    keys: frozenset[str]
    patterns: tuple[Text, ...]


class Scope(Struct, frozen=True):
    """What is known about the build when a step begins."""

    variables: Mapping[str, Text | None]
    otherwise: Text | None
    """The value of a name that is not in `variables`."""
    workdir: Text
    declared: Mapping[str, bool]
    """The stage's ARGs up to and including this step: whether the Dockerfile gives them a value."""
    escape: str
    shells: Sequence[str]

    def expand(self, word: str) -> Text:
        """The word with its variables substituted."""
        return expand(word, self.variables, otherwise=self.otherwise, escape=self.escape)


def forms(step: Step, scope: Scope) -> Forms:
    """All forms of a step; none for an instruction that no builder knows."""
    texts = list(_texts(step, scope))
    known = [literal(text) for text in texts]
    return Forms(
        step.keyword,
        frozenset(text for text in known if text is not None),
        tuple(text for text, whole in zip(texts, known, strict=True) if whole is None),
    )


def declarations(value: str, escape: str) -> list[tuple[str, str | None]]:
    """The names and defaults of an ARG."""
    parts = (word.partition("=") for word in split_words(value, escape))
    return [(name, default if equals else None) for name, equals, default in parts]


def directory(path: Text, workdir: Text) -> Text:
    """The working directory that WORKDIR `path` sets, from the one before it."""
    known, before = literal(path), literal(workdir)
    if known is None:
        absolute = path[0] is None or path[0].startswith("/")
        return path if absolute else concat(workdir, ("/",), path)
    if known.startswith("/") or before is not None:
        return (canon.resolve(before or "/", known),)
    below = canon.resolve(_SOMEWHERE, known)
    if f"{below}/".startswith(f"{_SOMEWHERE}/"):
        return concat(workdir, (below.removeprefix(_SOMEWHERE),))
    return concat(UNKNOWN, (below.rstrip("/"),))


def _texts(step: Step, scope: Scope) -> Iterable[Text]:
    """Key-shaped texts, with or without gaps."""
    keyword, value = step.keyword, step.value
    match keyword:
        case "RUN":
            return _run(step, scope)
        case "ADD" | "COPY":
            return [*_copy(step, scope), *_destinations(step, scope)]
        case "ENV" | "LABEL":
            words = [
                concat(scope.expand(name), ("=",), scope.expand(word))
                for name, word in assignments(value, scope.escape)
            ]
            return [_shaped(keyword, _spaced(words)), (canon.key(keyword, value),)]
        case "ARG":
            return _arg(step, scope)
        case "CMD" | "ENTRYPOINT":
            argv = exec_form(value)
            if argv is None:
                return [(canon.shell_form_key(keyword, value),)]
            return [(canon.command_key(keyword, argv, scope.shells),)]
        case "EXPOSE":
            return _expose(value, scope)
        case "WORKDIR":
            texts = (directory(scope.expand(value), scope.workdir), (value,))
            return [_shaped(keyword, text) for text in texts]
        case "USER" | "STOPSIGNAL":
            return [_shaped(keyword, scope.expand(value)), (canon.key(keyword, value),)]
        case "VOLUME":
            words = [scope.expand(word) for word in exec_form(value) or value.split()]
            return [_shaped(keyword, _spaced(words)), (canon.key(keyword, value),)]
        case "SHELL":
            return [(canon.key(keyword, " ".join(exec_form(value) or [value])),)]
        case "HEALTHCHECK":
            return [(canon.health_key(value, scope.escape),)]
        case "MAINTAINER" | "ONBUILD":
            return [(canon.key(keyword, value),)]
    return []


def _run(step: Step, scope: Scope) -> list[Text]:
    """BuildKit drops the flags and runs the body of a heredoc that stands alone.

    With other text on the line, the shell reads the heredoc: BuildKit then writes the bodies with their
    terminators, buildah without.
    """
    _, command = split_flags(step.value, scope.escape)
    lines = [command, step.value]
    argv = exec_form(command)
    if argv is not None:
        lines.append(canon.without_shell(" ".join(argv), scope.shells))
    names = [name for name, _ in heredoc_markers(command)] if step.heredocs else []
    if names and len(names) == len(step.heredocs):
        ended = [body + name for body, name in zip(step.heredocs, names, strict=True)]
        lines.append("\n".join([command, *ended]))
        lines.append("\n".join([step.value, *step.heredocs]))
        if len(heredoc_words(command)) == 1:
            body = step.heredocs[0]
            lines.append(f"/dev/pipes/{names[0]}" if body.startswith("#!") else body)
    return [(canon.key("RUN", line),) for line in lines]


def _copy(step: Step, scope: Scope) -> list[Text]:
    """Sources, heredocs and destination: without flags, with those BuildKit prints, as written."""
    flags, rest = split_flags(step.value, scope.escape)
    paths: list[Text] = []
    inline: list[Text] = []
    for word in _paths(rest):
        markers = heredoc_markers(word) if step.heredocs else []
        if markers:
            inline.append((f"<<{markers[0][0]}",))
        else:
            paths.append(scope.expand(word))
    words = [*paths[:-1], *inline, *paths[-1:]]
    given: dict[str, str] = {}
    for flag in flags:
        name, _, value = flag.partition("=")
        given[name] = value
    printed = [
        concat((f"{name}=",), scope.expand(given[name])) if given[name] else (name,)
        for name in canon.RECORDED_FLAGS
        if name in given
    ]
    texts = (_spaced(words), _spaced([*printed, *words]), (step.value,))
    return [_shaped(step.keyword, text) for text in texts]


def _destinations(step: Step, scope: Scope) -> list[Text]:
    """The destination alone: substituted, resolved if that can be done, and as written."""
    words = _paths(split_flags(step.value, scope.escape)[1])
    if not words:
        return []
    target = scope.expand(words[-1])
    path, workdir = literal(target), literal(scope.workdir)
    keys = [canon.destination_key(step.keyword, words[-1])]
    if path is None:
        return [(keys[0],), _shaped(step.keyword + _DESTINATION, target)]
    keys.append(canon.destination_key(step.keyword, path))
    if workdir is not None:
        keys.append(canon.destination_key(step.keyword, canon.resolve(workdir, path)))
    return [(key,) for key in keys]


def _arg(step: Step, scope: Scope) -> list[Text]:
    """An ARG's names. buildah writes, sorted, the names of all ARGs so far that have a value."""
    lists = [[name for name, _ in declarations(step.value, scope.escape)]]
    if len(scope.declared) <= MAX_CUMULATIVE:
        lists.append(sorted(scope.declared))
        lists.append(sorted(name for name, valued in scope.declared.items() if valued))
    return [(canon.key("ARG", " ".join(names)),) for names in lists]


def _expose(value: str, scope: Scope) -> list[Text]:
    ports = [literal(scope.expand(word)) for word in value.split()]
    known = [port for port in ports if port is not None]
    written: Text = (canon.ports_key(value.split()),)
    if len(known) < len(ports):
        return [written, _shaped("EXPOSE", UNKNOWN)]
    return [written, (canon.ports_key(word for port in known for word in port.split()),)]


def _paths(text: str) -> list[str]:
    argv = exec_form(text)
    return text.split() if argv is None else argv


def _spaced(words: Sequence[Text]) -> Text:
    return concat(*(part for word in words for part in ((" ",), word)))


def _shaped(kind: str, text: Text) -> Text:
    """A text as a key: the kind before it, white space as in canon.key, gaps kept."""
    whole = literal(text)
    if whole is not None:
        return (canon.key(kind, whole),)
    pieces = [None if piece is None else _SPACES.sub(" ", piece) for piece in text]
    first, last = pieces[0], pieces[-1]
    if first is not None:
        pieces[0] = first.lstrip(" ")
    if last is not None:
        pieces[-1] = last.rstrip(" ")
    return concat((f"{kind}\0",), tuple(pieces))
