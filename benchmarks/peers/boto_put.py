"""The same item through boto3's client, for the peers whose frameworks come without a store."""

from __future__ import annotations

import os

import boto3

from benchmarks.peers.same_item import BODY, SEALED, TABLE, TEXTS

dynamodb = boto3.client("dynamodb", endpoint_url=os.environ["DOORSTEP_ENDPOINT"])


def put(text: str, key: str) -> None:
    item = {name: {"S": value} for name, value in TEXTS.items()}
    item |= {"pk": {"S": f"C#{key}"}, "sk": {"S": "CASE"}, "version": {"N": "1"}, "text": {"S": text}}
    dynamodb.put_item(
        TableName=TABLE,
        Item={**item, "body": {"B": BODY}, "sealed": {"B": SEALED}},
        ConditionExpression="attribute_not_exists(pk)",
    )
