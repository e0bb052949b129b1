from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Board(BaseHTTPRequestHandler):
    def do_GET(self):
        path = Path("/tmp/board.txt")
        self.send_response(200 if path.exists() else 503)
        self.end_headers()
        self.wfile.write(path.read_bytes() if path.exists() else b"")


HTTPServer(("", 8370), Board).serve_forever()
