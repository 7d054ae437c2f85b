"""Everything that one report writes, all or nothing, as plain DynamoDB attributes, for the peer that does the whole job."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import zlib
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.peers import fastapi_numbers as numbers
from benchmarks.peers.fastapi_case import Case, Event, Place, Report, Stored, Street, stamp

CASES, OUTBOX, REGISTERS = (os.environ[f"DOORSTEP_{name}_TABLE"] for name in ("CASES", "OUTBOX", "REGISTERS"))
# Reports in so many seconds, below which nobody is asked for anything.
BUCKETS = {"phone": (3600, 240), "address": (600, 600), "place": (600, 600)}
TITLE = 20


def transaction(
    keys: numbers.Secrets,
    street: Street,
    place: Place,
    case: Case,
    report: Report,
    envelope: bytes,
    address: str,
    now: datetime,
) -> list[dict[str, Any]]:
    """The case, its messages, the row that finds it by phone, and the counters."""
    puts = [_put(CASES, _case(keys, street, place, case, report, envelope), "attribute_not_exists(pk)")]
    puts += [_put(OUTBOX, row) for row in _messages(keys, street, case, now)]
    if case.phone_mac:
        ttl = int((now + timedelta(days=2 * street.retention.case_days)).timestamp())
        puts.append(_put(REGISTERS, {"pk": f"P#{case.phone_mac}", "sk": f"C#{case.no}", "ttl": ttl}))
    whose = {"phone": case.phone_mac, "address": _network(address), "place": place.id}
    return puts + [_counter(keys, name, who, int(now.timestamp())) for name, who in whose.items() if who]


def _case(
    keys: numbers.Secrets, street: Street, place: Place, case: Case, report: Report, envelope: bytes
) -> dict[str, str | bytes | int]:
    fingerprint = keys.mac("fingerprint", report.key, report.model_dump_json(exclude={"key"})).hex()
    event = Event(seq=1, type="submitted", at=case.received_at, by="reporter", attempt=fingerprint, data=case, clocks=case.clocks)
    deadline = min(clock.due for clock in case.clocks)
    next_due = min(clock.warn or clock.due for clock in case.clocks)
    shard = keys.mac("shard", case.no)[0]
    card: dict[str, Any] = {
        "no": case.no,
        "title": case.text[:TITLE],
        "place": place.name,
        "place_en": place.en,
        "committee": case.committee,
        "community": case.community,
        "zone": case.zone,
        "category": case.category,
        "state": case.state,
        "rung": case.rung,
        "owner": "",
        "channel": case.channel,
        "deadline": deadline,
        "started": case.received_at,
        "clock": case.clocks[0].id,
        "warn": next_due,
        "received_at": case.received_at,
        "closed_at": None,
        "marks": [],
        "class": "",
    }
    figures = {
        "v": 1,
        "no": case.no,
        "state": case.state,
        "channel": case.channel,
        "reporter": case.reporter,
        "community": case.community,
        "committee": case.committee,
        "zone": case.zone,
        "place": case.place,
        "highest": case.highest,
        "received_at": case.received_at,
        "reply_due": deadline,
        "due": case.clocks[-1].due,
    }
    body = zlib.compress(Stored(events=[event], state=case).model_dump_json().encode(), 6)
    return {
        "pk": f"C#{case.no}",
        "sk": "CASE",
        "attempt": fingerprint,
        "body": body,
        "card": json.dumps(card, ensure_ascii=False, separators=(",", ":")),
        "figures": json.dumps(figures, ensure_ascii=False, separators=(",", ":")),
        "fingerprint": fingerprint,
        "submission": keys.mac("submission", report.key).hex(),
        "sealed": envelope,
        "version": case.version,
        "deadline": deadline,
        "queue": f"Q#dispatcher#{case.unit}",
        "open_zone": f"Z#{case.zone}",
        "open_deadline": deadline,
        "month": f"M#{case.received_at[:7]}#{shard % 4}",
        "month_at": case.received_at,
        "place": f"P#{case.place}",
        "place_at": case.received_at,
        "timer": f"T#{shard % 8}",
        "timer_at": next_due,
    }


def _messages(keys: numbers.Secrets, street: Street, case: Case, now: datetime) -> list[dict[str, str | bytes | int]]:
    """One row for each notice of the street on these events."""
    found: list[dict[str, str | bytes | int]] = []
    day = datetime.fromisoformat(case.clocks[0].due).astimezone(ZoneInfo(street.timezone))
    for notice in street.notices:
        if notice.on in {"submitted", "entered"}:
            mac = keys.mac("recipient", notice.to, case.phone_mac if notice.to == "reporter" else case.unit)
            params = [case.no, case.category or "—", f"{day.month}月{day.day}日{day:%H:%M}"]
            found.append(
                {
                    "pk": f"TO#{base64.b32encode(mac[:20]).decode()}",
                    "sk": f"{case.no}#00001#{notice.template}",
                    "at": stamp(now),
                    "case": case.no,
                    "params": json.dumps(params, ensure_ascii=False),
                    "pending": f"O#{mac[0] % 4}",
                    "pending_at": stamp(now),
                    "state": "pending",
                    "template": notice.template,
                    "to": notice.to if notice.to == "reporter" else f"{notice.to}@{case.unit}",
                    "tries": 0,
                }
            )
    return found


def _put(table: str, item: dict[str, Any], condition: str = "") -> dict[str, Any]:
    kinds = {str: "S", bytes: "B", int: "N"}
    typed = {
        name: {kinds[type(value)]: str(value) if isinstance(value, int) else value}
        for name, value in item.items()
        if value not in ("", b"")
    }
    return {"Put": {"TableName": table, "Item": typed, **({"ConditionExpression": condition} if condition else {})}}


def _network(address: str) -> str:
    found = ipaddress.ip_address(address)
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False))


def _counter(keys: numbers.Secrets, name: str, who: str, now: int) -> dict[str, Any]:
    seconds, ceiling = BUCKETS[name]
    row = {"pk": {"S": f"B#{name}#{keys.mac('limit', name, who).hex()[:32]}"}, "sk": {"S": str(now // seconds)}}
    return {
        "Update": {
            "TableName": CASES,
            "Key": row,
            "UpdateExpression": "SET #t = :t ADD #n :one",
            "ConditionExpression": "attribute_not_exists(#n) OR #n < :most",
            "ExpressionAttributeNames": {"#n": "failures", "#t": "ttl"},
            "ExpressionAttributeValues": {
                ":t": {"N": str((now // seconds + 2) * seconds)},
                ":one": {"N": "1"},
                ":most": {"N": str(ceiling)},
            },
        }
    }
