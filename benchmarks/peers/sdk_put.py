"""What the SDK alone takes, as the package ships it (trimmed, compiled): one client, one PutItem, no framework and no mapper."""

from __future__ import annotations

import os
from typing import Any

from botocore.session import get_session

from benchmarks.peers.same_item import BODY, SEALED, TABLE, TEXTS, text_and_key

dynamodb: Any = get_session().create_client(
    "dynamodb", region_name=os.environ["AWS_REGION"], endpoint_url=os.environ["DOORSTEP_ENDPOINT"]
)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    text, key = text_and_key(event["body"])
    item: dict[str, Any] = {name: {"S": value} for name, value in TEXTS.items()}
    item |= {"pk": {"S": f"C#{key}"}, "sk": {"S": "CASE"}, "version": {"N": "1"}, "text": {"S": text}}
    item |= {"body": {"B": BODY}, "sealed": {"B": SEALED}}
    dynamodb.put_item(TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(pk)")
    return {"statusCode": 303, "headers": {"Location": f"/t/{key}"}, "body": ""}
