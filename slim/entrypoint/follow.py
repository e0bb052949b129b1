"""Command lines → all command lines that they lead to. Nothing is executed.

A queue is worked off: each command line is looked up on the PATH and recorded, and what it starts is put
into the queue: the command behind `tini --` or `gosu user`, the interpreter of a script, the commands in
a shell script, the services of a supervisor, the script behind `npm start`. A command line that was seen
before, in the same directory, is not followed again, so cycles end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from slim.entrypoint.endings import BUILTINS, lasting
from slim.entrypoint.runners import Call, Documents, Tools
from slim.entrypoint.runs import Command
from slim.entrypoint.services import SUPERVISORS, services
from slim.entrypoint.shell import MAX_TEXT, Simple, read_shell
from slim.entrypoint.wrappers import SHELLS, Inner, behind_dashes, unwrap
from slim.files.view import View, below, decoded, encoded

MAX_COMMANDS = 400
"""Most command lines of one image."""
MAX_STEPS = 2_000
"""Most command lines looked at, with repetitions."""
MAX_READ = 1 << 20
"""Most characters that are read of all scripts together."""
MAX_WORDS = 256
"""Words that are kept of a command line."""
MAX_LINE = 32 << 10
"""Characters that are kept of a command line."""
_MAX_SEARCH = 32
"""Directories of PATH that are looked at."""
_MAX_FILES = 16
_MAX_ENVIRONMENTS = 16
_MAX_SHEBANG = 256
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SOURCE = (".", "source")


class _Job(Struct, frozen=True):
    """A command line that is to be looked at."""

    words: tuple[str, ...]
    how: str
    main: bool
    cwd: bytes
    search: tuple[bytes, ...] = ()
    """The directories in which its program is looked up."""
    by: int = -1
    """Place of the command that starts it."""
    sets: tuple[str, ...] = ()


def search_path(env: Mapping[str, str]) -> tuple[str, ...]:
    """The directories of PATH, as written."""
    places = env.get("PATH", _PATH)[:MAX_LINE].split(":")
    return tuple(place for place in places[:_MAX_SEARCH] if place)


class Walk:
    """The queue, and what may still be read."""

    def __init__(self, view: View, env: Mapping[str, str], cwd: bytes, tools: Tools) -> None:
        self._view = view
        self._documents = Documents(view)
        self._env = env
        self._cwd = cwd
        self._tools = tools
        self._search = self._directories(search_path(env))
        self._queue: deque[_Job] = deque()
        self._seen: dict[tuple[tuple[str, ...], bytes], bool] = {}
        """Command line → whether it was a main one."""
        self._left = MAX_READ
        self._place = -1
        """Of the command being looked at among those found."""
        self._handed = False
        """A script hands over to the command that it is given, and none is."""

    def _directories(self, places: Sequence[str]) -> tuple[bytes, ...]:
        found = (self._view.real(encoded(place)) for place in places)
        return tuple(path for path in found if path is not None)

    def put(self, words: Sequence[str], how: str, *, main: bool) -> None:
        """Queue a command line of the image's own."""
        self._put(words, _Job((), how, main, self._cwd, self._search))

    def _put(self, words: Sequence[str], job: _Job) -> None:
        """Queue a command line; all but the words are the job's."""
        short: list[str] = []
        left = MAX_LINE
        for word in words[:MAX_WORDS]:
            short.append(word[:left])
            left -= len(short[-1])
        # A program that is the output of another one is not known.
        if short and short[0] not in ("", "$()") and len(self._queue) < MAX_STEPS:
            self._queue.append(replace(job, words=tuple(short), by=self._place))

    def put_text(self, text: str, how: str, *, main: bool) -> None:
        """Queue the commands of a text for a shell."""
        self._put_text(text, _Job((), how, main, self._cwd, self._search))

    def work(self) -> tuple[Command, ...]:
        """Look at everything in the queue."""
        found: list[Command] = []
        for _ in range(MAX_STEPS):
            if not self._queue or len(found) == MAX_COMMANDS:
                break
            job = self._queue.popleft()
            key = (job.words, job.cwd)
            if key in self._seen and self._seen[key] >= job.main:
                continue
            self._seen[key] = job.main
            path = self._locate(job.words[0], job)
            before = len(self._queue)
            self._place, handed, self._handed = len(found), self._handed, False
            runner = self._follow(job, path)
            starts = any(job.main for job in islice(self._queue, before, None))
            leaf = not starts and job.words[0] not in _SOURCE and not self._handed
            self._handed |= handed
            files = self._files(job.words[1:], job.cwd)
            found.append(
                Command(
                    job.words, decoded(path or b""), job.main, leaf, job.how, files,
                    runner=runner, by=job.by, sets=job.sets, cwd=decoded(job.cwd),
                )
            )  # fmt: skip
        if not self._handed and not any(command.main and command.leaf for command in found):
            _end_cycle(found)
        return tuple(found)

    def _locate(self, program: str, job: _Job) -> bytes | None:
        """The file that a command's first word names, links followed."""
        name, cwd = encoded(program), job.cwd
        # The commands of a project's environment are on no PATH until something puts them there.
        project = (below(cwd, folder) for folder in self._tools.project_bins)
        places = [cwd] if b"/" in name else [*job.search, *project]
        for place in places:
            path = below(place, name)
            if self._view.is_file(path):
                return self._view.real(path)
        return None

    def _environment_bins(self, environments: Iterable[bytes]) -> tuple[bytes, ...]:
        """The directories of commands of some environments of a language."""
        bins = (
            self._view.real(below(environment, b"bin"))
            for environment in islice(environments, _MAX_ENVIRONMENTS)
        )
        return tuple(dict.fromkeys(path for path in bins if path is not None))

    def _inside(self, words: Sequence[str], places: Sequence[bytes]) -> Sequence[str]:
        """A command line whose program is named by its path, if an environment has it: there it is often
        a link to the system's."""
        for place in places if words and "/" not in words[0] else ():
            if self._view.is_file(below(place, encoded(words[0]))):
                return (f"/{decoded(place)}/{words[0]}", *words[1:])
        return words

    def _files(self, words: Sequence[str], cwd: bytes) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for word in words:
            if word.startswith("-") or not ("/" in word or "." in word):
                continue
            place = below(cwd, encoded(word))
            if self._view.is_file(place):
                found[decoded(self._view.real(place) or b"")] = None
            if len(found) == _MAX_FILES:
                break
        return tuple(found)

    def _follow(self, job: _Job, path: bytes | None) -> bool:
        """Queue what a command starts; whether it is a tool of a language that starts it."""
        name = job.words[0].rpartition("/")[2]
        if job.words[0] in _SOURCE:
            self._put_script(job.words[1:], job)
            return False
        self._put_services(name, job)
        runner = self._tools.runners.get(name)
        call = Call(name, job.words[1:], job.cwd, path, self._env)
        found = runner.environments(call, self._view) if runner and runner.environments else ()
        places = self._environment_bins(found)
        inside = replace(job, search=(*places, *job.search)[:_MAX_SEARCH], sets=())
        script = runner.script(call, self._documents) if runner and runner.script else None
        if script is not None:
            inside = replace(inside, how=script.where, cwd=script.cwd)
            self._put_text(script.before, replace(inside, main=False))
            self._put_text(script.text, inside)
            return True
        inner = unwrap(name, job.words, self._tools)
        behind = behind_dashes(job.words) if inner is None and runner is None else ()
        if path is not None and behind and self._locate(behind[0], job) is not None:
            # No wrapper that is known, but it is given a program of the image.
            inner = Inner(behind)
            self._put_interpreter(job, path, main=False)
        if inner is not None and inner.cwd:
            inside = replace(inside, cwd=self._directory(("cd", inner.cwd), job.cwd, ""))
        if inner is not None and inner.text is not None:
            self._put_text(inner.text, inside, inner.arguments)
        elif inner is not None and name in SHELLS:
            self._put_script(inner.words, inside)
        elif inner is not None:
            self._put(self._inside(inner.words, places), replace(inside, sets=inner.sets))
        elif (
            path is not None
            and name not in SHELLS
            and not self._tools.is_start_script(self._view, path)
        ):
            self._put_interpreter(job, path, main=job.main and name not in SUPERVISORS)
        return inner is not None and inner.runner

    def _put_services(self, name: str, job: _Job) -> None:
        """Queue what a supervisor starts."""
        started = services(name, job.words, job.cwd, self._view)
        for process in started:
            main = process.main and job.main
            cwd = self._cwd if process.cwd is None else self._view.real(process.cwd) or process.cwd
            service = replace(job, how=process.where, main=main, cwd=cwd, sets=process.sets)
            if process.script:
                self._put((f"/{decoded(process.script)}",), service)
            else:
                self._put_text(process.text, service)
        if started and name in ("init", "my_init"):
            # These run the command that they are given beside their services.
            rest = job.words[1:]
            command = rest[rest.index("--") + 1 :] if "--" in rest else rest
            self._put(command, replace(job, cwd=self._cwd, sets=()))

    def _put_text(self, text: str, job: _Job, given: tuple[str, ...] = ()) -> None:
        """Queue the commands of a text for a shell; `given` are its `$0`, `$1` and so on."""
        zero = given[0] if given else "sh"
        self._put_simple(self._read(text, zero, given[1:], job), job, "", given[1:])

    def _put_script(self, words: tuple[str, ...], job: _Job) -> None:
        """Queue the commands of a shell script that is called with `words`."""
        if not words:
            return
        path = self._view.real(below(job.cwd, encoded(words[0])))
        if path is None or not self._view.is_file(path):
            path = self._locate(words[0], job)
        content = self._view.read(path) if path is not None else None
        if path is not None and content is not None:
            self._put_content(content, path, words[1:], job)

    def _put_content(
        self, content: bytes, path: bytes, arguments: tuple[str, ...], job: _Job
    ) -> None:
        where = decoded(path)
        text = content[:MAX_TEXT].decode("utf-8", "surrogateescape")
        commands = self._read(text, "/" + where, arguments, job)
        self._put_simple(commands, replace(job, how=where), where, arguments)

    def _read(
        self, text: str, zero: str, arguments: tuple[str, ...], job: _Job
    ) -> tuple[Simple, ...]:
        text = text[: min(MAX_TEXT, self._left)]
        self._left -= len(text)
        known = not arguments or self._locate(arguments[0], job) is not None
        return read_shell(text, variables=self._env, arguments=arguments, zero=zero, known=known)

    def _put_interpreter(self, job: _Job, path: bytes, *, main: bool) -> None:
        """Queue the interpreter of a script, or for shells what the script calls."""
        content = self._view.read(path)
        if content is None or not content.startswith(b"#!"):
            return
        interpreter = tuple(decoded(content[2:_MAX_SHEBANG].split(b"\n", 1)[0]).split())
        if not interpreter:
            return
        if interpreter[0].endswith("/env"):
            inner = unwrap("env", interpreter)
            words = inner and (inner.words or tuple((inner.text or "").split()))
            interpreter = words or interpreter
        name = interpreter[0].rpartition("/")[2]
        if name in SHELLS or name in ("with-contenv", "execlineb"):
            self._put_content(content, path, job.words[1:], job)
            return
        words = (*interpreter, "/" + decoded(path), *job.words[1:])
        self._put(words, replace(job, how=decoded(path), main=main, sets=()))

    def _put_simple(
        self, commands: Sequence[Simple], job: _Job, script: str, given: Sequence[str]
    ) -> None:
        """Queue simple commands."""
        sourced = bool(job.words) and job.words[0] in _SOURCE
        main = lasting(commands, self._tools.daemons, given, ends=not sourced)
        # What a function changes is not known to hold outside of it.
        directories: dict[str, bytes] = {}
        activated: tuple[bytes, ...] = ()
        for place, command in enumerate(commands):
            cwd = directories.get(command.function, job.cwd)
            if command.words[0] == "cd":
                directories[command.function] = self._directory(command.words, cwd, script)
            if command.words == ("exec",) and job.main and not command.inner:
                self._handed = True
            if command.words[0] in BUILTINS or command.words == ("exec",) or command.calls:
                continue
            if command.words[0] in _SOURCE and command.words[-1].endswith("/bin/activate"):
                activated = self._directories((command.words[-1].rpartition("/")[0],))
                continue
            if places := self._activated(command.words, cwd):
                activated = places
                continue
            search = job.search
            if command.search is not None:
                search = self._directories(search_path({"PATH": command.search}))
            started = replace(
                job,
                main=job.main
                and (place in main or (command.words[0] in _SOURCE and not command.inner)),
                cwd=cwd,
                search=(*activated, *search)[:_MAX_SEARCH],
                sets=command.sets,
            )
            self._put(self._inside(command.words, activated), started)

    def _activated(self, words: Sequence[str], cwd: bytes) -> tuple[bytes, ...]:
        """Directories of commands of the environment that a tool of a language puts on the PATH:
        `conda activate web`, `source activate web`."""
        if words[1:2] != ("activate",) or len(words) != 3:
            return ()
        option = "-p" if "/" in words[2] else "-n"
        every = self._tools.runners
        chosen = set(every) if words[0] in _SOURCE else {words[0]} & set(every)
        for name in sorted(chosen):
            environments = every[name].environments
            if environments is not None:
                call = Call(name, (option, words[2]), cwd, None, self._env)
                places = self._environment_bins(environments(call, self._view))
                own = [place for place in places if place.endswith(encoded(f"{words[2]}/bin"))]
                if own:
                    return tuple(own)
        return ()

    def _directory(self, words: tuple[str, ...], cwd: bytes, script: str) -> bytes:
        """The directory after `cd`; one that is not known is taken for the script's own."""
        target = next((word for word in words[1:] if not word.startswith("-")), "")
        if target and "$" not in target:
            found = self._view.real(below(cwd, encoded(target)))
            return cwd if found is None else found
        return encoded(script.rpartition("/")[0]) if script else cwd


def _end_cycle(found: list[Command]) -> None:
    """Let a circle of commands, which nobody follows any further, end with the last that has a file."""
    main = [at for at, command in enumerate(found) if command.main and command.path]
    last = next((at for at in reversed(main) if found[at].name not in SHELLS), None)
    if last is not None:
        found[last] = replace(found[last], leaf=True)
