"""Packages of npm that start programs of the system, by other names than their own."""

CALLERS = {
    "gm": ("imagemagick", "graphicsmagick"),
    "puppeteer": ("chromium",),
    "puppeteer-core": ("chromium",),
    "playwright": ("chromium",),
    "simple-git": ("git",),
    "node-jq": ("jq",),
}
"""Package → packages of the system, as its documentation says."""
