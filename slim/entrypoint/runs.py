"""What an image runs, as values: command lines, and what they resolve to. Pure."""

from __future__ import annotations

from msgspec import Struct

from slim.image.model import Config

_BRIEF = 80


class Command(Struct, frozen=True):
    """One command line."""

    words: tuple[str, ...]
    path: str
    """The file that is run, links followed, without leading slash; empty where the image has none."""
    main: bool
    """What the container is started for; else a script calls it on the way, or for its output."""
    leaf: bool
    """Nothing is known that it starts: it is what runs in the end."""
    how: str
    """Where it was found: `ENTRYPOINT`, `CMD`, or the path of a file."""
    files: tuple[str, ...] = ()
    """Files among its arguments, as paths like `path`."""

    @property
    def name(self) -> str:
        """The program without directory."""
        return self.words[0].rpartition("/")[2]

    @property
    def brief(self) -> str:
        """For people: program and operands, without options and values, which may be secret."""
        shown = [word for word in self.words[1:3] if not word.startswith("-")]
        plain = [word for word in shown if "=" not in word and "://" not in word]
        line = " ".join([self.words[0], *plain])
        return line if len(line) <= _BRIEF else line[: _BRIEF - 1] + "…"


class Runs(Struct, frozen=True):
    """What the image runs."""

    words: tuple[str, ...] = ()
    """Entry point and command as the config has them."""
    commands: tuple[Command, ...] = ()
    """What they lead to, in the order in which it was found."""
    healthcheck: tuple[Command, ...] = ()
    """What the health check leads to."""

    @property
    def all(self) -> tuple[Command, ...]:
        """All commands, those of the health check last."""
        return self.commands + self.healthcheck

    @property
    def main(self) -> tuple[Command, ...]:
        """The commands that the container is started for, wrappers included."""
        return tuple(one for one in self.commands if one.main)

    @property
    def final(self) -> tuple[Command, ...]:
        """The commands that run in the end."""
        return tuple(one for one in self.commands if one.main and one.leaf)

    @property
    def resolved(self) -> tuple[str, ...]:
        """Files of the image that are run or named by commands, sorted."""
        paths = {path for one in self.all for path in (one.path, *one.files) if path}
        return tuple(sorted(paths))

    @property
    def evidence(self) -> tuple[str, ...]:
        """One line for each main command: where it stands and what it resolves to."""
        return tuple(
            f"{one.how}: {one.brief}" + (f" → {one.path}" if one.path else "") for one in self.main
        )


def environment(config: Config) -> dict[str, str]:
    """The image's ENV by name; the last of several settings counts."""
    pairs = (one.partition("=") for one in config.env)
    return {name: value for name, _, value in pairs if name}
