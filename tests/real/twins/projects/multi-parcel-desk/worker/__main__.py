"""Reads the carrier's list again and again and keeps the database up to date."""

import configparser
import os
import sqlite3
import time
from pathlib import Path

settings = configparser.ConfigParser()
settings.read(Path(__file__).with_name("worker.ini"))
schema = Path("/srv/desk/schema/parcels.sql").read_text()

while True:
    with sqlite3.connect(os.environ["PARCELS_DB"]) as database:
        database.executescript(schema)
        for line in Path(settings["carrier"]["list"]).read_text().splitlines():
            code, state = line.split(";")
            database.execute("INSERT OR REPLACE INTO parcel VALUES (?, ?)", (code, state))
    time.sleep(settings.getfloat("carrier", "seconds"))
