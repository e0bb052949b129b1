"""rpm: Fedora, Red Hat Enterprise Linux and its rebuilds, SUSE, Azure Linux."""

from __future__ import annotations

from slim.ecosystems.model import Ecosystem, Reader
from slim.ecosystems.rpm.packages import DATABASES, DIRECTORIES, read_rpm
from slim.ecosystems.shared import weak_only
from slim.entrypoint.tables import names
from slim.facts.known import Evidence, Known
from slim.facts.system import release_ids, statement
from slim.files.extract.texts import BIG, Keep

_LIKE = names(
    "fedora rhel centos rocky almalinux amzn ol sles opensuse opensuse-leap opensuse-tumbleweed azurelinux "
    "mariner photon openEuler anolis"
)
_KEPT = [f"/{place.decode()}/{name.decode()}" for place in DIRECTORIES for name in DATABASES]
_KEPT += [
    f"/{place.decode()}/rpmdb.sqlite-{end}" for place in DIRECTORIES for end in ("wal", "shm")
]


def _rpm(known: Known) -> Evidence:
    # The place that most images have comes first.
    for place in (b"var/lib/rpm", b"usr/lib/sysimage/rpm", b"usr/share/rpm"):
        for name in (b"rpmdb.sqlite", b"Packages", b"Packages.db"):
            if known.view.exists(place + b"/" + name):
                return (f"{(place + b'/' + name).decode()} exists",)
    return (statement(known.view),) if release_ids(known.view) & _LIKE else ()


RPM = Ecosystem(
    name="rpm",
    keeps=(
        Keep("/usr/lib/sysimage/libdnf5/packages.toml", 4 * BIG, database=True),
        Keep(" ".join(_KEPT), 8 * BIG, database=True),
    ),
    packages=Reader(read_rpm, (b"rpm/",)),
    facts={"base.rpm": _rpm},
    queries={"rpm.weak_only": lambda subject: weak_only(subject, "rpm")},
)
