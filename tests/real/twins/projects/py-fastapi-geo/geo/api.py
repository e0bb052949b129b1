import json
import math
from importlib.resources import files

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from jinja2 import Template

from geo.settings import settings

app = FastAPI(title="geo", version="1.4.0")
PLACES = json.loads((files("geo") / "data" / settings.places).read_text())
HOME = Template((files("geo") / "home.html").read_text())


@app.get("/", response_class=HTMLResponse)
def home() -> str:
    return HOME.render(places=PLACES, unit=settings.unit)


@app.get("/distance/{start}/{end}")
def distance(start: str, end: str) -> dict[str, object]:
    try:
        (a, b), (c, d) = (map(math.radians, PLACES[one]) for one in (start, end))
    except KeyError as missing:
        raise HTTPException(404, f"no place {missing}") from None
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    far = 2 * 6371 * math.asin(math.sqrt(h))
    return {
        "distance": round(far * (0.621371 if settings.unit == "mi" else 1)),
        "unit": settings.unit,
    }
