from fastapi.testclient import TestClient

from geo.api import app


def test_distance():
    assert TestClient(app).get("/distance/oslo/rome").status_code == 200
