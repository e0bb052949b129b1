# ruff: noqa: E501, SIM905
"""Instructions, commands and values with a secret planted in each, and harmless ones as images have them.

All are made from templates and a fixed seed: what is measured on them is the same on each run.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator

MARK = "Zq7Planted"
_QUOTED = (
    "{}",
    r"a\ {}",
    '"a b {}"',
    "'a b {}'",
    r'"a\"b {}"',
    "$(printf {})",
    "`printf '%s' {}`",
    '"$(printf "%s" "{}")"',
    "a\\\n{}",
    "${{X:-{}}}",
    "a\"b c\"'d e'{}",
)
"""A value as a shell word; double braces are the shell's own."""
_SHELL_NAMES = (
    "RUN PASSWORD={} make",
    "RUN export API_TOKEN={}; make",
    "RUN A=1 DB_PASSWORD={} B=2 make",
    "RUN make && AWS_SECRET_ACCESS_KEY={} && true",
    "RUN java -Dspring.datasource.password={} -jar a.jar",
    "RUN java -Djavax.net.ssl.keyStorePassword={} -jar a.jar",
    "RUN app --spring.datasource.password={} start",
    "RUN gradle -PsigningPassword={} build",
    "RUN msbuild /p:NuGetToken={} a.sln",
    "RUN login --password {} --quiet",
    "RUN login --password \\\n  {} --quiet",
    "RUN helm upgrade --set auth.password={} x",
    "RUN npm config set //registry.example/:_authToken {} --global",
    "RUN yarn config set npmAuthToken {}",
    "RUN aws configure set aws_secret_access_key {}",
    "RUN pip config --user set global.token {}",
    "RUN curl -H Authorization:{} https://x.example",
    r"RUN curl -H X-Api-Key:\ {} https://x.example",
    "RUN curl -H Authorization:\\ Bearer\\ {} https://x.example",
    "RUN sshpass -p {} ssh host",
    "RUN mysql -u root -p{} -e 'select 1'",
    "RUN redis-cli -h db -a {} ping",
    "RUN openssl rsa -in a -passin pass:{} -out b",
    "RUN openssl enc -aes-256-cbc -k {} -in a",
    "RUN docker login -u bob -p {} registry.example",
    "RUN az login --service-principal -u a -p {}",
    "RUN twine upload -u bob -p {} a.whl",
    "RUN mongodump -u bob -p {} --out a",
    "RUN unzip -P {} a.zip",
    "RUN ldapsearch -D cn=a -w {} x",
    "RUN vault login {}",
    "RUN htpasswd -bc a bob {}",
    "RUN rabbitmqctl add_user bob {}",
    "RUN composer config http-basic.x.example bob {}",
    "RUN rclone config create a s3 secret_access_key {}",
    "RUN keytool -import -storepass {} -file a",
    "ENV PASSWORD={} A=b",
    "ENV A=b SECRET_KEY_BASE={}",
    "ARG NPM_TOKEN={}",
    "LABEL api.token={} a=b",
    "/bin/sh -c #(nop)  ENV DB_PASS={}",
    "|1 TOKEN={} /bin/sh -c make",
    "RUN |2 A=b TOKEN={} /bin/sh -c make # buildkit",
)
_TEXTS = (
    "ENV PASSWORD {} with blanks",
    'RUN curl -d \'{{"password": "{}"}}\' https://x.example',
    'RUN curl -d \'{{"user":"a","password":"a {}"}}\' https://x.example',
    'RUN curl -d "{{\\"password\\": \\"a {}\\"}}" https://x.example',
    "RUN curl -d \"{{'token': 'a {}'}}\" https://x.example",
    'RUN curl -d \'{{"tokens": ["a", "{}"]}}\' https://x.example',
    "RUN curl -H 'Authorization: Bearer {}' https://x.example",
    'RUN curl -H "Authorization:Basic {}" https://x.example',
    "RUN curl -H 'Cookie: a=b; c={}' https://x.example",
    "RUN curl --header='PRIVATE-TOKEN:{}' https://x.example",
    "RUN curl -u bob:{} https://x.example",
    "RUN curl --user 'bob:a {}' https://x.example",
    "RUN curl -ubob:{} https://x.example",
    "RUN git clone https://bob:{}@git.example/x",
    "RUN git clone https://bob:p@ss{}@git.example/x",
    "RUN git clone https://bob:pa/ss{}@git.example/x",
    "RUN git clone https://bob:a@b/c@{}@git.example:8443/x",
    "RUN git clone 'https://:{}@git.example/x'",
    "RUN pip install --index-url https://aws:" + "A1" * 400 + "{}@x.example/simple a",
    "RUN echo DATABASE_URL=postgres://app:{}@db:5432/app > .env",
    "RUN echo 'root:{}' | chpasswd",
    'RUN echo "root:{}" | sudo chpasswd',
    "RUN echo '//npm.example/:_authToken={}' > .npmrc",
    "RUN printf 'machine x login a\\npassword: {}\\n' > .netrc",
    'CMD ["app" "--password" "{} b"]',
    'CMD ["app", "--db.password", "a {}"]',
    'CMD ["app","--token","{}"]',
    'CMD ["curl","-u","bob:{}"]',
    'ENTRYPOINT ["app", "--secret=a {}"]',
    "HEALTHCHECK CMD curl -H 'X-Api-Key: {}' localhost",
    "COPY --from=https://a:{}@x.example /a /b",
    "RUN curl 'https://x.example/?a=b&access_token={}&c=d'",
    "RUN curl 'https://x.s3.example/a?X-Amz-Signature={}'",
    'RUN app "Server=db;Password={};User=a"',
    "RUN printf 'password = \"{}\"\\n' > a.ini",
    'RUN echo "machine x.example login bob password {}" > .netrc',
    "RUN echo {} | docker login -u bob --password-stdin",
    "RUN echo 'a {}' | podman login -u bob --password-stdin",
    "RUN bundle config https://gems.example bob:{}",
    "RUN lftp -u bob,{} x.example",
    "RUN git clone https://{}@git.example/x",
    r"RUN net use X: \\server\share {} /user:bob",
    "RUN smbclient -U bob%{} //x/y",
    "RUN git clone https://0123456789abcdef01{}@git.example/x",
    'CMD ["sshpass", "-p", "{}", "ssh", "x"]',
    'CMD ["mysql","-uroot","-p{}"]',
)


def _random(source: random.Random, letters: str, count: int) -> str:
    return "".join(source.choice(letters) for _ in range(count))


def tokens() -> Iterator[tuple[str, str]]:
    """(token, its part that must not be seen): tokens of issuers, whatever the name beside them."""
    source = random.Random(7)  # noqa: S311
    alnum, upper, lower = (
        string.ascii_letters + string.digits,
        string.ascii_uppercase,
        "0123456789abcdef",
    )
    shapes = (
        *((f"{prefix}_", alnum, 36) for prefix in ("ghp", "gho", "ghu", "ghs", "ghr", "npm", "hf")),
        ("github_pat_", alnum + "_", 82),
        ("glpat-", alnum, 20), ("gldt-", alnum, 20), ("glrt-", alnum, 20),
        ("xoxb-123456789012-", alnum, 24), ("xoxp-123456789012-", alnum, 32),
        ("AKIA", upper, 16), ("ASIA", upper, 16), ("AIza", alnum + "_-", 35),
        ("sk_live_", alnum, 24), ("rk_live_", alnum, 24), ("sk_test_", alnum, 24),
        ("sk-ant-api03-", alnum, 80), ("sk-proj-", alnum, 48), ("sk-", alnum, 48),
        ("pypi-AgEIcHlwaS5vcmc", alnum + "_-", 120), ("pypi-", alnum, 90),
        ("rubygems_", lower, 48), ("dckr_pat_", alnum, 27), ("dop_v1_", lower, 64),
        ("hvs.", alnum, 90), ("shpat_", lower, 32), ("glsa_", alnum, 32), ("ya29.", alnum, 60),
        ("GOCSPX-", alnum, 28), ("ATATT3x", alnum, 60), ("SG.", alnum, 22),
    )  # fmt: skip
    for prefix, letters, count in shapes:
        body = _random(source, letters, count)
        tail = f".{_random(source, alnum, 43)}" if prefix == "SG." else ""
        yield f"{prefix}{body}{tail}", body
    for _ in range(3):
        parts = [_random(source, alnum, 40) for _ in range(3)]
        yield f"eyJ{parts[0]}.eyJ{parts[1]}.{parts[2]}", parts[2]


_AROUND = (
    "RUN echo {}",
    "ENV SOMETHING={} A=b",
    "RUN curl https://x.example/{}/y",
    "RUN git clone https://{}@git.example/x",
    'CMD ["app", "{}"]',
)


def planted() -> list[tuple[str, str]]:
    """(instruction, the text that must not be seen in what is shown of it)."""
    found: list[tuple[str, str]] = []

    def mark() -> str:
        return f"{MARK}{len(found):04}"

    for template in _SHELL_NAMES:
        for quoted in _QUOTED:
            secret = mark()
            found.append((template.format(quoted.format(secret)), secret))
    for template in _TEXTS:
        secret = mark()
        found.append((template.format(secret), secret))
    for token, part in tokens():
        found += [(around.format(token), part) for around in _AROUND]
    for kind in ("RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED "):
        for newline in ("\n", "\\n"):
            secret = mark()
            pem = f"-----BEGIN {kind}PRIVATE KEY-----{newline}{secret}{newline}"
            found.append((f"RUN echo '{pem}-----END {kind}PRIVATE KEY-----' > a", secret))
    return found


def harmless() -> list[str]:
    """Instructions and values as images have them, with nothing to hide."""
    source = random.Random(11)  # noqa: S311
    lower, alnum = "0123456789abcdef", string.ascii_lowercase + string.digits
    packages = (
        "curl ca-certificates gnupg tini libssl3 openssl python3-pip build-essential nodejs tokenizers"
        " libsecret-1-0 passwd base-passwd libpam-cracklib gnome-keyring python3-keyring jsonwebtoken"
        " js-tokens csrf-tokens pwgen author-tools sk-learn hf-transfer npm-run-all glpat pypi-simple"
    ).split()
    names = (
        "PATH LANG HOME NODE_VERSION PYTHON_VERSION GPG_KEY PYTHON_SHA256 GOLANG_VERSION JAVA_HOME"
        " RUBY_DOWNLOAD_SHA256 PHP_EXTRA_CONFIGURE_ARGS NGINX_VERSION PKG_RELEASE TZ AUTHORS MONKEY"
        " TOKENIZERS_PARALLELISM POSTGRES_PASSWORD_FILE TOKEN_PATH SECRETS_DIR KEYBOARD BYPASS"
    ).split()

    def version() -> str:
        return ".".join(str(source.randrange(40)) for _ in range(3)) + source.choice(
            ("", "-rc1", "-slim", "+deb12u4")
        )

    def digest() -> str:
        return _random(source, lower, 64)

    def path() -> str:
        return (
            "/"
            + "/".join(
                source.choice(
                    (
                        "usr",
                        "lib",
                        "app",
                        "secrets",
                        "tokens",
                        "node_modules",
                        "password-store",
                        "bin",
                        "etc",
                        "auth",
                    )
                )
                for _ in range(source.randrange(1, 6))
            )
            + source.choice(
                ("", "/index.js", "/x.pem", "/password.txt", "/token.py", ".d/00-a.conf")
            )
        )

    def address() -> str:
        host = source.choice(
            (
                "registry.example",
                "registry.example:5000",
                "git.example",
                "[::1]:8080",
                "localhost:3000",
            )
        )
        tail = source.choice(
            (
                "",
                f"@sha256:{digest()}",
                "/@scope/pkg/-/pkg-1.0.0.tgz",
                "?a=b&c=d",
                "#readme",
                "/a:b@c",
            )
        )
        return f"{source.choice(('https', 'http', 'docker', 'git+ssh'))}://{source.choice(('', '', 'git@'))}{host}/{source.choice(packages)}{tail}"

    templates: tuple[Callable[[], str], ...] = (
        lambda: f"FROM {source.choice(packages)}:{version()}@sha256:{digest()}",
        lambda: f"FROM registry.example:5000/team/{source.choice(packages)}:{version()}",
        lambda: f"ENV {source.choice(names)}={source.choice((version(), digest(), path(), address()))}",
        lambda: f"ENV {source.choice(names)} {version()}",
        lambda: f"ARG {source.choice(names)}={version()}",
        lambda: f"LABEL org.opencontainers.image.revision={_random(source, lower, 40)} org.opencontainers.image.version={version()}",
        lambda: f"LABEL org.opencontainers.image.source={address()}",
        lambda: f"RUN apt-get update && apt-get install -y --no-install-recommends {source.choice(packages)}={version()} {source.choice(packages)} && rm -rf /var/lib/apt/lists/*",
        lambda: f"RUN set -eux; wget -O a.tar.xz \"{address()}\"; echo \"{digest()} *a.tar.xz\" | sha256sum -c -; tar -xJf a.tar.xz -C {path()}",
        lambda: f"RUN curl -fsSL {address()} -o {path()} && chmod +x {path()}",
        lambda: f"RUN pip install --no-cache-dir {source.choice(packages)}=={version()} --hash=sha256:{digest()}",
        lambda: f"RUN npm install -g {source.choice(packages)}@{version()} @scope/{source.choice(packages)}@{version()}",
        lambda: f"RUN gpg --batch --keyserver hkps://keys.openpgp.org --recv-keys {_random(source, '0123456789ABCDEF', 40)}",
        lambda: f"RUN git clone --branch v{version()} {address()} {path()} && git checkout {_random(source, lower, 40)}",
        lambda: f"RUN --mount=type=secret,id=npm_token,target={path()} --mount=type=cache,target=/root/.npm npm ci",
        lambda: f"COPY --chown=1000:1000 --from=build {path()} {path()}",
        lambda: f"COPY dir:{digest()} in {path()}",
        lambda: f"ADD file:{digest()} in /",
        lambda: f"CMD [\"{path()}\" \"--port\" \"8080\" \"--config={path()}\"]",
        lambda: f"ENTRYPOINT [\"{path()}\", \"--log-level\", \"info\"]",
        lambda: "HEALTHCHECK &{[\"CMD-SHELL\" \"curl -f http://localhost:8080/ || exit 1\"] \"30s\" \"5s\" \"0s\" '\\x03'}",
        lambda: f"RUN |3 VERSION={version()} TARGETARCH=amd64 SHA={digest()} /bin/sh -c make -j \"$(nproc)\" # buildkit",
        lambda: f"RUN groupadd --gid 1000 app && useradd --uid 1000 --gid app --shell /bin/bash --create-home app; chown -R app:app {path()}",
        lambda: f"RUN docker-php-ext-configure gd --with-freetype --with-jpeg={path()}",
        lambda: f"RUN java -Xmx512m -Djava.security.egd=file:/dev/./urandom -Dfile.encoding=UTF-8 -jar {path()}",
        lambda: f"RUN go build -ldflags=\"-s -w -X main.version={version()} -X main.commit={_random(source, lower, 7)}\" -o {path()}",
        lambda: f"STOPSIGNAL SIG{source.choice(('TERM', 'QUIT', 'INT'))}",
        lambda: f"USER {source.randrange(1000, 70000)}:{source.randrange(1000, 70000)}",
        lambda: f"EXPOSE map[{source.randrange(1, 65535)}/tcp:{{}}]",
        lambda: f"WORKDIR {path()}",
        lambda: f"RUN sed -ri 's/^#?PasswordAuthentication .*/PasswordAuthentication no/' {path()}",
        lambda: f"RUN echo '{source.choice(packages)} {_random(source, alnum, 12)}' >> {path()}",
    )  # fmt: skip
    return [template() for _ in range(100) for template in templates]
