"""Says where an image with a bare name was found, and asks before a registry is told of it."""

from __future__ import annotations

import sys

import click
from msgspec.structs import replace

from slim.cli.progress import is_terminal, print_warning
from slim.errors import InputError
from slim.formats.terminal import clean
from slim.image.engine import split_engine
from slim.image.local import full_name, located
from slim.image.ref import ImageRef
from slim.image.source import NOT_LOCAL


def find_image(ref: ImageRef) -> ImageRef:
    """The image with its engine or registry in its name; stderr says which one has an image of a bare name.

    Where none has it and a person is there to ask, a registry is used if that person agrees.

    Raises:
        InputError: no engine has it, and no registry may be asked.
        UsageError: the name could be two things.
    """
    try:
        found = located(ref)
    except InputError as error:
        if error.slug != NOT_LOCAL or not _agrees(ref.name):
            raise
        found = replace(ref, name=full_name(ref.name))
    if engine := split_engine(found.name) if found is not ref else None:
        print_warning(f"slim: {clean(ref.name)} is an image of {engine[0]}: reading {found.name}")
    elif found is not ref:
        print_warning(
            f"slim: {clean(ref.name)} is in no container engine here: reading {found.name} from its registry"
        )
    return found


def _agrees(name: str) -> bool:
    """Whether somebody at the terminal lets a registry be asked."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        return False
    question = f"No container engine here has {name}. Look for {full_name(name)} in its registry?"
    try:
        return click.confirm(clean(question), default=False, err=True)
    except click.Abort:
        return False
