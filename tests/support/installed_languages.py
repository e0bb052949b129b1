"""What the package databases of languages look like."""

from __future__ import annotations

import json

SITE = b"opt/venv/lib/python3.12/site-packages/"

RECORD = """\
../../../bin/demo,sha256=x,200
demo/__init__.py,sha256=x,10
"demo/a, b.py",,
demo-1.0.dist-info/METADATA,sha256=x,1
demo-1.0.dist-info/REQUESTED,,
../../../../../../../etc/escape,,
/opt/absolute,,
"""


def conda(**fields: object) -> dict[bytes, bytes]:
    record = {
        "name": "numpy",
        "version": "2.3.1",
        "subdir": "linux-64",
        "files": ["lib/a.so", "bin/f2py"],
        "depends": ["python >=3.12,<3.13.0a0", "libblas", ""],
        "requested_spec": "numpy",
    }
    return {b"opt/conda/conda-meta/numpy-2.3.1-py312.json": json.dumps(record | fields).encode()}


GEMSPEC = b"""\
# -*- encoding: utf-8 -*-
# stub: nokogiri 1.18.10 x86_64-linux-gnu lib
# stub: ext/nokogiri/extconf.rb

Gem::Specification.new do |s|
  s.add_runtime_dependency(%q<mini_portile2>.freeze, ["~> 2.8.2".freeze])
  s.add_dependency(%q<racc>, ["~> 1.4"])
  s.add_development_dependency(%q<rspec>.freeze, [">= 0".freeze])
"""
