"""What the package databases of dpkg look like."""

from __future__ import annotations

STATUS = b"""\
Package: libz1
Status: install ok installed
Priority: optional
Section: libs
Architecture: amd64
Multi-Arch: same
Source: zlib (1:1.3)
Version: 1:1.3-2
Provides: libz (= 1.3), zlib-abi
Pre-Depends: libc6 (>= 2.38)
Depends: gcc-base (= 14.2),
 debconf (>= 0.5) | debconf-2.0
Recommends: tools [amd64]
Suggests: docs <!nodoc>
Description: a library
 Depends: on nothing here

Package: tools
Essential: yes
Status: hold ok unpacked
Architecture: all
Version: 3

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: purged
Status: purge ok not-installed

Package: base
Priority: required
Status: install ok triggers-pending
Architecture: amd64
Version: 1
Conffiles:
 /etc/base.conf 0123456789abcdef0123456789abcdef
"""
