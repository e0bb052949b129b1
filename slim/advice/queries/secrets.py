"""Queries about secrets: private keys, settings with a password, variables of the image.

They say where a secret is. No value leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterator

from slim.ecosystems.model import Subject
from slim.files.table import ASSIGNED
from slim.patterns import regex
from slim.rules.match import QueryResult
from slim.secrets.names import is_literal, is_secret
from slim.secrets.redact import ASSIGNMENT, INSTRUCTION, parts

_USERINFO = regex(r"://[^\s/@:]{0,200}:([^\s/@]{1,500})@")


def private_keys(subject: Subject) -> QueryResult:
    """Files whose first bytes are those of a private key; dead ones too."""
    flags = subject.files.flags
    return QueryResult(rows=sorted(row for row in flags if flags[row] != ASSIGNED))


def assigned(subject: Subject) -> QueryResult:
    """Settings files that assign a literal to a name that promises a secret; dead ones too."""
    flags = subject.files.flags
    return QueryResult(rows=sorted(row for row in flags if flags[row] == ASSIGNED))


def declared(subject: Subject) -> QueryResult:
    """Variables and labels with a secret written out, in the settings or in the history.

    In the history these are `ENV`, `ARG`, `LABEL` and the build arguments in front of a `RUN`
    (`|1 TOKEN=… /bin/sh -c …`), and addresses with a password anywhere. Selects names, no files; the
    layers are those of the instructions.
    """
    names: set[str] = set()
    layers: list[int] = []
    config = subject.image.config
    variables = (variable.partition("=")[::2] for variable in config.env)
    for name, value in (*variables, *config.labels.items()):
        if is_secret(name) and is_literal(value):
            names.add(name)
    layer = 0
    for entry in subject.image.history:
        found = set(_in_instruction(entry.created_by))
        names |= found
        if not entry.empty_layer:
            if found:
                layers.append(layer)
            layer += 1
    return QueryResult(names=tuple(sorted(names)), layers=tuple(layers))


def _in_instruction(text: str) -> Iterator[str]:
    pairs, _ = parts(text)
    if instruction := INSTRUCTION.match(pairs):
        name, _, value = pairs[instruction.end() :].partition(" ")
        if "=" not in name and is_secret(name) and is_literal(value):
            yield name  # ENV NAME value
    for found in ASSIGNMENT.finditer(pairs):
        if is_secret(found[1]) and is_literal(_value(pairs, found.end())):
            yield found[1]
    if any(is_literal(found[1]) for found in _USERINFO.finditer(text)):
        yield "an address with a password"


def _value(text: str, at: int) -> str:
    quote = text[at : at + 1]
    if quote in ("'", '"'):
        return text[at + 1 :].partition(quote)[0]
    return text[at:].partition(" ")[0]
