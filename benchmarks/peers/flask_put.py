"""Flask behind apig-wsgi, boto3 below: one PutItem."""

from __future__ import annotations

from apig_wsgi import make_lambda_handler
from flask import Flask, Response, redirect, request

from benchmarks.peers.boto_put import put

app = Flask(__name__)


@app.post("/f/<kind>")
def send(kind: str) -> Response:
    key = request.form["key"]
    put(request.form["text"], key)
    return redirect(f"/t/{key}", 303)  # type: ignore[no-any-return, unused-ignore]  # Flask is not in the virtual environment


handler = make_lambda_handler(app)
