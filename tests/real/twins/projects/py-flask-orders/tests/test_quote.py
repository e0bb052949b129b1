from orders.app import app


def test_quote():
    assert app.test_client().get("/quote/A100").json["gross"] == 1487
