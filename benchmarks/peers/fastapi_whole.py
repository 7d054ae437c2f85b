"""FastAPI behind Mangum doing the whole same job: a resident's form, from its bytes to the one transaction.

Written as such houses write it (form and configuration as pydantic models, boto3's clients at module level) and kept light where
it may be: no API pages, no thread pool, plain DynamoDB attributes instead of an object mapper.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import boto3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import RedirectResponse
from mangum import Mangum

from benchmarks.peers import fastapi_numbers as numbers
from benchmarks.peers.fastapi_case import Case, Report, case_of, load_places, load_street, stamp
from benchmarks.peers.fastapi_rows import transaction

ENDPOINT = os.environ["DOORSTEP_ENDPOINT"]
dynamodb = boto3.client("dynamodb", endpoint_url=ENDPOINT)
kms = boto3.client("kms", endpoint_url=ENDPOINT)
street, places = load_street(), load_places()
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


class Process:
    """The street's secrets, read once."""

    secrets: numbers.Secrets | None = None


def secrets() -> numbers.Secrets:
    if Process.secrets is None:
        key = {"pk": {"S": "KEYS"}, "sk": {"S": "ROOT"}}
        item = dynamodb.get_item(TableName=os.environ["DOORSTEP_KEYS_TABLE"], Key=key, ConsistentRead=True)["Item"]
        Process.secrets = numbers.Secrets(item["root"]["B"], {item["code_version"]["S"]: item["code_key"]["B"]})
    return Process.secrets


def sealed(case: Case, phone: str) -> bytes:
    """An envelope under a data key of its own, bound to the street and the case."""
    made = kms.generate_data_key(
        KeyId=os.environ["DOORSTEP_KMS_KEY"],
        KeySpec="AES_256",
        EncryptionContext={"street": street.id, "record": f"case:{case.no}"},
    )
    nonce = os.urandom(12)
    box = AESGCM(made["Plaintext"]).encrypt(nonce, phone.encode(), f"case:{case.no}:phone".encode())
    wrapped: bytes = made["CiphertextBlob"]
    return len(wrapped).to_bytes(2, "big") + wrapped + nonce + box


@app.post("/f/{kind}")
async def send(kind: str, request: Request, report: Annotated[Report, Form()]) -> RedirectResponse:
    keys = secrets()
    place = places.get(numbers.place_of(report.code.strip().upper(), keys) or "")
    if place is None or kind not in {known.id for known in street.kinds}:
        raise HTTPException(404)
    phone = numbers.normalised(report.phone) if report.phone else ""
    if phone is None or report.category not in {"", *(category.id for category in street.categories)}:
        raise HTTPException(422)
    if not phone:
        phone = numbers.told(report.text)
    now = datetime.now(UTC)
    case = case_of(keys, street, place, report, phone, now)
    address = request.client.host if request.client else ""
    envelope = sealed(case, phone) if phone else b""
    dynamodb.transact_write_items(
        TransactItems=transaction(keys, street, place, case, report, envelope, address, now), ClientRequestToken=case.photo_ref
    )
    token = f"{case.no.replace('-', '')}{keys.mac('link', case.no, '0').hex()[:27].upper()}"
    return RedirectResponse(f"/V1/t/{token}/received", status_code=303, headers={"Cache-Control": "no-store", "Date": stamp(now)})


handler = Mangum(app, lifespan="off")
