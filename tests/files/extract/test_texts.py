"""Which texts are kept, and what counts as a private key."""

from __future__ import annotations

import doctest

import pytest

from slim.ecosystems import KEEPS
from slim.files.extract import keys, texts
from slim.files.extract.keys import private_key
from slim.files.extract.texts import Choice, may_be_secret, may_start

MIB = 1 << 20

KEPT = """
var/lib/dpkg/status var/lib/dpkg/status.d/base var/lib/dpkg/status.d/base.md5sums
var/lib/dpkg/info/libc6:amd64.list var/lib/apt/extended_states
lib/apk/db/installed usr/lib/apk/db/installed etc/apk/world
var/lib/rpm/rpmdb.sqlite var/lib/rpm/Packages usr/share/rpm/Packages.db
usr/lib/sysimage/rpm/rpmdb.sqlite-wal usr/lib/sysimage/libdnf5/packages.toml
etc/passwd etc/os-release usr/lib/os-release
app/.venv/lib/python3.12/site-packages/flask-3.0.dist-info/METADATA
usr/lib/python3/dist-packages/six.egg-info usr/lib/python3/dist-packages/a.egg-info/PKG-INFO
usr/lib/python3/dist-packages/a.egg-info/installed-files.txt
opt/conda/conda-meta/numpy-1.0.json conda-meta/history.json
app/package.json package.json app/node_modules/.package-lock.json app/node_modules/.modules.yaml
app/lib/app-0.1.0/ebin/app.app app/releases/0.1.0/app.rel app/releases/start_erl.data
releases/0.1.0/app.rel usr/lib/erlang/releases/27/start_clean.rel
app/.venv/pyvenv.cfg app/web.deps.json app/web.runtimeconfig.json
srv/vendor/composer/installed.json
usr/local/bundle/specifications/rack-3.0.gemspec
usr/lib/ruby/gems/3.3.0/specifications/default/json-2.7.gemspec
app/Gemfile.lock app/mix.lock app/Procfile
etc/supervisord.conf etc/supervisor/conf.d/web.conf etc/supervisor/supervisord.conf
etc/nginx/nginx.conf etc/nginx/conf.d/default.conf
usr/lib/python3/dist-packages/a.egg-info/top_level.txt opt/a.egg/EGG-INFO/PKG-INFO
app/node_modules/.pnpm/lock.yaml
etc/crontab etc/cron.d/backup etc/crontabs/root var/spool/cron/crontabs/app etc/supervisor.d/web.ini
etc/s6-overlay/s6-rc.d/init/up
srv/home.phtml app/main.py srv/app/lib/shop.rb usr/src/app/server.js var/www/shop/public/index.php
srv/ops/all.ini
app/requirements.txt app/.next/server/app/page.js.nft.json app/.next/required-server-files.json
"""

NOT_KEPT = """
var/lib/dpkg/status-old var/lib/dpkg/info/libc6.md5sums srv/var/lib/dpkg/status srv/etc/passwd
etc/shadow app/releases/COOKIE app/releases/0.1.0/sys.config app/.env app/METADATA
app/installed.json srv/composer/installed.json app/config.json app/notebin/a.app app/doc/app.app
app/specifications/spec.json etc/conf.d/net.conf home/a/.package-lock.json a/node_modules/b/x.rel
app/.venv/lib/python3.13/site-packages/a/b.py usr/lib/python3.13/os.py srv/vendor/a/b.php
app/node_modules/a/index.js opt/python/lib/python3.12/os.py usr/share/php/a.php
srv/up srv/etc/cron.d/job root/.ssh/id_rsa root/.npmrc root/.docker/config.json
"""

SCRIPTS = """
usr/bin/ldd opt/app/bin/server docker-entrypoint.sh srv/my-entrypoint srv/start.sh srv/start
etc/service/web/run etc/s6-overlay/s6-rc.d/web/run srv/run-web.sh etc/cont-init.d/10-users
etc/cron.daily/logrotate
"""


def chosen(path: str) -> Choice | None:
    directory, _, name = path.encode().rpartition(b"/")
    return KEEPS.choose(directory, name)


@pytest.mark.parametrize("path", KEPT.split())
def test_kept(path: str) -> None:
    directory, _, name = path.encode().rpartition(b"/")
    above, _, last = directory.rpartition(b"/")
    assert KEEPS.choose(directory, name) is not None
    # The walk over a tar must ask in the first place.
    assert (
        name in KEEPS.by_name
        or last in KEEPS.directories
        or above.rpartition(b"/")[2] in KEEPS.parents
        or any(name.endswith(endings) for endings in KEEPS.heads().values())
    )


@pytest.mark.parametrize("path", NOT_KEPT.split())
def test_not_kept(path: str) -> None:
    assert chosen(path) is None


def test_caps() -> None:
    for path, cap, database in (
        ("var/lib/dpkg/status", 64 * MIB, True),
        ("var/lib/rpm/rpmdb.sqlite", 128 * MIB, True),
        ("app/package.json", 256 << 10, False),
        ("app/node_modules/.package-lock.json", 16 * MIB, False),
    ):
        found = chosen(path)
        assert found is not None
        assert (found.cap, found.database) == (cap, database)


@pytest.mark.parametrize("path", SCRIPTS.split())
def test_scripts_that_may_start_programs(path: str) -> None:
    directory, _, name = path.encode().rpartition(b"/")
    assert may_start(directory, name)


@pytest.mark.parametrize("path", ["srv/lib/tool.py", "srv/running.py", "etc/profile.d/a.sh"])
def test_other_scripts(path: str) -> None:
    directory, _, name = path.encode().rpartition(b"/")
    assert not may_start(directory, name)


@pytest.mark.parametrize(
    "name",
    b".env .ENV.local prod.env id_ed25519 COOKIE server.key tls.pem credentials.json"
    b" client_secret.txt .npmrc".split(),
)
def test_names_of_secrets(name: bytes) -> None:
    assert may_be_secret(name)


@pytest.mark.parametrize("name", b"server.js environment.rb keys.py monkey.sh manage.py".split())
def test_names_of_no_secrets(name: bytes) -> None:
    assert not may_be_secret(name)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"-----BEGIN PRIVATE KEY-----\nMII", "pem"),
        (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "pem"),
        (b"-----BEGIN RSA PRIVATE KEY-----\r\n", "pem"),
        (b"-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", ""),
        (b"-----BEGIN CERTIFICATE-----\nM\n-----BEGIN EC PRIVATE KEY-----\n", "pem"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "pgp"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", ""),
        (b"-----BEGIN PUBLIC KEY-----\n", ""),
        (b"----- BEGIN PRIVATE KEY-----\n", ""),
        (b"the marker is -----BEGIN PRIVATE KEY-----\n", ""),
        (b"-----BEGIN " + b"A" * 100 + b"PRIVATE KEY-----\n", ""),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "putty"),
        (b"AGE-SECRET-KEY-1QQQ\n", "age"),
        (b"# created: 2024-01-01\n# public key: age1\nAGE-SECRET-KEY-1QQQ\n", "age"),
        (b"# created: by hand\n", ""),
        (b"", ""),
    ],
)
def test_private_keys(head: bytes, kind: str) -> None:
    assert private_key(head) == kind


def test_key_search_is_linear() -> None:
    assert private_key(b"-----BEGIN " * 100_000) == ""


@pytest.mark.parametrize("module", [keys, texts])
def test_examples_of_docstrings(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted
    assert not result.failed
