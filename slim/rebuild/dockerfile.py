"""The Dockerfile of a rebuild: a template of the rules, filled in with this image's own values.

A placeholder `{name}` stands for one value or, alone on its line, for whole instructions. An instruction
whose placeholder has no value is left out, with the comment above it; so is one below a line `#? name`
whose name has none, and that line itself always. What an image says is not trusted: each value is quoted
for the place where it stands, and what cannot be quoted is left out, so that no value can become an
instruction. Secrets are not printed.
Source: Dockerfile reference, "Parser directives", "Environment replacement", "Here-Documents".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from slim.image.model import Config
from slim.patterns import regex
from slim.rebuild.model import Rebuild
from slim.rebuild.quoting import (
    NAME,
    PACKAGE,
    USER,
    copied_path,
    directory,
    expanded_words,
    fits_on_line,
    literal,
    quoted,
    words,
)
from slim.rebuild.unexplained import with_notice
from slim.rebuild.written_steps import (
    account,
    any_of,
    as_root,
    assignment,
    links,
    prune,
    removed,
    written_steps,
)
from slim.secrets import redact

_PLACEHOLDER = regex(r"(?<!\$)\{([a-z_]{1,40})\}")
_REFERENCE = regex(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}")
_IDS = regex(r"[0-9]{1,10}:[0-9]{1,10}", re.ASCII)
_PORT = regex(r"[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?")
_SIGNAL = regex(r"[A-Z0-9+-]{1,20}")
_BUILD_VARIABLES = ("PATH", "DEBIAN_FRONTEND", "GPG_KEYS?")
"""Variables that only the build stage needs, whatever is built."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What images have where nobody says more."""
_LABEL = regex(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}", re.ASCII)
_MOST_LABELS = 50
_WHOLE_PYTHON = regex(r"/usr/local/lib/python3\.[0-9]{1,3}")
_OF_PYTHON = regex(
    r"/usr/local/(?:bin/python|lib/libpython|lib/python3\.[0-9]{1,3}(?:/(?!site-packages)|$))"
)
"""What the official image of Python has, too."""
_INSTALL = {
    "dpkg": "RUN apt-get update \\\n && apt-get install -y --no-install-recommends {} \\\n"
    " && rm -rf /var/lib/apt/lists/*",
    "apk": "RUN apk add --no-cache {}",
    "rpm": "RUN dnf install -y --nodocs --setopt=install_weak_deps=0 {} && dnf clean all",
}
_LINKS_MANUALS = regex(r"(?:openjdk-[0-9]+|default)-j")
"""Packages of dpkg that cannot be installed in a slim image, whose directories of manual pages are gone.
Source: https://github.com/debuerreotype/debuerreotype/issues/10."""
_MANUALS = "RUN mkdir -p /usr/share/man/man1 \\\n && "


def recipe(
    rebuild: Rebuild,
    config: Config,
    snippets: Mapping[str, str],
    base: str,
    *,
    whole: str = "",
    redacted: bool = True,
    placed: Mapping[int, str] = {},
) -> str:
    """The filled-in Dockerfile: of the image's own steps, or else the template of its stack.

    Args:
        snippets: templates `rebuild-history`, `rebuild-STACK`, and `rebuild-STACK-build`, which the step that
            builds needs in front of it.
        base: name of the base image, as far as it is known; else a build argument asks for it.
        whole: name of the image's whole base, where the final stage stands on a part of it.
        redacted: without values that look like secrets.
        placed: index of a history entry → its instruction in the user's own Dockerfile.
    """
    values = {
        key: " ".join(filter(None, map(literal, value.split(" "))))
        if key.endswith("_words")
        else literal(value)
        for key, value in rebuild.values.items()
    }
    channels = [f"--channel={channel}" for channel in values.get("channels_words", "").split()]
    if values.get("packages_words"):
        values["packages_words"] = " ".join((*channels, values["packages_words"]))
    base = base or rebuild.values.get("distribution", "")
    values["base"] = base if _REFERENCE.fullmatch(base) else "${BASE_IMAGE}"
    values["build_base"] = values["base"]
    if values.get("own_toolchain"):
        # A tool chain that no package brings is that of another image.
        image = values.get("toolchain", "") or whole
        values["build_base"] = image if _REFERENCE.fullmatch(image) else "${BUILD_IMAGE}"
    needed = {
        "${BASE_IMAGE}": "# The base image that this image has now.\nARG BASE_IMAGE",
        "${BUILD_IMAGE}": "# An image with the tool chain that this image has.\nARG BUILD_IMAGE",
    }
    steps = written_steps(rebuild, redacted, placed)
    template = snippets.get("rebuild-history" if steps else f"rebuild-{rebuild.stack}", "")
    values["final_base"] = _final_base(rebuild, values)
    bases = [values["build_base"], values["final_base"] if steps else values["base"]]
    values["arguments"] = "\n".join(needed[name] for name in dict.fromkeys(bases) if name in needed)
    values["install"] = install(rebuild.manager, rebuild.packages)
    values["build_install"] = install(rebuild.manager, rebuild.build_packages)
    values["app_dir"] = directory(config.working_dir if config.working_dir != "/" else "")
    values["home"] = directory(rebuild.values.get("home", ""))
    values["settings"] = "\n".join(_settings(rebuild, config))
    values["health"] = _health(config, redacted)
    values["start"] = "\n".join(_start(rebuild, config, redacted))
    values["copies"] = "\n".join(_copies(rebuild))
    values["from_build"] = "--from=build" + _owner(rebuild)
    values["labels"] = "\n".join(_labels(config, redacted))
    settings = snippets.get(f"rebuild-{rebuild.stack}-build", "")
    values["build_settings"] = fill(settings, values).strip()
    if steps:
        values["steps"] = "\n".join(_with_settings(rebuild, steps, values["build_settings"]))
        values["build_env"] = rebuild.build_environment
        apart = values.get("assembled") or values.get("standalone")
        values["prune"] = "" if apart else prune(rebuild)
        if values["prune"] or values.get("assembled"):
            values["as_root"] = as_root(rebuild.steps)
        values["account"] = account(rebuild)
        values["removed"] = removed(rebuild)
        values["links"] = links(rebuild)
        values["library_index"] = "yes" if rebuild.transfer.indexes_libraries else ""
        values["transfers"] = "\n".join(_transfers(rebuild, values))
    final = fill(template, values).rpartition("\nFROM ")[2]
    values["env"] = "\n".join(_environment(config, rebuild, final, redacted, in_place=bool(steps)))
    text = fill(template, values)
    return text if steps else with_notice(text, rebuild.unexplained)


def _with_settings(rebuild: Rebuild, steps: Sequence[str], settings: str) -> list[str]:
    """The steps, with settings of the build in front of the first that builds the application."""
    builds = any_of(rebuild.building.commands)
    found = (at for at, step in enumerate(steps) if step.startswith("RUN ") and builds(step))
    at = next(found, len(steps))
    return [*steps[:at], *filter(None, (settings,)), *steps[at:]]


def _final_base(rebuild: Rebuild, values: Mapping[str, str]) -> str:
    """What the prediction counts as the base."""
    if rebuild.origin == "scratch":
        return "scratch"
    if values.get("image_python"):
        return f"{values['toolchain']}-slim"
    base = values["base"]
    # A base system of essential packages is what Debian's smaller variant has.
    minimal = rebuild.origin == "packages" and base.startswith("debian:")
    return f"{base}-slim" if minimal and "-" not in base and "@" not in base else base


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template without the instructions that lack a value.

    >>> fill("FROM a\\n# Why.\\nUSER {user}\\nEXPOSE {port}\\n", {"port": "80"})
    'FROM a\\nEXPOSE 80\\n'
    """
    groups: list[str] = []
    for group in _groups(template):
        lines = group.split("\n")
        conditions = [line[3:].strip() for line in lines if line.startswith("#? ")]
        shown = "\n".join(line for line in lines if not line.startswith("#? "))
        if all(values.get(name) for name in (*conditions, *_PLACEHOLDER.findall(shown))):
            groups.append(_PLACEHOLDER.sub(lambda found: values[found[1]], shown))
    text = "\n".join(groups)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _groups(template: str) -> Iterable[str]:
    """Instructions with the comments above them and their continuation lines; empty lines."""
    group: list[str] = []
    for line in template.rstrip("\n").split("\n"):
        group.append(line)
        if line.startswith("# syntax=") or not (line.startswith("#") or line.endswith("\\")):
            yield "\n".join(group)
            group = []
    if group:
        yield "\n".join(group)


def install(manager: str, packages: Iterable[str]) -> str:
    """The instruction that installs packages; empty for none."""
    names = [package for package in packages if PACKAGE.fullmatch(package)]
    if not names or manager not in _INSTALL:
        return ""
    command = _INSTALL[manager].format(" ".join(names))
    if manager == "dpkg" and any(map(_LINKS_MANUALS.match, names)):
        return command.replace("RUN ", _MANUALS, 1)
    return command


def _environment(
    config: Config, rebuild: Rebuild, final: str, redacted: bool, *, in_place: bool
) -> list[str]:
    """The image's variables that the final stage does not set itself.

    Args:
        in_place: programs lie where PATH has them now.
    """
    lines: list[str] = []
    of_build = re.compile("|".join((*_BUILD_VARIABLES, *rebuild.building.variables)))
    for entry in config.env:
        name, _, value = entry.partition("=")
        if not NAME.fullmatch(name) or f" {name}=" in final:
            continue
        if name == "PATH":
            if not in_place or value == _PATH:
                continue
        elif of_build.fullmatch(name):
            continue
        lines.append(assignment("ENV", name, value, redacted))
    return lines


def _labels(config: Config, redacted: bool) -> list[str]:
    """The image's labels, without those of its builder."""
    return [
        f"LABEL {name}={quoted(value)}"
        for name, value in sorted(config.labels.items())[:_MOST_LABELS]
        if _LABEL.fullmatch(name)
        and fits_on_line(value)
        and not name.startswith(("io.buildah.", "org.opencontainers.image.base."))
        and not (redacted and redact.value(name, value) != value)
    ]


def _transfers(rebuild: Rebuild, values: Mapping[str, str]) -> list[str]:
    """Copies of what lies in the build stage where the final stage needs it."""
    elsewhere: list[str] = []
    if values.get("assembled") or values.get("standalone"):
        elsewhere += ("/" + home.decode("utf-8", "replace") for home in rebuild.homes)
    if values.get("java_home"):
        elsewhere.append(values["java_home"])
    paths: list[str] = []
    for path in rebuild.transfer.copies:
        if any(path == place or path.startswith(place + "/") for place in elsewhere):
            continue
        if not values.get("image_python") or not _OF_PYTHON.match(path):
            paths.append(path)
        elif _WHOLE_PYTHON.fullmatch(path):
            paths.append(path + "/site-packages")
    return [
        f"COPY --from=build {path} {path}"
        if literal(path)
        else f"COPY --from=build {expanded_words([copied_path(path), path])}"
        for path in paths
        if fits_on_line(path)
    ]


def _copies(rebuild: Rebuild) -> list[str]:
    """Further directories and files, in the form in which names may have blanks."""
    lines = []
    for source, target in rebuild.copies:
        if fits_on_line(source + target):
            pair = expanded_words([copied_path(source), target])
            lines.append(f"COPY --from=build{_owner(rebuild)} {pair}")
    return lines


def _owner(rebuild: Rebuild) -> str:
    """Only as numbers: the final stage need not know the name."""
    user = rebuild.values.get("user", "")
    return f" --chown={user}" if _IDS.fullmatch(user) else ""


def _settings(rebuild: Rebuild, config: Config) -> list[str]:
    lines: list[str] = []
    user = rebuild.values.get("user") or config.user
    if rebuild.transfer.account is not None and account(rebuild):
        user = rebuild.transfer.account.name
    if USER.fullmatch(user):
        lines.append(f"USER {user}")
    ports = [port for port in config.exposed_ports if _PORT.fullmatch(port)]
    if ports:
        lines.append(f"EXPOSE {' '.join(ports)}")
    if config.volumes:
        lines.append(f"VOLUME {expanded_words(config.volumes)}")
    if _SIGNAL.fullmatch(config.stop_signal):
        lines.append(f"STOPSIGNAL {config.stop_signal}")
    return lines


def _health(config: Config, redacted: bool) -> str:
    check = config.healthcheck
    if not check or check[0] == "NONE":
        return ""
    shown = redact.words(check) if redacted else list(check)
    if check[0] == "CMD-SHELL":
        shown = ["CMD", "/bin/sh", "-c", *shown[1:2]]
    if check[0] not in ("CMD", "CMD-SHELL"):
        return ""
    times = "".join(
        f"--{option}={value if option == 'retries' else _duration(value)} "
        for option, value in config.health_times
    )
    return f"HEALTHCHECK {times}CMD {words(shown[1:])}"


def _duration(nanoseconds: int) -> str:
    """As Docker reads it.

    >>> _duration(90_000_000_000), _duration(1_500_000)
    ('90s', '1500000ns')
    """
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{nanoseconds}ns" if rest else f"{seconds}s"


def _start(rebuild: Rebuild, config: Config, redacted: bool) -> list[str]:
    """ENTRYPOINT and CMD: the stack's own command, else those that the image has."""
    if rebuild.command:
        return [f"CMD {words(rebuild.command)}"]
    lines = []
    for keyword, command in (("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd)):
        if command:
            lines.append(f"{keyword} {words(redact.words(command) if redacted else command)}")
    return lines
