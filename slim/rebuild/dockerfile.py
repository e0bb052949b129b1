"""The Dockerfile of a rebuild: a template of the rules, filled in with this image's own values [pure].

A placeholder `{name}` stands for one value or, alone on its line, for whole instructions. An instruction
whose placeholder has no value is left out, with the comment above it; so is one below a line `#? name`
whose name has none, and that line itself always. What an image says is not trusted: each value is quoted
for the place where it stands, and what cannot be quoted is left out, so that no value can become an
instruction. Secrets are not printed.
Source: Dockerfile reference, "Parser directives", "Environment replacement", "Here-Documents".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from slim.image.model import Config
from slim.rebuild.model import Rebuild
from slim.secrets import redact

_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_]{1,40})\}")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._:@-]{0,127}")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?")
_IDS = re.compile(r"[0-9]{1,10}:[0-9]{1,10}", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?")
_SIGNAL = re.compile(r"[A-Z0-9+-]{1,20}")
_PLAIN = re.compile(r"[A-Za-z0-9_./@:+=,~][A-Za-z0-9_./@:+=,~-]*", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BUILD_VARIABLES = re.compile(
    r"PATH|(?:MIX|HEX|CARGO|RUSTUP|MAVEN|GRADLE)_HOME|GO(?:PATH|TOOLCHAIN|CACHE|PROXY|FLAGS)|CGO_ENABLED"
    r"|(?:PIP|UV|POETRY|NPM_CONFIG|npm_config|YARN|BUNDLE|MIX|HEX)_\w*|DEBIAN_FRONTEND|GPG_KEYS?"
    r"|(?:NODE|YARN|PYTHON|GOLANG|RUST|JAVA|MAVEN|GRADLE|ELIXIR|OTP)_(?:VERSION|SHA256|PIP_VERSION)"
)
"""Variables that only the build stage needs."""
_LONGEST = 4096
_INSTALL = {
    "dpkg": "RUN apt-get update \\\n && apt-get install -y --no-install-recommends {} \\\n"
    " && rm -rf /var/lib/apt/lists/*",
    "apk": "RUN apk add --no-cache {}",
    "rpm": "RUN dnf install -y --nodocs --setopt=install_weak_deps=0 {} && dnf clean all",
}
_LINKS_MANUALS = re.compile(r"(?:openjdk-[0-9]+|default)-j")
"""Packages of dpkg that cannot be installed in a slim image, whose directories of manual pages are gone.
Source: https://github.com/debuerreotype/debuerreotype/issues/10."""
_MANUALS = "RUN mkdir -p /usr/share/man/man1 \\\n && "


def recipe(
    rebuild: Rebuild, config: Config, template: str, base: str, *, redacted: bool = True
) -> str:
    """The filled-in Dockerfile.

    Args:
        base: name of the base image, as far as it is known; else a build argument asks for it.
        redacted: without values that look like secrets.
    """
    values = {key: plain(value) for key, value in rebuild.values.items()}
    base = base or rebuild.values.get("distribution", "")
    values["base"] = base if _REFERENCE.fullmatch(base) else "${BASE_IMAGE}"
    values["build_base"] = values["base"]
    if values.get("own_toolchain"):
        # A tool chain that no package brings is that of another image.
        image = values.get("toolchain", "")
        values["build_base"] = image if _REFERENCE.fullmatch(image) else "${BUILD_IMAGE}"
    asked = {
        "${BASE_IMAGE}": "# The base image that this image has now.\nARG BASE_IMAGE",
        "${BUILD_IMAGE}": "# An image with the tool chain that this image has.\nARG BUILD_IMAGE",
    }
    unknown = dict.fromkeys((values["base"], values["build_base"]))
    values["arguments"] = "\n".join(asked[one] for one in unknown if one in asked)
    values["install"] = install(rebuild.manager, rebuild.packages)
    values["build_install"] = install(rebuild.manager, rebuild.build_packages)
    values["app_dir"] = plain(config.working_dir if config.working_dir != "/" else "")
    values["env"] = "\n".join(_environment(config, template, redacted))
    values["settings"] = "\n".join(_settings(rebuild, config))
    values["health"] = _health(config, redacted)
    values["start"] = "\n".join(_start(rebuild, config, redacted))
    values["copies"] = "\n".join(_copies(rebuild))
    values["from_build"] = "--from=build" + _owner(rebuild)
    return fill(template, values)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template without the instructions that lack a value.

    >>> fill("FROM a\\n# Why.\\nUSER {user}\\nEXPOSE {port}\\n", {"port": "80"})
    'FROM a\\nEXPOSE 80\\n'
    """
    made: list[str] = []
    for group in _groups(template):
        lines = group.split("\n")
        conditions = [line[3:].strip() for line in lines if line.startswith("#? ")]
        shown = "\n".join(line for line in lines if not line.startswith("#? "))
        if all(values.get(name) for name in (*conditions, *_PLACEHOLDER.findall(shown))):
            made.append(_PLACEHOLDER.sub(lambda found: values[found[1]], shown))
    text = "\n".join(made)
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


def plain(text: str) -> str:
    """A value that is the same to a Dockerfile and to a shell, and no option; empty for any other.

    >>> plain("/srv/app-1"), plain("/x\\nRUN y"), plain("$(a)")
    ('/srv/app-1', '', '')
    """
    return text if len(text) <= _LONGEST and _PLAIN.fullmatch(text) else ""


def words(items: Sequence[str]) -> str:
    """The exec form of a command: JSON, in which no line can end. `$` is no variable there."""
    return json.dumps(list(items))


def install(manager: str, packages: Iterable[str]) -> str:
    """The instruction that installs packages; empty for none."""
    names = [one for one in packages if _PACKAGE.fullmatch(one)]
    if not names or manager not in _INSTALL:
        return ""
    made = _INSTALL[manager].format(" ".join(names))
    if manager == "dpkg" and any(map(_LINKS_MANUALS.match, names)):
        return made.replace("RUN ", _MANUALS, 1)
    return made


def _environment(config: Config, template: str, redacted: bool) -> list[str]:
    """The image's variables that the template does not set itself."""
    final = template.rpartition("\nFROM ")[2]
    made: list[str] = []
    for entry in config.env:
        name, _, value = entry.partition("=")
        if not _NAME.fullmatch(name) or _BUILD_VARIABLES.fullmatch(name) or f" {name}=" in final:
            continue
        if redacted and redact.value(name, value) != value:
            made.append(f"# {name} looks like a secret: give it when the container starts.")
        elif _CONTROL.search(value) or len(value) > _LONGEST:
            made.append(f"# {name} has a value that does not fit on a line.")
        else:
            quoted = re.sub(r'([\\"$`])', r"\\\1", value)
            made.append(f'ENV {name}="{quoted}"')
    return made


def _copies(rebuild: Rebuild) -> list[str]:
    """Further directories and files, in the form in which names may have blanks."""
    made = []
    for source, target in rebuild.copies:
        if not _CONTROL.search(source + target):
            # A variable would be replaced there, in JSON too.
            pair = words([source, target]).replace("$", "\\\\$")
            made.append(f"COPY --from=build{_owner(rebuild)} {pair}")
    return made


def _owner(rebuild: Rebuild) -> str:
    """Only as numbers: the final stage need not know the name."""
    user = rebuild.values.get("user", "")
    return f" --chown={user}" if _IDS.fullmatch(user) else ""


def _settings(rebuild: Rebuild, config: Config) -> list[str]:
    made: list[str] = []
    user = rebuild.values.get("user") or config.user
    if _USER.fullmatch(user):
        made.append(f"USER {user}")
    ports = [port for port in config.exposed_ports if _PORT.fullmatch(port)]
    if ports:
        made.append(f"EXPOSE {' '.join(ports)}")
    if config.volumes:
        made.append(f"VOLUME {words(config.volumes)}".replace("$", "\\\\$"))
    if _SIGNAL.fullmatch(config.stop_signal):
        made.append(f"STOPSIGNAL {config.stop_signal}")
    return made


def _health(config: Config, redacted: bool) -> str:
    check = config.healthcheck
    if not check or check[0] == "NONE":
        return ""
    shown = redact.words(check) if redacted else list(check)
    if check[0] == "CMD-SHELL":
        shown = ["CMD", "/bin/sh", "-c", *shown[1:2]]
    return f"HEALTHCHECK CMD {words(shown[1:])}" if check[0] in ("CMD", "CMD-SHELL") else ""


def _start(rebuild: Rebuild, config: Config, redacted: bool) -> list[str]:
    """ENTRYPOINT and CMD: the stack's own command, else those that the image has."""
    if rebuild.command:
        return [f"CMD {words(rebuild.command)}"]
    made = []
    for keyword, command in (("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd)):
        if command:
            made.append(f"{keyword} {words(redact.words(command) if redacted else command)}")
    return made
