"""Parcels over HTTP, from a database that the worker fills."""

import json
import os
import sqlite3
from pathlib import Path

import bottle

DATABASE = os.environ["PARCELS_DB"]


@bottle.get("/api/parcels")
def parcels():
    with sqlite3.connect(DATABASE) as database:
        rows = database.execute("SELECT code, state FROM parcel ORDER BY code").fetchall()
    bottle.response.content_type = "application/json"
    return json.dumps([{"code": code, "state": state} for code, state in rows])


@bottle.get("/api/version")
def version():
    return Path(__file__).with_name("VERSION").read_text()


bottle.run(host="127.0.0.1", port=9000, server="waitress")
