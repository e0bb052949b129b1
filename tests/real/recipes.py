"""The images that are built with real tools, one for each thing that can go wrong.

Each recipe builds into a store or a folder and returns an OCI layout directory. `buildah` writes the
layers of changed trees itself (whiteouts, hard links, PAX names); what it never writes (opaque
markers, links to lower layers, sparse entries, duplicates) is a handmade tar that umoci appends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.real.tools import Store, add_layers, handmade, run
from tests.support.building import (
    delete,
    device,
    directory,
    entries,
    fifo,
    file,
    hardlink,
    opaque,
    symlink,
    tar,
)

Recipe = Callable[[Store, Path, Path], Path]
"""(store, root filesystem tar, target) → OCI layout."""


def put(root: Path, **files: int) -> None:
    """Write files of some sizes; `__` in a name is a slash. Contents differ by name."""
    for name, size in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((name.encode() * (size // len(name) + 1))[:size])


def deletions(store: Store, _: Path, target: Path) -> Path:
    """Files and whole directories deleted, one of them made again; a file deleted twice."""

    def fill(root: Path) -> None:
        put(root, etc__a=1000, etc__b=2000, opt__app__one=30_000, opt__app__two=4_000, var__log=70)
        put(root, usr__keep=500, usr__deep__er__x=6_000, usr__deep__er__y=7_000)

    def remove(root: Path) -> None:
        (root / "etc/a").unlink()
        shutil.rmtree(root / "opt/app")
        shutil.rmtree(root / "usr/deep/er")

    def again(root: Path) -> None:
        put(root, etc__a=50, opt__app__three=60)

    def remove_again(root: Path) -> None:
        (root / "etc/a").unlink()

    return store.save(store.layers("deletions", fill, remove, again, remove_again), target)


def opaques(_: Store, __: Path, target: Path) -> Path:
    """Opaque directories: first or last in their layer, nested, with new files below, of nothing."""
    below = entries({"d/a": b"a" * 100, "d/e/f": b"f" * 200, "k/x": b"x" * 300, "z": b"z"})
    return handmade(
        target,
        tar([directory("d"), directory("d/e"), directory("k"), *below]),
        tar([directory("d"), opaque("d"), file("d/new", b"n" * 40)]),
        tar([directory("k"), file("k/late", b"l" * 50), directory("k/sub"), opaque("k/sub")]),
        tar([directory("k"), directory("k/sub"), file("k/sub/n", b"s" * 9), opaque("k")]),
        tar([directory("none"), opaque("none"), delete("z")]),
    )


def ownership(store: Store, _: Path, target: Path) -> Path:
    """`chown -R` and `chmod -R` over a tree, and files touched without a change."""

    def fill(root: Path) -> None:
        for number in range(40):
            put(root, **{f"srv__app__d{number % 5}__f{number}": 1000 + number})

    def owner(root: Path) -> None:
        run("chown", "-R", "1000:1000", root / "srv/app")

    def mode(root: Path) -> None:
        run("chmod", "-R", "go-rwx", root / "srv/app/d1")

    def touch(root: Path) -> None:
        for path in (root / "srv/app/d2").iterdir():
            os.utime(path, (1_000_000_000, 1_000_000_000))

    return store.save(store.layers("ownership", fill, owner, mode, touch), target)


def hard_links(store: Store, _: Path, target: Path) -> Path:
    """Hard links within a layer; a name of several goes, another is rewritten, one is added."""

    def fill(root: Path) -> None:
        put(root, bin__tool=9_000, lib__all=4_000)
        for name in ("tool-1", "tool-2", "tool-3"):
            os.link(root / "bin/tool", root / "bin" / name)
        os.link(root / "lib/all", root / "lib/same")

    def fewer(root: Path) -> None:
        (root / "bin/tool").unlink()
        (root / "bin/tool-2").unlink()
        (root / "bin/tool-2").write_bytes(b"a file of its own")

    def more(root: Path) -> None:
        os.link(root / "lib/all", root / "lib/third")

    return store.save(store.layers("hard-links", fill, fewer, more), target)


def cross_links(_: Store, __: Path, target: Path) -> Path:
    """Hard links to files of lower layers, whose own names then go, change or stay."""
    return handmade(
        target,
        tar(entries({"a/gone": b"g" * 100, "a/new": b"o" * 200, "a/kept": b"k" * 300})),
        tar([hardlink("b/gone", "a/gone"), hardlink("b/new", "a/new"), hardlink("b/kept", "a/kept")]),
        tar([delete("a/gone"), file("a/new", b"n" * 20), hardlink("c/kept", "b/kept")]),
        tar([delete("b/new")]),
    )  # fmt: skip


def type_changes(store: Store, _: Path, target: Path) -> Path:
    """File to directory, directory to file, symbolic link to either, and back."""

    def fill(root: Path) -> None:
        put(root, file=1_000, tree__a=2_000, tree__b__c=3_000, folder__x=400)
        (root / "link").symlink_to("folder")
        (root / "pointer").symlink_to("file")

    def turn(root: Path) -> None:
        (root / "file").unlink()
        put(root, file__inside=50)
        shutil.rmtree(root / "tree")
        put(root, tree=60)
        (root / "link").unlink()
        put(root, link__y=70)
        (root / "pointer").unlink()
        put(root, pointer=80)
        shutil.rmtree(root / "folder")
        (root / "folder").symlink_to("link")

    def back(root: Path) -> None:
        shutil.rmtree(root / "file")
        put(root, file=1_000)
        (root / "tree").unlink()
        os.mkfifo(root / "tree")

    return store.save(store.layers("type-changes", fill, turn, back), target)


def symlinked_parent(store: Store, _: Path, target: Path) -> Path:
    """A merged /usr: buildah copies through the link, a handmade layer writes through it."""

    def merged(root: Path) -> None:
        put(root, usr__lib__one=1_000, usr__bin__sh=500)
        (root / "lib").symlink_to("usr/lib")
        (root / "bin").symlink_to("usr/bin")

    def through(root: Path) -> None:
        (root / "lib" / "two").write_bytes(b"2" * 222)
        (root / "bin" / "sh").unlink()

    store.save(store.layers("symlinked-parent", merged, through), target)
    same_layer = [directory("real"), symlink("way", "real"), file("way/three", b"3" * 333)]
    add_layers(target, tar(same_layer), tar([file("lib/four", b"4" * 444)]))
    return target


def names(store: Store, _: Path, target: Path) -> Path:
    """Names in many scripts, over 100 and 255 bytes, with blanks and newlines, not UTF-8."""
    long = "/".join(["x" * 60] * 6)
    unusual = ["größe/ünïcödé", "日本語/ファイル", "emoji-🎉", "e\u0301-nfd", "\u00e9-nfc", "a b\tc",
           "line\nbreak", "-dash", "back\\slash", "quote'\"", "%41", f"{long}/leaf", "y" * 200,
           "z" * 100, "w" * 101]  # fmt: skip
    raw = [b"latin-\xe9\xff", b"\xc3(", b"dir-\xfe/in"]

    def fill(root: Path) -> None:
        for number, name in enumerate([*(os.fsencode(text) for text in unusual), *raw]):
            path = os.path.join(os.fsencode(root), name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(b"%d" % number * (100 + number))

    def remove(root: Path) -> None:
        for name in (unusual[0], unusual[2], f"{long}/leaf", "y" * 200):
            (root / name).unlink()
        os.unlink(os.path.join(os.fsencode(root), raw[0]))

    return store.save(store.layers("names", fill, remove), target)


def sparse(store: Store, _: Path, target: Path) -> Path:
    """A sparse file: as buildah writes it out, and as GNU tar's PAX formats describe it."""

    def make(path: Path) -> None:
        with path.open("wb") as out:
            out.truncate(3_000_000)
            for at in (0, 1_000_000, 2_000_000):
                out.seek(at)
                out.write(b"data" * 2_000)

    store.save(store.layers("sparse", lambda root: make(root / "written")), target)
    folder = target.parent / "sparse-files"
    folder.mkdir()
    for version in ("0.0", "0.1", "1.0"):
        make(folder / f"pax-{version}")
        options = ("--sparse", "--format=pax", f"--sparse-version={version}", "--owner=0")
        done = subprocess.run(
            ["tar", *options, "-c", "-C", folder, f"pax-{version}"], check=True, capture_output=True
        )
        add_layers(target, done.stdout)
    shutil.rmtree(folder)
    return target


def empty_layers(store: Store, _: Path, target: Path) -> Path:
    """Commits without a change, settings only, a tar of nothing, and an empty file."""
    store.layers("empty", None, lambda root: put(root, one=10, none=0), None)
    container = store.buildah("from", "empty-2")
    store.buildah("config", "--env", "A=1", "--cmd", "/one", container)
    store.buildah("commit", "--quiet", "--rm", container, "empty-settings")
    store.save("empty-settings", target)
    add_layers(target, tar([]), tar([file("last", b"end")]), tar([directory("d")]))
    return target


def many_layers(_: Store, __: Path, target: Path) -> Path:
    """64 layers, each of which replaces a file, and every eighth adds and deletes one."""
    layers = []
    for number in range(64):
        parts = [file("same", b"%02d" % number * (50 + number))]
        if number % 8 == 0:
            parts.append(file(f"p/own{number}", b"o" * number))
        if number % 8 == 7:
            parts.append(delete(f"p/own{number - 7}"))
        layers.append(tar(parts))
    return handmade(target, *layers)


def debian(store: Store, root: Path, target: Path) -> Path:
    """A Debian root and a Dockerfile as people write it, run in a chroot."""
    context = target.parent / "debian-context"
    context.mkdir()
    os.link(root, context / "root.tar")
    (context / "Dockerfile").write_text(DEBIAN)
    low = (
        "--ulimit",
        "nofile=1024:1024",
        "--ulimit",
        "nproc=1024:1024",
    )  # raising needs a privilege
    store.buildah("build", "--quiet", "--layers", *low, "--tag", "debian", context)
    shutil.rmtree(context)
    return store.save("debian", target)


DEBIAN = """\
FROM scratch
ADD root.tar /
ENV LANG=C.UTF-8
RUN rm -rf /usr/share/doc /usr/share/man /var/lib/apt/lists/*
RUN useradd --create-home app && mkdir /app && head -c 3000000 /dev/zero > /app/data
RUN chown -R app:app /app && chmod 0700 /home/app
RUN cp -a /usr/share/zoneinfo /app/tz && rm -rf /app/tz && rm -rf /usr/share/zoneinfo
RUN ln /app/data /app/data.link && mv /etc/debian_version /etc/version
CMD ["/bin/sh"]
"""


def repacked(store: Store, _: Path, target: Path) -> Path:
    """umoci's own way of finding what changed: unpack, change, repack."""
    store.save(
        store.layers("repacked", lambda root: put(root, d__a=100, d__b=200, e__c=300)), target
    )
    bundle = target.parent / "repacked-bundle"
    run("umoci", "unpack", "--image", f"{target}:image", bundle)
    root = bundle / "rootfs"
    shutil.rmtree(root / "d")
    put(root, d__n=40, f=50)
    os.chown(root / "e/c", 5, 5)
    run("umoci", "repack", "--image", f"{target}:image", bundle)
    shutil.rmtree(bundle)
    return target


LOWER = {"f": b"f" * 100, "g": b"g" * 200, "d/a": b"a" * 300, "same": b"s" * 10}


def order(_: Store, __: Path, target: Path) -> Path:
    """A whiteout before the new file, whiteouts of nothing, a link to a file of the same layer."""
    upper = tar([delete("f"), file("f", b"1" * 11), file("g", b"2" * 22), delete("d"),
                 delete("absent"), delete("same"), hardlink("same", "f")])  # fmt: skip
    return handmade(target, tar(entries(LOWER)), upper)


def duplicates(_: Store, __: Path, target: Path) -> Path:
    """A path twice in one layer, with the same and with another content."""
    upper = tar([file("f", b"3" * 33), file("f", b"4" * 44), file("n", b"5"), file("n", b"5")])
    return handmade(target, tar(entries(LOWER)), upper)


def special(_: Store, __: Path, target: Path) -> Path:
    """Devices, FIFOs, setuid files and extended attributes: none of them adds a file's bytes."""
    note = ((b"SCHILY.xattr.user.note", b"v" * 300),)
    return handmade(
        target,
        tar([file("bin/su", b"s" * 100), device("dev/null", 1, 3), fifo("run/pipe")]),
        tar([file("bin/su", b"s" * 100, mode=0o4755), file("noted", b"n" * 64, pax=note)]),
        tar([delete("dev/null"), file("run/pipe", b"p" * 7)]),
    )


NOT_CHUNKED = {
    "duplicates": "skopeo refuses to write a path twice as zstd:chunked",
    "sparse": "skopeo writes sparse entries anew: another tar than its diff id says",
}
"""Images that have no true zstd:chunked form, and why."""

RECIPES: dict[str, Recipe] = {
    recipe.__name__.replace("_", "-"): recipe
    for recipe in (deletions, opaques, ownership, hard_links, cross_links, type_changes, names,
                   symlinked_parent, sparse, empty_layers, many_layers, debian, repacked, order,
                   duplicates, special)
}  # fmt: skip
