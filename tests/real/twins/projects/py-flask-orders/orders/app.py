"""A desk for orders: prices from a CSV file, texts from Markdown, settings from YAML."""

import csv
import os
from pathlib import Path

import markdown
import yaml
from dateutil.parser import isoparse
from flask import Flask, jsonify, render_template, request

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = yaml.safe_load(
    Path(os.environ.get("ORDERS_SETTINGS", ROOT / "conf/settings.yaml")).read_text()
)

app = Flask(__name__)


def price_list():
    with (ROOT / SETTINGS["price_list"]).open() as lines:
        return {row["sku"]: row for row in csv.DictReader(lines)}


@app.get("/")
def home():
    terms = markdown.markdown((ROOT / "docs/terms.md").read_text())
    return render_template(
        "home.html", title=SETTINGS["title"], prices=price_list().values(), terms=terms
    )


@app.get("/quote/<sku>")
def quote(sku):
    when = isoparse(request.args.get("on", "2024-05-01"))
    row = price_list()[sku]
    gross = int(row["cents"]) * (100 + SETTINGS["vat_percent"]) // 100
    return jsonify(
        sku=sku,
        name=row["name"],
        gross=gross,
        currency=SETTINGS["currency"],
        weekday=when.strftime("%A"),
    )


@app.get("/healthz")
def health():
    return "ok"
