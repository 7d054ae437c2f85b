"""Today's habit: a Chalice route that saves one PynamoDB model."""

from __future__ import annotations

import os
from typing import Any

from chalice.app import Chalice, Response
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from benchmarks.peers.same_item import BODY, SEALED, TABLE, TEXTS, text_and_key


class Case(Model):
    """A case as a model of its own attributes."""

    class Meta:
        table_name = TABLE
        region = os.environ["AWS_REGION"]
        host = os.environ["DOORSTEP_ENDPOINT"]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    text = UnicodeAttribute()
    version = NumberAttribute()
    body = BinaryAttribute(legacy_encoding=False)
    sealed = BinaryAttribute(legacy_encoding=False)
    attempt = UnicodeAttribute()
    card = UnicodeAttribute()
    deadline = UnicodeAttribute()
    figures = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    month = UnicodeAttribute()
    month_at = UnicodeAttribute()
    open_deadline = UnicodeAttribute()
    open_zone = UnicodeAttribute()
    place = UnicodeAttribute()
    place_at = UnicodeAttribute()
    queue = UnicodeAttribute()
    submission = UnicodeAttribute()
    timer = UnicodeAttribute()
    timer_at = UnicodeAttribute()


app = Chalice(app_name="cases")


@app.route("/f/{kind}", methods=["POST"], content_types=["application/x-www-form-urlencoded"])
def send(kind: str) -> Response:
    request: Any = app.current_request
    text, key = text_and_key(request.raw_body.decode())
    texts: dict[str, Any] = {**TEXTS, "text": text, "version": 1, "body": BODY, "sealed": SEALED}
    case = Case(f"C#{key}", "CASE", **texts)
    case.save(condition=Case.pk.does_not_exist())
    return Response(body="", status_code=303, headers={"Location": f"/t/{key}"})


handler = app
