"""What the package databases of apk look like."""

from __future__ import annotations

INSTALLED = b"""\
C:Q1fRNHDMYyPzhZzGIR2neAvhyr19s=
P:.build-deps
V:20261124.152227
A:noarch
D:gcc make

P:app
V:1.0-r0
A:x86_64
o:application
D:cmd:sh !conflicting so:libx.so
F:etc
R:app.conf
a:0:0:600
Z:Q1io9g7LCbfmTG1SFKgEOGXmCFB9s=
F:usr
M:0:0:1777
F:usr/bin
R:app

P:app-doc
V:1.0-r0
D:docs-base
i:app=1.0-r0 docs

P:binutils
V:2.44-r0
D:so:libc.so

P:busybox
V:1.37-r0
D:so:libc.so
p:cmd:sh=1.37-r0 cmd:ls=1.37-r0
F:
R:linuxrc

P:docs
V:0.2-r6
D:docs-base

P:docs-base
V:1-r0

P:gcc
V:14.2-r0
D:binutils libx>=0.5

P:libx
V:1.2-r0
D:so:libc.so
p:so:libx.so=1.2

P:make
V:4.4-r0
D:so:libc.so

P:musl
V:1.2.5-r0
p:so:libc.so=1
"""

WORLD = b".build-deps=20261124.152227\napp\nbusybox@edge\ndocs\nmake>=0.1\n!unwanted\n"
