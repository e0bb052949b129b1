"""Placing an image's history on the lines of its Dockerfile, builder by builder."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slim.dockerfile.align import place
from slim.dockerfile.parse import DockerfileError, parse_dockerfile
from tests.conftest import LONG

PHOENIX = """\
# syntax=docker/dockerfile:1
ARG ELIXIR=1.18
FROM hexpm/elixir:${ELIXIR} AS builder
RUN apt-get update && \\
    # compilers
    apt-get install -y build-essential git
WORKDIR /app
ENV MIX_ENV="prod"
COPY mix.exs mix.lock ./
RUN --mount=type=cache,target=/root/.hex mix deps.get --only $MIX_ENV
COPY lib lib
COPY assets assets
RUN mix release

FROM debian:bookworm-slim AS final
ARG MIX_ENV=prod
ENV LANG=en_US.UTF-8 LC_ALL=en_US.UTF-8
RUN apt-get update \\
  && apt-get install -y libstdc++6 \\
  && rm -rf /var/lib/apt/lists/*
WORKDIR "/app"
RUN chown nobody /app
COPY --from=builder --chown=nobody:root /app/_build/${MIX_ENV}/rel/shop ./
COPY rel/env.sh /app/bin/
USER nobody
EXPOSE 4000
HEALTHCHECK --interval=30s CMD curl -f http://localhost:4000/ || exit 1
CMD ["/app/bin/server", "start"]
"""
FINAL_LINES = [16, 17, 18, 21, 22, 23, 24, 25, 26, 27, 28]
BASE = ["/bin/sh -c #(nop) ADD file:11aa in / ", '/bin/sh -c #(nop)  CMD ["bash"]']
APT = "apt-get update   && apt-get install -y libstdc++6   && rm -rf /var/lib/apt/lists/*"

BUILDKIT = [
    "ARG MIX_ENV=prod",
    "ENV LANG=en_US.UTF-8 LC_ALL=en_US.UTF-8",
    f"RUN |1 MIX_ENV=prod /bin/sh -c {APT} # buildkit",
    "WORKDIR /app",
    "RUN |1 MIX_ENV=prod /bin/sh -c chown nobody /app # buildkit",
    "COPY --chown=nobody:root /app/_build/prod/rel/shop ./ # buildkit",
    "COPY rel/env.sh /app/bin/ # buildkit",
    "USER nobody",
    "EXPOSE map[4000/tcp:{}]",
    'HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost:4000/ || exit 1"] "30s" "0s" "0s" \'\\x00\'}',
    'CMD ["/app/bin/server" "start"]',
]
NEWER_BUILDKIT = [
    *BUILDKIT[:8],
    "EXPOSE [4000/tcp]",
    "HEALTHCHECK {Test:[CMD-SHELL curl -f http://localhost:4000/ || exit 1] Interval:30s Timeout:0s"
    " StartPeriod:0s StartInterval:0s Retries:0}",
    BUILDKIT[10],
]
OVERRIDDEN = [
    line.replace("|1 MIX_ENV=prod", "|1 MIX_ENV=te st").replace("_build/prod", "_build/te st")
    for line in BUILDKIT
]
CLASSIC = [
    "/bin/sh -c #(nop)  ARG MIX_ENV=prod",
    "/bin/sh -c #(nop)  ENV LANG=en_US.UTF-8 LC_ALL=en_US.UTF-8",
    f"|1 MIX_ENV=prod /bin/sh -c {APT}",
    "/bin/sh -c #(nop) WORKDIR /app",
    "|1 MIX_ENV=prod /bin/sh -c chown nobody /app",
    "/bin/sh -c #(nop) COPY --chown=nobody:root dir:22bb in ./ ",
    "/bin/sh -c #(nop) COPY file:33cc in /app/bin/ ",
    "/bin/sh -c #(nop)  USER nobody",
    "/bin/sh -c #(nop)  EXPOSE 4000",
    "/bin/sh -c #(nop)  " + BUILDKIT[9],
    '/bin/sh -c #(nop)  CMD ["/app/bin/server" "start"]',
]
BUILDAH = [
    "/bin/sh -c #(nop) ARG MIX_ENV",
    "/bin/sh -c #(nop) ENV LANG=en_US.UTF-8 LC_ALL=en_US.UTF-8",
    f"|1 MIX_ENV=prod /bin/sh -c {APT}|force-mtime=0",
    '/bin/sh -c #(nop) WORKDIR "/app"',
    "|1 MIX_ENV=prod /bin/sh -c chown nobody /app",
    "/bin/sh -c #(nop) COPY dir:22bb in ./ ",
    "/bin/sh -c #(nop) COPY file:33cc in /app/bin/  |force-mtime=0",
    "/bin/sh -c #(nop) USER nobody",
    "/bin/sh -c #(nop) EXPOSE 4000",
    "/bin/sh -c #(nop) HEALTHCHECK --interval=30s CMD curl -f http://localhost:4000/ || exit 1",
    '/bin/sh -c #(nop) CMD ["/app/bin/server", "start"]',
]
KANIKO = [
    f"RUN {APT}",
    'WORKDIR "/app"',
    "RUN chown nobody /app",
    "COPY --from=builder --chown=nobody:root /app/_build/${MIX_ENV}/rel/shop ./",
    "COPY rel/env.sh /app/bin/",
]
KANIKO_LINES = [18, 21, 22, 23, 24]


def lines(text: str, history: Sequence[str], target: str | None = None) -> list[int | None]:
    """The first line of each entry's place."""
    placed = place(parse_dockerfile(text), history, target=target)
    return [None if at is None else at.line for at in placed]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (BUILDKIT, FINAL_LINES),
        (NEWER_BUILDKIT, FINAL_LINES),
        (OVERRIDDEN, FINAL_LINES),
        (CLASSIC, FINAL_LINES),
        (BUILDAH, FINAL_LINES),
        (KANIKO, KANIKO_LINES),
    ],
    ids=["buildkit", "newer buildkit", "build argument given", "classic", "buildah", "kaniko"],
)
def test_each_builder(history: list[str], expected: list[int]) -> None:
    assert lines(PHOENIX, BASE + history) == [None, None, *expected]
    # one entry less: no longer the whole stage, but nothing becomes ambiguous
    assert lines(PHOENIX, BASE + history[:3] + history[4:]) == [
        None,
        None,
        *expected[:3],
        *expected[4:],
    ]


def test_a_placement_says_where_and_what() -> None:
    placed = place(parse_dockerfile(PHOENIX), BASE + BUILDKIT)
    run = placed[4]
    assert run is not None
    assert (run.line, run.end_line, run.stage) == (18, 20, 1)
    assert run.instruction == f"RUN {APT}"


BUILDER = [
    "RUN /bin/sh -c apt-get update &&     apt-get install -y build-essential git # buildkit",
    "WORKDIR /app",
    "ENV MIX_ENV=prod",
    "COPY mix.exs mix.lock ./ # buildkit",
    "RUN /bin/sh -c mix deps.get --only $MIX_ENV # buildkit",
    "COPY lib lib # buildkit",
    "COPY assets assets # buildkit",
    "RUN /bin/sh -c mix release # buildkit",
]


@pytest.mark.parametrize("target", ["builder", "BUILDER", "0"])
def test_target(target: str) -> None:
    expected = [None, None, 4, 7, 8, 9, 10, 11, 12, 13]
    assert lines(PHOENIX, BASE + BUILDER, target) == expected


def test_unknown_target_lists_the_stages() -> None:
    for target in ("run", "2", "-1", "²", ""):
        with pytest.raises(DockerfileError, match=r"the stages are 0 \(builder\), 1 \(final\)"):
            place(parse_dockerfile(PHOENIX), [], target=target)


def test_another_stage_is_not_blamed() -> None:
    assert lines(PHOENIX, BASE + BUILDER)[2:] == [None, 21, *[None] * 6]  # both have WORKDIR /app


def test_a_chain_of_stages() -> None:
    text = (
        "ARG KIND=dev\nFROM debian AS base\nENV A=x\nRUN one\nFROM base AS base-dev\nARG V\n"
        "COPY $A/$V /y\nFROM base AS base-prod\nRUN prod\nFROM base-${KIND}\nRUN three\n"
    )
    history = [
        *BASE,
        "ENV A=x",
        "RUN /bin/sh -c one # buildkit",
        "ARG V",
        "COPY x/v /y # buildkit",
        "RUN /bin/sh -c three # buildkit",
    ]
    placed = place(parse_dockerfile(text), history)
    assert [at and (at.line, at.stage) for at in placed] == [
        None,
        None,
        (3, 0),
        (4, 0),
        (6, 1),
        (7, 1),
        (11, 3),
    ]


def test_a_build_argument_ends_with_its_stage() -> None:
    text = "FROM scratch AS p\nARG V\nRUN a $V\nFROM p\nCOPY a$V /x\nUSER new"
    assert lines(text, ["RUN |1 V=1 /bin/sh -c a $V", "COPY a /x # buildkit"]) == [3, 5]


def test_triggers_stand_on_their_onbuild() -> None:
    text = "FROM scratch AS p\nONBUILD COPY a /a\nONBUILD RUN x\nUSER u\nFROM p\nRUN y"
    buildkit = ["USER u", "COPY a /a # buildkit", "RUN /bin/sh -c x # buildkit"]
    last = ["RUN /bin/sh -c y # buildkit"]
    nop = "/bin/sh -c #(nop) "
    classic = [nop + "ONBUILD COPY a /a", nop + "ONBUILD RUN x", nop + "USER u"]
    assert lines(text, buildkit + last) == [4, 2, 3, 6]
    assert lines(text, [*classic, nop + "COPY file:1f in /a ", "/bin/sh -c x", "/bin/sh -c y"]) == [
        2, 3, 4, 2, 3, 6,
    ]  # fmt: skip
    assert lines(text, [*classic, "/bin/sh -c y"]) == [2, 3, 4, 6]  # buildah, OCI: no triggers


@pytest.mark.parametrize("edited", range(len(FINAL_LINES)))
def test_an_edited_line_loses_only_its_own_place(edited: int) -> None:
    line = FINAL_LINES[edited]
    text = PHOENIX.splitlines(keepends=True)
    keyword = text[line - 1].split()[0]
    change = {"ARG": "ARG OTHER", "EXPOSE": "EXPOSE 1"}.get(keyword, f"{keyword} new")
    continued = text[line - 1].endswith("\\\n")
    text[line - 1] = f"{change} \\\n" if continued else f"{change}\n"
    expected = [None, None, *FINAL_LINES]
    expected[2 + edited] = None
    assert lines("".join(text), BASE + BUILDKIT) == expected


def test_added_and_removed_lines() -> None:
    text = "FROM debian\nRUN a\nRUN new\nRUN c\n"
    assert lines(text, [*BASE, "RUN a", "RUN b", "RUN c"]) == [None, None, 2, None, 4]


DUPLICATES: dict[str, tuple[str, list[str], list[int | None]]] = {
    "both recorded": ("RUN a\nRUN b\nRUN a", ["RUN a", "RUN b", "RUN a"], [2, 3, 4]),
    "one recorded": ("RUN a\nRUN a", ["RUN a"], [None]),
    "one recorded, between others": (
        "RUN x\nRUN a\nRUN a\nRUN y", ["RUN x", "RUN a", "RUN y"], [2, None, 5],
    ),
    "a neighbour decides": ("RUN a\nRUN b\nRUN a\nUSER u", ["RUN b", "RUN a"], [3, 4]),
    "the base image's equal entry stays out": ("RUN a\nRUN b", ["RUN a", "RUN a", "RUN b"],
                                               [None, 2, 3]),
    "which of two entries, undecidable": ("RUN a\nRUN new", ["RUN a", "RUN a", "RUN b"],
                                          [None, None, None]),
    "moved lines": ("RUN b\nRUN a\nRUN c", ["RUN a", "RUN b", "RUN c"], [None, None, 4]),
    "white space alone tells nothing apart": ("RUN a  b\nRUN a b", ["RUN a b"], [None]),
    "destinations": (
        "COPY a /app\nRUN x\nCOPY b /app\nRUN y",
        ["/bin/sh -c #(nop) COPY dir:1 in /app ", "/bin/sh -c x",
         "/bin/sh -c #(nop) COPY dir:2 in /app ", "/bin/sh -c y"],
        [2, 3, 4, 5],
    ),
    "destinations, between neighbours": (
        "COPY a /app\nRUN x\nCOPY b /app\nRUN y",
        ["/bin/sh -c x", "/bin/sh -c #(nop) COPY dir:2 in /app ", "/bin/sh -c y"],
        [3, 4, 5],
    ),
    "destinations, ambiguous": (
        "COPY a /app\nCOPY b /app\nRUN y",
        ["/bin/sh -c #(nop) COPY dir:2 in /app ", "/bin/sh -c y"],
        [None, 4],
    ),
    "a gap contests an exact match": (
        "ARG V\nCOPY $V /x\nCOPY b /x\nUSER u", ["COPY b /x # buildkit", "USER u"], [None, 5],
    ),
    "values that differ settle nothing": (
        "ARG V\nCOPY $V /x\nRUN a\nRUN b\nUSER new",
        ["COPY 2 /x # buildkit", "RUN |1 V=1 /bin/sh -c a", "RUN |1 V=2 /bin/sh -c b"],
        [3, 4, 5],
    ),
    "values beside unknown ones settle nothing": (
        "ARG V\nCOPY $V /x\nRUN a\nUSER new",
        ["COPY 1 /x # buildkit", "RUN |2 V=1 REMOVED=2 /bin/sh -c a"],
        [3, 4],
    ),
    "kaniko on an equal base image": (
        "ENV A=1\nRUN a\nUSER u\nRUN b\nCMD c", ["RUN a", "RUN a", "RUN b"], [None, 3, 5],
    ),
    "a value that is shown settles it": (
        "ARG V\nCOPY $V /x\nCOPY b /x\nRUN u",
        ["COPY b /x # buildkit", "RUN |1 V=a /bin/sh -c u # buildkit"], [4, 5],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "history", "expected"), DUPLICATES.values(), ids=DUPLICATES.keys()
)
def test_duplicates(text: str, history: list[str], expected: list[int | None]) -> None:
    assert lines("FROM debian\n" + text, history) == expected


SPELLINGS: dict[str, tuple[str, list[str]]] = {
    "RUN in exec form": ('RUN ["a", "b c"]', [
        "RUN a b c # buildkit",
        "RUN |1 V=x a b c # buildkit",
        "a b c",
        '/bin/sh -c ["a", "b c"]',
        'RUN ["a", "b c"]',
    ]),
    "RUN without a value": ("RUN a", ["|0 /bin/sh -c a", "|1 V= /bin/sh -c a"]),
    "RUN with a value of many words": ("RUN a", ["RUN |2 V=x  y z W=/bin/sh /bin/sh -c a"]),
    "RUN under another shell": ('SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a', [
        "RUN /bin/bash -o pipefail -c a # buildkit",
        "|1 V=x /bin/bash -o pipefail -c a",
        "/bin/sh -c a",
    ]),
    "RUN with flags": ("RUN --network=none --mount=type=bind,source=a,target=/a  a", [
        "RUN /bin/sh -c a # buildkit",
        "/bin/sh -c --network=none --mount=type=bind,source=a,target=/a a",
        "/bin/sh -c --network=none --mount=type=bind,source=a,target=/a a:sha256:" + "0f" * 32,
    ]),
    "RUN keeps its variables": ("ENV A=1\nRUN a $A", ["RUN /bin/sh -c a $A # buildkit"]),
    "RUN with a heredoc": ("RUN <<EOF\n\ta\nb\nEOF", [
        "RUN /bin/sh -c \ta\nb\n # buildkit",
        "RUN /bin/sh -c <<EOF\n\ta\nb\nEOF # buildkit",
        "/bin/sh -c <<EOF\na\nb",
        "RUN <<EOF",
    ]),
    "RUN with a script": ("RUN <<EOF\n#!/bin/sh\nb\nEOF", [
        "RUN /bin/sh -c /dev/pipes/EOF # buildkit",
    ]),
    "RUN with heredocs in a command": ("RUN cat <<A <<-B\na\nA\n\tb\nB", [
        "RUN /bin/sh -c cat <<A <<-B\na\nA\n\tb\nB # buildkit",
    ]),
    "COPY": ("COPY --link --chown=u --chmod=755 a b/ /x/", [
        "COPY --chown=u --chmod=755 a b/ /x/ # buildkit",
        "COPY a b/ /x/ # buildkit",
        "COPY --link --chown=u --chmod=755 a b/ /x/",
        "/bin/sh -c #(nop) COPY --chown=u multi:1f in /x/ ",
        "/bin/sh -c #(nop) COPY multi:1f in /x ",
    ]),
    "COPY in exec form": ('COPY ["a b", "/x y"]', [
        "COPY a b /x y # buildkit",
        "/bin/sh -c #(nop) COPY file:1f in /x y ",
    ]),
    "COPY from a heredoc": ("COPY <<-E c <<F /x/\nE\nF", ["COPY c <<E <<F /x/ # buildkit"]),
    "COPY to a variable": ("ENV D=/x\nCOPY a $D/y", [
        "COPY a /x/y # buildkit",
        "/bin/sh -c #(nop) COPY file:1f in /x/y ",
        "/bin/sh -c #(nop) COPY file:1f in $D/y ",
    ]),
    "COPY to an unknown place": ("ARG D\nCOPY a ${D}/y", [
        "COPY a /x/y # buildkit",
        "/bin/sh -c #(nop) COPY file:1f in /x/y ",
    ]),
    "COPY below the working directory": ("WORKDIR /x\nCOPY a ./y", [
        "COPY a ./y # buildkit",
        "/bin/sh -c #(nop) COPY file:1f in /x/y ",
        "/bin/sh -c #(nop) COPY file:1f in ./y ",
    ]),
    "ADD": ("ADD https://example.org/a.tgz /x", [
        "ADD https://example.org/a.tgz /x # buildkit",
        "/bin/sh -c #(nop) ADD 0a1b2c in /x ",
    ]),
    "ENV": ("ENV A=\"b c\" D='e' F=g\\ h", [
        "ENV A=b c D=e F=g h",
        "/bin/sh -c #(nop)  ENV A=b c D=e F=g h",
        "/bin/sh -c #(nop) ENV A=\"b c\" D='e' F=g\\ h",
    ]),
    "ENV in the old spelling": ("ENV A b  c", ["ENV A=b c", "/bin/sh -c #(nop) ENV A b  c"]),
    "ENV that extends the base image's": ("ENV PATH=/a:$PATH\nENV PATH=/b:$PATH", [
        "ENV PATH=/b:/a:/usr/bin:/bin",
        "/bin/sh -c #(nop) ENV PATH=/b:$PATH",
    ]),
    "ENV from nothing": ("ENV A=$B-${C:-d}", ["ENV A=v-d", "ENV A=-w"]),
    "LABEL": ("LABEL a=\"b\" c='d e'", ["LABEL a=b c=d e", "/bin/sh -c #(nop) LABEL a=\"b\" c='d e'"]),
    "ARG": ('ARG A="b c" D', ["ARG A=b c D", "ARG A=x D=y", "/bin/sh -c #(nop)  ARG A D"]),
    "ARG after ARG": ("ARG B=1\nARG A=1", ["ARG A=1", "/bin/sh -c #(nop) ARG A B"]),
    "WORKDIR": ("WORKDIR /a/\nWORKDIR ../b/./c", ["WORKDIR /b/c", "/bin/sh -c #(nop) WORKDIR /b/c"]),
    "WORKDIR below the base image's": ("WORKDIR a/../b", ["WORKDIR /x/b", "WORKDIR /b"]),
    "WORKDIR of unknown depth": ("WORKDIR ../../b", ["WORKDIR /x/b"]),
    "WORKDIR with a variable": ("WORKDIR $HOME/x", ["WORKDIR /root/x"]),
    "EXPOSE": ("ENV P=80\nEXPOSE $P 53/UDP 8000-8001", [
        "EXPOSE map[53/udp:{} 80/tcp:{} 8000/tcp:{} 8001/tcp:{}]",
        "EXPOSE [80/tcp 53/udp 8000/tcp 8001/tcp]",
        "/bin/sh -c #(nop)  EXPOSE 80 53/UDP 8000-8001",
        "/bin/sh -c #(nop) EXPOSE $P 53/UDP 8000-8001",
    ]),
    "EXPOSE of an unknown port": ("ARG P\nEXPOSE $P", ["EXPOSE map[4000/tcp:{}]"]),
    "CMD in shell form": ("CMD a  b", [
        'CMD ["/bin/sh" "-c" "a  b"]',
        "/bin/sh -c #(nop) CMD a  b",
        "CMD a  b",
    ]),
    "CMD in exec form": (r'CMD ["a\tb", "c\"d", "é"]', [
        r'CMD ["a\tb" "c\"d" "\u00e9"]',
        r'/bin/sh -c #(nop)  CMD ["a\tb" "c\"d" "é"]',
        r'/bin/sh -c #(nop) CMD ["a\tb", "c\"d", "é"]',
    ]),
    "CMD, not quite exec form": ("CMD ['a']", ["CMD [\"/bin/sh\" \"-c\" \"['a']\"]"]),
    "ENTRYPOINT, emptied": ("ENTRYPOINT []", ["ENTRYPOINT []"]),
    "HEALTHCHECK in exec form": ('HEALTHCHECK CMD ["a", "b c"]', [
        'HEALTHCHECK &{["CMD" "a" "b c"] "0s" "0s" "0s" "0s" \'\\x00\'}',
        "HEALTHCHECK {Test:[CMD a b c] Interval:0s Timeout:0s}",
        '/bin/sh -c #(nop) HEALTHCHECK CMD ["a", "b c"]',
    ]),
    "HEALTHCHECK NONE": ("HEALTHCHECK none", ['HEALTHCHECK &{["NONE"] "0s" "0s" "0s" \'\\x00\'}']),
    "VOLUME": ('ENV V=/b\nVOLUME ["/a", "$V"]', [
        "VOLUME [/a /b]",
        '/bin/sh -c #(nop) VOLUME ["/a", "/b"]',
    ]),
    "SHELL": ('SHELL ["/bin/sh", "-e", "-c"]', [
        "SHELL [/bin/sh -e -c]",
        "/bin/sh -e -c #(nop)  SHELL [/bin/sh -e -c]",
        '/bin/sh -c #(nop) SHELL ["/bin/sh", "-e", "-c"]',
    ]),
    "USER, STOPSIGNAL": ("ENV U=u\nUSER ${U}:${U:-x}", ["USER u:u", "/bin/sh -c #(nop)  USER u:u"]),
    "STOPSIGNAL": ("STOPSIGNAL SIGQUIT", ["STOPSIGNAL SIGQUIT"]),
    "MAINTAINER": ("MAINTAINER A <a@b>", ["MAINTAINER A <a@b>", "/bin/sh -c #(nop)  MAINTAINER A <a@b>"]),
    "ONBUILD": ("ONBUILD RUN a", ["/bin/sh -c #(nop)  ONBUILD RUN a"]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "entry"), [(text, entry) for text, entries in SPELLINGS.values() for entry in entries]
)
def test_spellings(text: str, entry: str) -> None:
    """The last instruction is found by each text that a builder writes for it."""
    whole = "FROM debian\n" + ("" if "ARG" in text else "ARG V\nARG W\n") + text
    expected = parse_dockerfile(whole).stages[0].instructions[-1].line
    assert lines(whole, ["RUN start", entry, "RUN end"]) == [None, expected, None]


DIFFERENT: dict[str, list[str]] = {
    "RUN a": ["RUN /bin/sh -c a b # buildkit", "a b", "RUN /bin/bash -c a", "CMD a", "RUN"],
    'RUN ["a", "b"]': ["RUN a  b c", "RUN a", '/bin/sh -c ["a", "c"]'],
    "RUN <<E\na\nE": ["RUN /bin/sh -c a b # buildkit", "RUN /bin/sh -c # buildkit"],
    "COPY a /x": [
        "ADD a /x # buildkit",
        "COPY a /x/y # buildkit",
        "COPY --chown=u a /x # buildkit",
        "/bin/sh -c #(nop) ADD file:1f in /x ",
        "/bin/sh -c #(nop) COPY file:1f in /x/y ",
        "/bin/sh -c #(nop) COPY file:1f in x ",
    ],
    "COPY $V /x": ["COPY a b /x # buildkit", "COPY a /y # buildkit", "COPY /x # buildkit"],
    "ENV A=b": ["ENV A=c", "ENV A=b B=c", "LABEL A=b"],
    "ENV PATH=/a:$PATH": ["ENV PATH=/b:/bin", "ENV PATH=/a"],
    "ARG A=1": ["ARG B=1", "ARG V A"],
    "WORKDIR a": ["WORKDIR /a/b", "WORKDIR /ba"],
    "WORKDIR ../../b": ["WORKDIR /a/c", "WORKDIR /b/a"],
    "EXPOSE 80": ["EXPOSE map[81/tcp:{}]", "EXPOSE [80/udp]", "EXPOSE map[80/tcp:{} 81/tcp:{}]"],
    'CMD ["a", "b"]': ['CMD ["a" "c"]', 'CMD ["a b"]', 'CMD ["a" "b"] c', "CMD a b"],
    "CMD a b": ['CMD ["a" "b"]', 'CMD ["/bin/zsh" "-c" "a b"]', "CMD a"],
    "HEALTHCHECK CMD a": ['HEALTHCHECK &{["NONE"]}', "HEALTHCHECK {Test:[CMD a] Interval:0s}"],
    "VOLUME /a": ["VOLUME [/a /b]", "VOLUME [/b]"],
    "USER a": ["USER b", "/bin/sh -c #(nop) USER"],
    "ONBUILD RUN a": ["RUN /bin/sh -c a # buildkit", "/bin/sh -c #(nop) ONBUILD RUN b"],
}


@pytest.mark.parametrize(
    ("text", "entry"), [(text, entry) for text, entries in DIFFERENT.items() for entry in entries]
)
def test_different_texts_are_not_taken_for_it(text: str, entry: str) -> None:
    assert lines("FROM debian\nARG V\n" + text, [entry]) == [None]


@pytest.mark.parametrize(
    "entry",
    [
        "",
        " ",
        "RUN",
        "RUN ",
        "COPY",
        "|",
        "|9 A=b",
        "|99999999 /bin/sh -c a",
        "/bin/sh -c ",
        "/bin/sh -c #(nop)",
        "/bin/sh -c #(nop) COPY",
        "RUN \0a",
        "a\0",
        "# debian.sh --arch 'amd64' out/ 'trixie'",
        'CMD ["',
        'CMD ["\\',
        'CMD ["\\u12',
        "EXPOSE map[",
        "EXPOSE 1-99999999999",
        "HEALTHCHECK &{",
        "HEALTHCHECK {Test:[",
        "SHELL [",
        "SHELL []",
        "\ud800",
    ],
)
def test_entries_that_say_nothing(entry: str) -> None:
    text = "FROM a\nCOPY x /a\nUSER a\nEXPOSE 1\nSHELL []\nHEALTHCHECK CMD a\nCMD a\nRUN a"
    assert lines(text, [entry, "RUN a"]) in ([None, 8], [5, 8])
    assert lines(text, [entry]) in ([None], [5] if entry == "SHELL []" else [None])


def test_buildah_lists_the_arguments_that_have_a_value() -> None:
    text = "ARG GLOBAL=1\nFROM a\nARG B=1\nARG UNSET\nARG A=2\nARG GLOBAL"
    nop = "/bin/sh -c #(nop) ARG "
    history = [nop + "B", nop + "B", nop + "A B", nop + "A B GLOBAL"]
    assert lines(text, history) == [3, 4, 5, 6]


def test_nothing_to_place() -> None:
    assert place(parse_dockerfile(PHOENIX), []) == ()
    assert lines("FROM a", BASE) == [None, None]


class TestBounds:
    """Ten thousand lines against ten thousand entries are placed or given up, never multiplied."""

    def test_different_lines(self) -> None:
        text = "FROM a\n" + "".join(f"RUN x{at}\n" for at in range(9_999))
        history = [f"RUN /bin/sh -c x{at} # buildkit" for at in range(9_999) if at != 5_000]
        expected = [at + 2 for at in range(9_999) if at != 5_000]
        assert lines(text, history) == expected

    @LONG
    def test_equal_lines(self) -> None:
        text = "FROM a\n" + "RUN x\n" * 9_999
        assert lines(text, ["RUN x"] * 9_999) == list(range(2, 10_001))
        assert lines(text, ["RUN x"] * 9_998) == [None] * 9_998

    @LONG
    def test_gaps(self) -> None:
        text = "FROM a\n" + "".join(f"COPY $A x{at}\n" for at in range(9_998)) + "RUN y\n"
        history = [f"COPY q x{at} # buildkit" for at in range(9_998) if at] + ["RUN y"]
        assert lines(text, history) == [None] * 9_997 + [10_000]

    @LONG
    def test_values_that_double(self) -> None:
        text = "FROM a\nENV A=x\n" + "ENV A=$A$A\n" * 9_000 + "RUN y\n"
        assert lines(text, ["ENV A=xx", "RUN y"])[-1] == 9_003


@dataclass(frozen=True)
class Line:
    """One line of a Dockerfile and what BuildKit would record for it, with `{V}` as its variable.

    A RUN is not substituted: its `$V` stays.
    """

    text: str
    entry: str


POOL = [
    Line("RUN a", "RUN {args}/bin/sh -c a # buildkit"),
    Line("RUN b", "RUN {args}/bin/sh -c b # buildkit"),
    Line("RUN echo $V", "RUN {args}/bin/sh -c echo $V # buildkit"),
    Line('RUN ["c", "d"]', "RUN {args}c d # buildkit"),
    Line("COPY a1 /x", "COPY a1 /x # buildkit"),
    Line("COPY a$V /x", "COPY a{V} /x # buildkit"),
    Line("COPY --from=0 a2 /x", "COPY a2 /x # buildkit"),
    Line("COPY --chown=$V 1 /x", "COPY --chown={V} 1 /x # buildkit"),
    Line("ADD ${V:-1} /x", "ADD {V_or_1} /x # buildkit"),
    Line("ADD 1 /x", "ADD 1 /x # buildkit"),
    Line("ENV E=$V", "ENV E={V}"),
    Line('ENV E="1"', "ENV E=1"),
    Line("ENV V=1", "ENV V=1"),
    Line("ENV V=2", "ENV V=2"),
    Line("ARG V=1", "ARG V=1"),
    Line("ARG V=2", "ARG V=2"),
    Line("LABEL l=${V}", "LABEL l={V}"),
    Line("WORKDIR /w/$V", "WORKDIR /w/{V}"),
    Line("WORKDIR /w/1", "WORKDIR /w/1"),
    Line("USER 1", "USER 1"),
    Line('CMD ["1"]', 'CMD ["1"]'),
]
FOREIGN = ["RUN /bin/sh -c base # buildkit", "ENV BASE=1", 'CMD ["bash"]', "ADD rootfs /"]


def recorded(lines_of: Sequence[Line], given: str | None, inherited: str) -> list[str]:
    """The history that a build of these lines leaves; `given` is `--build-arg V=…`."""
    value, from_env, is_argument = inherited, False, False
    history = []
    for line in lines_of:
        if line.text.startswith("ARG"):
            is_argument = True
            if not from_env:
                value = given or line.text[-1]
        args = f"|1 V={value} " if is_argument else ""
        history.append(
            line.entry.format(args=args, V=value, V_or_1=value or "1")
            if line.text[:3] != "ENV" or "$" in line.text
            else line.entry
        )
        if line.text.startswith("ENV V="):
            value, from_env = line.text[-1], True
    return history


builds = st.tuples(
    st.lists(st.sampled_from(POOL), min_size=1, max_size=9),
    st.sampled_from([None, "1", "2", "3"]),
    st.sampled_from(["", "1", "2", "9"]),
    st.lists(st.sampled_from(FOREIGN), max_size=3),
)


@given(builds)
@settings(max_examples=300)
@LONG
def test_a_stages_own_history_is_placed_whole(
    build: tuple[list[Line], str | None, str, list[str]],
) -> None:
    own, given_value, inherited, base = build
    text = "FROM base\n" + "".join(f"{line.text}\n" for line in own)
    history = base + recorded(own, given_value, inherited)
    expected = [*[None] * len(base), *range(2, len(own) + 2)]
    assert lines(text, history) == expected


@given(builds, st.data())
@settings(max_examples=600)
@LONG
def test_missing_entries_never_move_another(
    build: tuple[list[Line], str | None, str, list[str]], data: st.DataObject
) -> None:
    own, given_value, inherited, base = build
    text = "FROM base\n" + "".join(f"{line.text}\n" for line in own)
    history = base + recorded(own, given_value, inherited)
    truth = [*[None] * len(base), *range(2, len(own) + 2)]
    kept = data.draw(st.lists(st.booleans(), min_size=len(truth), max_size=len(truth)))
    remaining = [at for at, keep in enumerate(kept) if keep]
    placed = lines(text, [history[at] for at in remaining])
    assert all(
        line is None or line == truth[at] for at, line in zip(remaining, placed, strict=True)
    )


@given(builds)
@settings(max_examples=300)
@LONG
def test_lines_added_since_never_move_another(
    build: tuple[list[Line], str | None, str, list[str]],
) -> None:
    """The mirror image: what was built is every second line of today's Dockerfile."""
    now, given_value, inherited, base = build
    text = "FROM base\n" + "".join(f"{line.text}\n" for line in now)
    arguments = [at for at, line in enumerate(now) if line.text.startswith(("ARG", "ENV V"))]
    built = sorted({*range(0, len(now), 2), *arguments})
    history = base + recorded([now[at] for at in built], given_value, inherited)
    placed = lines(text, history)
    truth = [*[None] * len(base), *(at + 2 for at in built)]
    assert all(line in (None, at) for at, line in zip(truth, placed, strict=True))
