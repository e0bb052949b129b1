"""A web application of two pages, with a compiled dependency of each kind."""

from cryptography.fernet import Fernet
from flask import Flask
from lxml import etree

app = Flask(__name__)


@app.get("/")
def index() -> str:
    """The name and version of the shop."""
    return "shop 0.3.0"


@app.get("/sealed/<text>")
def sealed(text: str) -> str:
    """A text, encrypted and decrypted, in XML."""
    key = Fernet(Fernet.generate_key())
    page = etree.Element("text")
    page.text = key.decrypt(key.encrypt(text.encode())).decode()
    return etree.tostring(page).decode()
