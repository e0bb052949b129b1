"""Invoices by HTTP."""
import json
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from jinja2 import Environment, FileSystemLoader

HERE = Path(__file__).parent
pages = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)


async def invoice(request):
    path = Path("data") / f"{int(request.path_params['number'])}.json"
    return HTMLResponse(pages.get_template("invoice.html").render(json.loads(path.read_text())))


async def health(request):
    return JSONResponse({"ok": True})


app = Starlette(routes=[Route("/invoices/{number}", invoice), Route("/healthz", health)])
