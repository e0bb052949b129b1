"""What the package databases of node look like."""

from __future__ import annotations

import json
from collections.abc import Mapping

Fields = dict[str, object]
MODULE: Fields = {"type": "module"}


def tree(**files: Mapping[str, object]) -> dict[bytes, bytes]:
    return {path.encode(): json.dumps(value).encode() for path, value in files.items()}


def manifest(version: str = "1.0.0", **kinds: str) -> Fields:
    """`dependencies="a b"`."""
    fields: Fields = {"version": version}
    return fields | {kind: dict.fromkeys(names.split(), "*") for kind, names in kinds.items()}


APP = tree(
    **{
        "app/package.json": manifest(dependencies="web", devDependencies="test web-types"),
        "app/node_modules/web/package.json": manifest(
            dependencies="ms", peerDependencies="types", optionalDependencies="fsevents speed"
        ),
        "app/node_modules/web/esm/package.json": MODULE,
        "app/node_modules/web/node_modules/ms/package.json": manifest("2.0.0"),
        "app/node_modules/speed/package.json": manifest(),
        "app/node_modules/types/package.json": manifest(),
        "app/node_modules/ms/package.json": manifest("1.0.0"),
        "app/node_modules/test/package.json": manifest(dependencies="ms @x/deep types"),
        "app/node_modules/@x/deep/package.json": manifest(dependencies="test"),
        "app/node_modules/web-types/package.json": manifest(),
        "app/node_modules/unasked/package.json": manifest(),
    }
)

PNPM = tree(
    **{
        "app/package.json": manifest(dependencies="web", devDependencies="test"),
        "app/node_modules/.pnpm/web@1.0.0/node_modules/web/package.json": manifest(
            dependencies="ms"
        ),
        "app/node_modules/.pnpm/test@1.0.0_ms@2.0.0/node_modules/test/package.json": manifest(
            dependencies="ms @x/deep"
        ),
        "app/node_modules/.pnpm/ms@1.0.0/node_modules/ms/package.json": manifest(),
        "app/node_modules/.pnpm/ms@2.0.0/node_modules/ms/package.json": manifest("2.0.0"),
        "app/node_modules/.pnpm/@x+deep@1.0.0/node_modules/@x/deep/package.json": manifest(),
    }
)

LOCK = b"""lockfileVersion: '6.0'
devDependencies:
  test:
    version: 1.0.0
packages:

  /web@1.0.0:
    resolution: {integrity: x}
    dev: false

  /test@1.0.0(ms@2.0.0):
    dev: true

  /test@1.0.0:
    dev: true

  /ms@1.0.0:
    dev: false

  /ms@2.0.0:
    dev: true

  '/@x/deep@1.0.0':
    engines: {node: '>=4'}
    dev: true
"""
