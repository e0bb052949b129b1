"""Layers that engines unpack differently, each with what slim says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.building import Parts, delete, device, directory, fifo, file, symlink

BASE = "d/ d/a=A d/s/ d/s/b=B f=F ln->d"


@dataclass(frozen=True)
class Case:
    """One stack; `may` are warnings that are true of it and not required."""

    name: str
    layers: Sequence[Parts]
    tree: str
    follows: str
    warns: str = ""
    may: str = ""


CASES = (
    # Whiteouts
    Case("wh-file", [BASE, ".wh.f"], "d/ d/a=A d/s/ d/s/b=B ln->d", "all"),
    Case("wh-dir", [BASE, ".wh.d"], "f=F ln->d", "all"),
    Case("wh-missing", [BASE, ".wh.nope"], BASE, "all", "whiteout-noop"),
    Case("wh-missing-parent", [BASE, "no/such/.wh.x"], BASE, "spec", "whiteout-noop"),
    Case(
        "wh-then-add same layer",
        [BASE, ".wh.f f=NEW"],
        "d/ d/a=A d/s/ d/s/b=B f=NEW ln->d",
        "overlay",
    ),
    Case(
        "add-then-wh same layer",
        [BASE, "f=NEW .wh.f"],
        "d/ d/a=A d/s/ d/s/b=B f=NEW ln->d",
        "spec",
        "whiteout-after-add",
    ),
    Case(
        "add-then-wh new file",
        [BASE, "g=NEW .wh.g"],
        "d/ d/a=A d/s/ d/s/b=B f=F g=NEW ln->d",
        "spec",
        "whiteout-after-add",
        may="whiteout-noop",
    ),
    Case(
        "wh dir then re-add dir",
        [BASE, ".wh.d d/ d/n=N"],
        "d/ d/n=N f=F ln->d",
        "spec",
        "whiteout-dir-readd",
    ),
    Case(
        "re-add dir then wh dir",
        [BASE, "d/ d/n=N .wh.d"],
        "d/ d/n=N f=F ln->d",
        "spec",
        "whiteout-after-add",
        may="whiteout-dir-readd",
    ),
    # Opaque directories
    Case("opq first", [BASE, "d/ d/.wh..wh..opq d/n=N"], "d/ d/n=N f=F ln->d", "all"),
    Case("opq last", [BASE, "d/ d/n=N d/.wh..wh..opq"], "d/ d/n=N f=F ln->d", "all"),
    Case(
        "opq last, new in subdir w/o dir entry",
        [BASE, "d/ d/s/n=N d/.wh..wh..opq"],
        "d/ d/s/ d/s/n=N f=F ln->d",
        "overlay",
        "missing-parents-opaque",
    ),
    Case(
        "opq last, new in NEW subdir w/o dir entry",
        [BASE, "d/ d/new/n=N d/.wh..wh..opq"],
        "d/ d/new/ d/new/n=N f=F ln->d",
        "overlay",
        "missing-parents-opaque",
    ),
    Case("opq on missing dir", [BASE, "zz/.wh..wh..opq"], BASE, "spec", "whiteout-noop"),
    Case("opq at root", [BASE, ".wh..wh..opq n=N"], "n=N", "spec", "root-opaque"),
    Case("opq keeps dir", [BASE, "d/.wh..wh..opq"], "d/ f=F ln->d", "all"),
    Case(
        "opq + plain wh inside",
        [BASE, "d/.wh..wh..opq d/.wh.a d/a=A2"],
        "d/ d/a=A2 f=F ln->d",
        "overlay",
        may="whiteout-noop",
    ),
    # Whiteouts that are no empty regular files
    Case(
        "wh as directory entry",
        [BASE, ".wh.f/"],
        "d/ d/a=A d/s/ d/s/b=B ln->d",
        "overlay",
        "odd-whiteout",
    ),
    Case(
        "wh as symlink entry",
        [BASE, ".wh.f->d"],
        "d/ d/a=A d/s/ d/s/b=B ln->d",
        "all",
        "odd-whiteout",
    ),
    Case(
        "wh with content",
        [BASE, ".wh.f=junk"],
        "d/ d/a=A d/s/ d/s/b=B ln->d",
        "all",
        "odd-whiteout",
    ),
    Case(
        "wh hardlink entry",
        [BASE, ".wh.f=>d/a"],
        "d/ d/a=A d/s/ d/s/b=B ln->d",
        "all",
        "odd-whiteout",
    ),
    Case(
        "opq as directory entry", [BASE, "d/.wh..wh..opq/"], "d/ f=F ln->d", "all", "odd-whiteout"
    ),
    Case("file under .wh.dir/", [BASE, ".wh.d/inner=I"], BASE, "spec", "whiteout-like-name"),
    # What is left of AUFS
    Case(".wh..wh.aufs root", [BASE, ".wh..wh.aufs"], BASE, "all", "aufs-metadata"),
    Case(
        ".wh..wh.plnk/ root",
        [BASE, ".wh..wh.plnk/ .wh..wh.plnk/1.2=P pl=>.wh..wh.plnk/1.2"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln->d pl=P",
        "naive",
        "aufs-metadata",
    ),
    Case(
        ".wh..wh.orph/ root",
        [BASE, ".wh..wh.orph/ .wh..wh.orph/x=X"],
        BASE,
        "naive",
        "aufs-metadata",
    ),
    Case(".wh..wh.aufs in subdir", [BASE, "d/.wh..wh.aufs"], BASE, "all", "whiteout-noop"),
    # Names that run through symbolic links of lower layers
    Case(
        "wh through symlink parent",
        [BASE, "ln/.wh.a"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln/",
        "overlay",
        "write-through-symlink",
        may="whiteout-noop",
    ),
    Case(
        "add through symlink parent",
        [BASE, "ln/n=N"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln/ ln/n=N",
        "overlay",
        "write-through-symlink",
    ),
    Case(
        "opq through symlink parent",
        [BASE, "ln/.wh..wh..opq"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln/",
        "overlay",
        "write-through-symlink",
        may="whiteout-noop",
    ),
    # Changes of type
    Case(
        "dir over symlink-to-dir",
        [BASE, "ln/ ln/n=N"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln/ ln/n=N",
        "all",
    ),
    Case("symlink over dir", [BASE, "d->f"], "d->f f=F ln->d", "all"),
    Case("file over dir", [BASE, "d=X"], "d=X f=F ln->d", "all"),
    Case("dir over file", [BASE, "f/ f/n=N"], "d/ d/a=A d/s/ d/s/b=B f/ f/n=N ln->d", "all"),
    Case(
        "child of file (no dir entry)",
        [BASE, "f/n=N"],
        "d/ d/a=A d/s/ d/s/b=B f/ f/n=N ln->d",
        "overlay",
        "child-of-file",
    ),
    # The same path twice in a layer
    Case(
        "dup entry same layer",
        [BASE, "g=1 g=22"],
        "d/ d/a=A d/s/ d/s/b=B f=F g=22 ln->d",
        "overlay",
        "duplicate-entry",
    ),
    Case(
        "dup dir then file",
        [BASE, "g/ g/x=1 g=22"],
        "d/ d/a=A d/s/ d/s/b=B f=F g=22 ln->d",
        "overlay",
        "duplicate-entry",
    ),
    Case(
        "dup file then dir",
        [BASE, "g=22 g/ g/x=1"],
        "d/ d/a=A d/s/ d/s/b=B f=F g/ g/x=1 ln->d",
        "overlay",
        "duplicate-entry",
    ),
    # Hard links
    Case(
        "hardlink to lower file",
        [BASE, "hl=>f"],
        "d/ d/a=A d/s/ d/s/b=B f=F*2 hl=F*2 ln->d",
        "naive",
        "cross-layer-hardlink",
    ),
    Case(
        "hardlink to lower deleted in same layer",
        [BASE, ".wh.f hl=>f"],
        "d/ d/a=A d/s/ d/s/b=B ln->d",
        "overlay",
        "hardlink-to-whiteout",
        may="broken-hardlink",
    ),
    Case(
        "hardlink before target",
        [BASE, "hl=>g g=G"],
        "d/ d/a=A d/s/ d/s/b=B f=F g=G ln->d",
        "slim",
        "broken-hardlink",
    ),
    Case("hardlink missing target", [BASE, "hl=>nope"], BASE, "slim", "broken-hardlink"),
    Case(
        "hardlink abs target",
        [BASE, "hl=>/f"],
        "d/ d/a=A d/s/ d/s/b=B f=F*2 hl=F*2 ln->d",
        "naive",
        "cross-layer-hardlink",
    ),
    Case(
        "hardlink dotdot target",
        [BASE, "hl=>../../f"],
        "d/ d/a=A d/s/ d/s/b=B f=F*2 hl=F*2 ln->d",
        "naive",
        "cross-layer-hardlink path-escape",
    ),
    Case(
        "hardlink to symlink",
        [BASE, "hl=>ln"],
        "d/ d/a=A d/s/ d/s/b=B f=F hl->d ln->d",
        "naive",
        "cross-layer-hardlink",
    ),
    Case("hardlink to dir", [BASE, "hl=>d"], BASE, "slim", "broken-hardlink"),
    # The text is silent: the target's path is taken as written, as names are.
    Case("hardlink via symlink parent", [BASE, "hl=>ln/a"], BASE, "slim", "broken-hardlink"),
    Case(
        "hardlink chain",
        [BASE, "h1=>f h2=>h1"],
        "d/ d/a=A d/s/ d/s/b=B f=F*3 h1=F*3 h2=F*3 ln->d",
        "naive",
        "cross-layer-hardlink",
    ),
    Case(
        "hardlink then overwrite target",
        [BASE, "hl=>f f=NEW"],
        "d/ d/a=A d/s/ d/s/b=B f=NEW hl=F ln->d",
        "naive",
        "cross-layer-hardlink",
    ),
    # Names
    Case(
        "abs name",
        [BASE, "/abs=X"],
        "abs=X d/ d/a=A d/s/ d/s/b=B f=F ln->d",
        "overlay",
        "path-escape",
    ),
    Case("dot-slash name", [BASE, "./.wh.d ./f=X"], "f=X ln->d", "all"),
    Case(
        "dotdot name",
        [BASE, "../esc=X"],
        "d/ d/a=A d/s/ d/s/b=B esc=X f=F ln->d",
        "overlay",
        "path-escape",
    ),
    Case("inner dotdot", [BASE, "d/../x=X"], "d/ d/a=A d/s/ d/s/b=B f=F ln->d x=X", "all"),
    Case(
        "deep dotdot",
        [BASE, "d/../../../x=X"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln->d x=X",
        "overlay",
        "path-escape",
    ),
    Case("double slash", [BASE, "d//x=X"], "d/ d/a=A d/s/ d/s/b=B d/x=X f=F ln->d", "all"),
    Case(
        "trailing slash file",
        [BASE, [file("x/", b"X")]],
        "d/ d/a=A d/s/ d/s/b=B f=F ln->d x=X",
        "all",
    ),
    Case("root entry dir", [BASE, [directory("./")]], BASE, "all"),
    Case("root entry file", [BASE, [file(".", b"X")]], BASE, "overlay", "root-entry"),
    Case("root symlink", [BASE, [symlink("/", "f")]], BASE, "overlay", "root-entry"),
    Case("empty name", [BASE, [file("", b"X")]], BASE, "overlay", "empty-name"),
    # Symbolic links of the same layer
    Case(
        "symlink loop parent",
        [BASE, "s1->s2 s2->s1 s1/x=X"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln->d s1/ s1/x=X s2->s1",
        "slim",
        "symlink-loop",
        may="write-through-symlink child-of-file duplicate-entry",
    ),
    Case(
        "symlink abs parent",
        [BASE, "sa->/d sa/n=N"],
        "d/ d/a=A d/n=N d/s/ d/s/b=B f=F ln->d sa->/d",
        "overlay",
        "write-through-symlink",
    ),
    Case(
        "symlink dangling parent",
        [BASE, "sd->nowhere sd/n=N"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln->d nowhere/ nowhere/n=N sd->nowhere",
        "overlay",
        "write-through-symlink",
    ),
    Case(
        "symlink escaping parent",
        [BASE, "se->../../../../tmp/x/esc se/n=N"],
        "d/ d/a=A d/s/ d/s/b=B f=F ln->d se->../../../../tmp/x/esc"
        " tmp/ tmp/x/ tmp/x/esc/ tmp/x/esc/n=N",
        "overlay",
        "write-through-symlink",
        may="path-escape",
    ),
    # Devices
    Case(
        "fifo",
        [BASE, [fifo("p")]],
        "d/ d/a=A d/s/ d/s/b=B f=F ln->d p=device",
        "all",
        "device-node",
    ),
    Case(
        "chardev 0,0 (overlay whiteout)",
        [BASE, [device("f", 0, 0)]],
        "d/ d/a=A d/s/ d/s/b=B f=device ln->d",
        "spec",
        "overlay-whiteout-device",
        may="device-node",
    ),
    # Names that are different and look alike
    Case(
        "case differ",
        [BASE, "F=up"],
        "F=up d/ d/a=A d/s/ d/s/b=B f=F ln->d",
        "all",
        "case-collision",
    ),
    Case(
        "nfc-nfd",
        [BASE, "cafe\u0301=2 caf\u00e9=1"],
        "cafe\u0301=2 caf\u00e9=1 d/ d/a=A d/s/ d/s/b=B f=F ln->d",
        "all",
        "case-collision",
    ),
    Case(
        "xattr-like .wh. in name middle",
        [BASE, "a.wh.b=X"],
        "a.wh.b=X d/ d/a=A d/s/ d/s/b=B f=F ln->d",
        "all",
    ),
    # Several layers, missing entries
    Case(
        "three layers: add,wh,readd",
        [BASE, ".wh.f", "f=F3"],
        "d/ d/a=A d/s/ d/s/b=B f=F3 ln->d",
        "all",
    ),
    Case(
        "three layers: dir wh, recreate dir",
        [BASE, ".wh.d", "d/ d/n=N"],
        "d/ d/n=N f=F ln->d",
        "all",
    ),
    Case("missing parents", ["x/y/z=Z"], "x/ x/y/ x/y/z=Z", "all"),
    Case("child before parent dir", ["x/y=Y x/"], "x/ x/y=Y", "all"),
    Case("empty layer", [BASE, ""], BASE, "all"),
    Case(
        "kaniko wh before parents",
        [BASE, [delete("d/s/b"), directory("/"), directory("d/"), directory("d/s/")]],
        "d/ d/a=A d/s/ f=F ln->d",
        "all",
    ),
)
