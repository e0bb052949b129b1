"""Packages of Composer."""

from __future__ import annotations

import json

from slim.ecosystems.php.packages import read_php
from slim.packages.package import Package

INSTALLED = {
    "packages": [
        {
            "name": "monolog/monolog",
            "version": "3.9.0",
            "type": "library",
            "require": {"php": ">=8.1", "psr/log": "^2"},
            "provide": {"psr/log-implementation": "3.0.0"},
            "install-path": "../monolog/monolog",
        },
        {"name": "phpunit/phpunit", "version": "11", "install-path": "../phpunit/phpunit"},
        {"name": "meta/package", "type": "metapackage", "install-path": None},
        {"version": "nameless"},
    ],
    "dev": True,
    "dev-package-names": ["phpunit/phpunit"],
}


def php(document: object, place: bytes = b"app/") -> dict[str, Package]:
    path = place + b"vendor/composer/installed.json"
    return {
        package.name: package
        for package in read_php({path: json.dumps(document).encode()}).packages
    }


def test_composer() -> None:
    found = php(INSTALLED)
    assert set(found) == {"monolog/monolog", "phpunit/phpunit", "meta/package"}
    monolog = found["monolog/monolog"]
    assert monolog.directories == (b"app/vendor/monolog/monolog",)
    names = [dependency.names for dependency in monolog.depends]
    assert names == [("app/vendor:php",), ("app/vendor:psr/log",)]
    assert monolog.provides[1] == "app/vendor:psr/log-implementation"
    assert (monolog.dev, found["phpunit/phpunit"].dev) == (False, True)
    assert found["meta/package"].directories == ()


def test_composer_1_wrote_a_bare_list() -> None:
    found = php([{"name": "a/b", "version": "1"}], b"")
    assert found["a/b"].directories == (b"vendor/a/b",)
    assert found["a/b"].dev is None
