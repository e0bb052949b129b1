"""What Composer starts. Source: its manual ("Scripts")."""

from __future__ import annotations

from msgspec.structs import replace

from slim.entrypoint.runners import Call, Documents, Runner, Started
from slim.entrypoint.scripts import listed_script
from slim.entrypoint.tables import names


def _script(call: Call, read: Documents) -> Started | None:
    found = listed_script(
        call, read, (("composer.json", "scripts"),), ("run-script", "run"), verb_needed=False
    )
    if found is None:
        return None
    # `@php` is PHP; other names with an @, and Composer's own classes, are no commands.
    lines = [line.replace("@php ", "php ", 1) for line in found.text.split("\n")]
    text = "\n".join(line for line in lines if not line.startswith(("@", "Composer\\")))
    return replace(found, text=text) if text else None


RUNNERS = (Runner(names=names("composer"), script=_script),)
