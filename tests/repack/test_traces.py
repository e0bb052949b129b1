"""What a run used, as three kinds of tools write it down."""

from __future__ import annotations

import json

import pytest

from slim.errors import InputError
from slim.repack.traces import used_paths


def test_a_report_of_mint() -> None:
    report = {
        "image": {"files": [{"file_type": "File", "file_path": "/bin/app"}, {"x": 1}, 7]},
        "monitors": {
            "fan": {"process_files": {"12": {"/etc/hosts": {"reads": 1}}}},
            "pt": {"fs_activity": {"/lib/é": {"ops_all": 2}}},
        },
    }
    found = used_paths(json.dumps(report).encode(), "creport.json")
    assert set(found) == {b"/bin/app", b"/etc/hosts", "/lib/é".encode()}


def test_strace() -> None:
    trace = rb"""execve("/usr/bin/app", ["app", "not/a/path"], 0x7ffc) = 0
openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3
openat(AT_FDCWD, "/missing", O_RDONLY) = -1 ENOENT (No such file or directory)
[pid    12] chdir("/srv") = 0
[pid    12] openat(AT_FDCWD, "data\303\251 \"x\"", O_RDONLY) = 4
13 17:01:02.123 stat("here", {st_mode=S_IFREG|0644}) = 0
[pid    14] openat(AT_FDCWD, "/slow", O_RDONLY <unfinished ...>
--- SIGCHLD {si_signo=SIGCHLD} ---
+++ exited with 0 +++
rename("/a", "/b") = 0
"""
    assert used_paths(trace, "trace", b"/app") == (
        b"/usr/bin/app",
        b"/etc/ld.so.cache",
        b"/srv",
        'dataé "x"'.encode().join((b"/srv/", b"")),
        b"/app/here",
        b"/slow",
        b"/a",
        b"/b",
    )


def test_a_list() -> None:
    found = used_paths(b"/etc/hosts\r\n\nusr/bin/x y\n/etc/hosts\n", "list")
    assert found == (b"/etc/hosts", b"/usr/bin/x y")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"{}", b'{"image": []}', b"{", b"{" * 9_000])
def test_nothing_to_keep(data: bytes) -> None:
    with pytest.raises(InputError, match="trace"):
        used_paths(data, "trace")
