#!/usr/bin/env python3
"""Renders every Markdown file in content/ with the theme's template."""

import string
import sys
from pathlib import Path

import markdown

theme = string.Template(Path("theme/page.html").read_text())
target = Path(sys.argv[1])
target.mkdir(parents=True, exist_ok=True)
for source in sorted(Path("content").glob("*.md")):
    text = source.read_text()
    page = theme.substitute(
        title=text.splitlines()[0].lstrip("# "), body=markdown.markdown(text, extensions=["tables"])
    )
    (target / f"{source.stem}.html").write_text(page)
(target / "theme.css").write_text(Path("theme/theme.css").read_text())
