"""The event handler of Powertools for AWS Lambda, boto3 below: one PutItem."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from benchmarks.peers.boto_put import put
from benchmarks.peers.same_item import text_and_key

app = APIGatewayRestResolver()


@app.post("/f/<kind>")
def send(kind: str) -> Response:
    text, key = text_and_key(app.current_event.decoded_body)
    put(text, key)
    return Response(status_code=303, headers={"Location": f"/t/{key}"}, body="")


handler = app.resolve
