"""Values that look like secrets, in every place where images keep them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slim.secrets.names import is_secret
from slim.secrets.redact import REDACTED, command, value, words

SECRET = "hunter2"  # noqa: S105


@pytest.mark.parametrize(
    "name",
    [
        *("PASSWORD", "DB_PASSWORD", "PGPASSWORD", "MYSQL_ROOT_PASSWD", "passphrase", "DB_PASS"),
        *("MYSQL_PWD", "GITHUB_PAT", "API_KEY", "apiKey", "api-key", "AWS_SECRET_ACCESS_KEY"),
        *("AWS_ACCESS_KEY_ID", "SECRET_KEY_BASE", "RAILS_MASTER_KEY", "NPM_TOKEN", "token"),
        *("GOOGLE_CREDENTIALS", "SSH_PRIVATE_KEY", "REDISCLI_AUTH", "Authorization", "COOKIE"),
        *(
            "SENTRY_DSN",
            "AZURE_CONNECTION_STRING",
            "STORAGE_ACCOUNT_KEY",
            "--requirepass",
            "X-Api-Key",
        ),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PATH",
            "HOME",
            "LANG",
            "AUTHOR",
            "AUTHORS",
            "GPG_KEY",
            "PYTHON_SHA256",
            "BYPASS",
            "PASSAGE",
        ),
        *(
            "TOKENIZERS_PARALLELISM",
            "POSTGRES_PASSWORD_FILE",
            "TOKEN_PATH",
            "SECRETS_DIR",
            "COMPASS",
            "",
        ),
        *("KEYBOARD", "MONKEY", "PATTERN", "DOTNET_RUNNING_IN_CONTAINER"),
    ],
)
def test_names_of_nothing_secret(name: str) -> None:
    assert not is_secret(name)


HIDDEN = [
    "ENV PASSWORD={}",
    "ENV A=1 PASSWORD={} B=2",
    'ENV PASSWORD="{} with blanks" B=2',
    "ENV PASSWORD='{} B=c' D=e",
    "ARG TOKEN={}",
    "ARG TOKEN={} with blanks",
    "LABEL secret={}",
    "/bin/sh -c #(nop)  ENV PASSWORD={}",
    "/bin/sh -c #(nop)  ENV PASSWORD={} with blanks",
    "/bin/sh -c #(nop)  ARG TOKEN={}",
    "|1 TOKEN={} /bin/sh -c make",
    "RUN |2 TOKEN={} A=b /bin/bash -o pipefail -c make",
    "RUN |1 TOKEN=x /bin/x {} /bin/sh -c make",
    "RUN |1 TOKEN={} powershell -Command make",
    "RUN TOKEN={} make",
    'RUN TOKEN="{}" make',
    "RUN TOKEN='{}' make",
    "RUN TOKEN=a\"{}\"'b' make",
    'RUN TOKEN="{} and no closing quote',
    'RUN TOKEN="a\\"{}" make',
    "RUN export TOKEN={}; make",
    "RUN echo a=b&&TOKEN={}&&make",
    "RUN login --password {}",
    "RUN login --quiet --password {} --more",
    "RUN login --password={}",
    'RUN login --password "{} x"',
    'RUN login "--password={} x"',
    "RUN login -password {}",
    'CMD ["app" "--password" "{}"]',
    'CMD ["app", "--token={}", "-v"]',
    "RUN curl -H 'Authorization: Bearer {}' https://x.example",
    'RUN curl -H "X-Auth-Token: {}" https://x.example',
    "RUN curl -u bob:{} https://x.example",
    "RUN curl --user bob:{} https://x.example",
    "RUN git clone https://bob:{}@git.example/x",
    "RUN pip install --index-url https://:{}@pypi.example/simple x",
    "RUN echo '//npm.example/:_authToken={}' > .npmrc",
    "COPY --from=https://a:{}@x.example /a /b",
    "RUN git clone https://{}@git.example/x",
    r"RUN net use X: \\server\share {} /user:bob",
    r"RUN net use \\server\share '{} x'",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_secrets_in_instructions(text: str) -> None:
    shown = command(text.format(SECRET))
    assert SECRET not in shown
    assert REDACTED in shown
    assert command(shown).count(REDACTED) == shown.count(REDACTED)


@pytest.mark.parametrize(
    "text",
    [
        "RUN apt-get update && apt-get install -y --no-install-recommends curl",
        'RUN set -eux; savedAptMark="$(apt-mark showmanual)"; make -j "$(nproc)"',
        "ENV PATH=/usr/local/bin:/usr/bin LANG=C.UTF-8",
        "ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "RUN --mount=type=secret,id=npm_token npm ci",
        "COPY dir:0123456789 in /app/secrets",
        'CMD ["python3"]',
        "ARG TOKEN",
        "ENV PASSWORD_FILE=/run/secrets/x",
        "RUN chown -R 1000:1000 /data",
        "FROM registry.example:5000/app@sha256:00",
        "",
    ],
)
def test_what_is_no_secret_is_left(text: str) -> None:
    assert command(text) == text


def test_what_stands_around_a_secret_is_left() -> None:
    assert command("ENV A=1 TOKEN=x B=2") == f"ENV A=1 TOKEN={REDACTED} B=2"
    assert command("RUN |2 TOKEN=x y A=b /bin/sh -c make") == (
        f"RUN |2 TOKEN={REDACTED} A=b /bin/sh -c make"
    )
    assert command('CMD ["a" "--token=x y" "-v"]') == f'CMD ["a" "--token={REDACTED}" "-v"]'
    assert command("curl -H 'Cookie: x' -v") == f"curl -H 'Cookie: {REDACTED}' -v"


def test_variables() -> None:
    assert value("TOKEN", SECRET) == REDACTED
    assert value("TOKEN", "") == ""
    assert value("PATH", "/bin:/usr/bin") == "/bin:/usr/bin"
    assert value("URL", f"amqp://a:{SECRET}@b/c") == f"amqp://{REDACTED}@b/c"
    assert value("ARGS", f"--token={SECRET} -v") == f"--token={REDACTED} -v"


def test_words() -> None:
    assert words(["app", "--token", SECRET, "-v"]) == ["app", "--token", REDACTED, "-v"]
    assert words(["app", f"--token={SECRET}"]) == ["app", f"--token={REDACTED}"]
    assert words(["sh", "-c", f"TOKEN={SECRET} app"]) == ["sh", "-c", f"TOKEN={REDACTED} app"]
    assert words(["app", "--token-file", "/run/x"]) == ["app", "--token-file", "/run/x"]
    assert words(()) == []


@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(command(text), str)
    assert len(words([text, text])) == 2


@given(st.text(alphabet="abc =\"'-:/@|&;\n", max_size=40), st.text(alphabet="abc \"'", max_size=10))
def test_an_assignment_is_found_in_any_surroundings(before: str, after: str) -> None:
    """Unless a quote before it is open: then the whole quotation is one word."""
    if before.count('"') % 2 or before.count("'") % 2:
        return
    assert SECRET not in command(f"RUN {before} TOKEN={SECRET} {after}")
