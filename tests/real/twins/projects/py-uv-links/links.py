import tomllib
from pathlib import Path

from flask import Flask, render_template_string

app = Flask(__name__)
book = tomllib.loads(Path("links.toml").read_text())


@app.get("/")
def index():
    return render_template_string("<h1>{{ title }}</h1>{% for name in links %}<a href='/go/{{ name }}'>{{ name }}</a>{% endfor %}", **book)


@app.get("/go/<name>")
def go(name):
    return book["links"][name]
