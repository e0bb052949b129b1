from invoices.app import app


def test_routes():
    assert len(app.routes) == 2
