"""What an image runs, as values: command lines, and what they resolve to."""

from __future__ import annotations

import shlex

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
    runner: bool = False
    """A tool of a language that starts what follows, which could be started without it: `npm start`."""
    by: int = -1
    """The place of the command that starts it among those of the image; -1 for the image's own."""
    sets: tuple[str, ...] = ()
    """Variables that are set for it, as `NAME=value`."""
    cwd: str = ""
    """The directory in which it is started, as a path like `path`."""

    @property
    def name(self) -> str:
        """The program without directory."""
        return self.words[0].rpartition("/")[2]

    @property
    def brief(self) -> str:
        """For people: program and operands, without options and values, which may be secret."""
        shown = [word for word in self.words[1:3] if not word.startswith("-")]
        operands = [word for word in shown if "=" not in word and "://" not in word]
        line = " ".join([self.words[0], *operands])
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
        return tuple(command for command in self.commands if command.main)

    @property
    def final(self) -> tuple[Command, ...]:
        """The commands that run in the end."""
        return tuple(command for command in self.commands if command.main and command.leaf)

    def starters(self, command: Command) -> list[Command]:
        """The commands that lead to one of `commands`, the nearest first."""
        found: list[Command] = []
        while 0 <= command.by < len(self.commands) and len(found) < len(self.commands):
            command = self.commands[command.by]
            found.append(command)
        return found

    @property
    def direct(self) -> tuple[str, ...]:
        """The command line that does the same without a tool such as npm; by a shell where the tool starts it
        in another directory.

        Empty without such a tool, and where leaving it out would take more than other words: several
        commands, a script or a supervisor's settings that name the tool.
        """
        final = self.final
        chain = [*final[:1], *(self.starters(final[0]) if final else ())]
        tools = [at for at, command in enumerate(chain) if command.runner]
        if len(final) != 1 or not tools or not final[0].path:
            return ()
        first, last = tools[0], tools[-1]
        # A script is run by its interpreter, and that by nothing else.
        is_script = first == 2 and final[0].how == chain[1].path
        own = all(command.how in ("ENTRYPOINT", "CMD") for command in chain[last:])
        only = all(
            sum(command.by == place for command in self.commands) == 1
            for place in (command.by for command in chain[first - 1 : last])
        )
        same = all(command.cwd == chain[-1].cwd for command in chain)
        if not (first == 1 or is_script) or last - first + 1 != len(tools) or not (own and only):
            return ()
        sets = tuple(value for command in reversed(chain[: last + 1]) for value in command.sets)
        words, before = final[0].words, self.words[: len(self.words) - len(chain[last].words)]
        if "/" not in words[0] and "node_modules/" in final[0].path:
            words = ("/" + final[0].path, *words[1:])
        if (*before, *chain[last].words) != self.words or any(
            "$" in word for word in (*sets, *words)
        ):
            return ()
        words = (*(("env", *sets) if sets else ()), *words)
        if same:
            return (*before, *words)
        place = shlex.quote(f"/{final[0].cwd}")
        return () if before else ("sh", "-c", f"cd {place} && exec {shlex.join(words)}")

    @property
    def resolved(self) -> tuple[str, ...]:
        """Files of the image that are run or named by commands, sorted."""
        paths = {path for command in self.all for path in (command.path, *command.files) if path}
        return tuple(sorted(paths))

    @property
    def evidence(self) -> tuple[str, ...]:
        """One line for each main command: where it stands and what it resolves to."""
        return tuple(
            f"{command.how}: {command.brief}" + (f" → {command.path}" if command.path else "")
            for command in self.main
        )


def environment(config: Config) -> dict[str, str]:
    """The image's ENV by name; the last of several settings counts."""
    pairs = (variable.partition("=") for variable in config.env)
    return {name: value for name, _, value in pairs if name}
