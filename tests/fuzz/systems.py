"""What other programs send: the JSON API, signed orders, providers' receipts, GeoReport."""

from __future__ import annotations

import secrets
import time
from typing import Any

from chalicelib.casework import signing
from chalicelib.casework.ladder import STEPS
from tests.client import FORM
from tests.fuzz.corpus import VISITOR
from tests.fuzz.oracle import Sent
from tests.fuzz.parts import JSON, Parts

# As providers and others send them; the last two arrive as base64.
TYPES = (FORM, JSON, f"{FORM}; charset=utf-8", f"{FORM};charset=utf-16", "text/xml", "multipart/form-data", "", ";", "a/b" * 900)
BINARY = ("application/octet-stream", "image/png")


class Systems(Parts):
    """Each makes one request."""

    def body(self) -> Sent:
        key = f"{self.chance.getrandbits(128):032x}"
        code = self.chance.choice(self.codes)
        report: dict[str, Any] = {
            "key": key,
            "code": code,
            "text": "灯不亮",
            "category": "hardware",
            "nickname": "甲",
            "phone": "021-0012 7788",
        }
        report |= {"elsewhere": "", "photos": [1, 2], "reporter": "resident", "proof": ""}
        way = self.chance.randrange(5)
        if way == 0:
            return self.json("/api/v1/reports", report)
        if way == 1:
            return self.json("/api/v1/photos", {"code": code, "key": key, "slot": 1})
        if way == 2:
            return self.json("/api/v1/similar", {"code": code, "text": "充电桩不够", "read": ""})
        who = self.chance.choice(list(self.sessions))
        act = self.chance.choice(list(STEPS))
        inputs: dict[str, Any] = {}
        for spec in STEPS[act].fields:
            inputs[spec.name] = (
                ["a"] if spec.kind == "partners" else self.chance.choice(("三号楼", *spec.options, "2026-11-25", "3"))
            )
        no = self.chance.choice(self.street.numbers)
        sent = self.json(
            f"/api/v1/cases/{no}/{act}", {"attempt": key, "version": self.chance.randint(1, 9), "inputs": inputs}, who
        )
        return Sent("POST", sent.target, [*sent.headers, ("X-CSRF", self.csrf[who])], sent.body)

    def order(self) -> Sent:
        source = self.chance.choice(list(self.street.order_secrets))
        value = {
            "external": f"SH-{self.chance.randrange(400)}",
            "text": "路灯坏了",
            "place": self.chance.choice(("JNP3NT", "")),
            "committee": self.chance.choice(("c01", "", "示例桂花居委会")),
            "community": "",
            "address": "示例桂花新村门口",
            "phone": "021-0012 7788",
            "name": "来电人王",
            "category": "社区硬件设施",
            "class": "",
            "reporter": "resident",
            "received": "2026-11-17T15:20:00+08:00",
        }
        # API Gateway hands text over as UTF-8; what is none arrives as replacement characters, and no signature holds.
        body = self.mutator.json_text(value).decode("utf-8", "replace").encode()
        stamp = str(int(time.time()))
        signature = signing.signature([self.street.order_secrets[source]], stamp, body)
        if self.chance.random() < 0.2:
            stamp = self.mutator.text(stamp)
        if self.chance.random() < 0.2:
            signature = self.mutator.text(signature)[:3000]
        signed = [(signing.TIMESTAMP, stamp), (signing.SIGNATURE, signature)]
        return Sent("POST", f"/api/v1/orders/{source}", [("Content-Type", JSON), *signed], body)

    def receipts(self) -> Sent:
        provider = self.chance.choice(list(self.street.receipt_tokens))
        at = "2026-11-18 10:00:00"
        entries = {
            "aliyun": {
                "biz_id": "900619746936498440^0",
                "success": True,
                "err_code": "DELIVERED",
                "report_time": at,
                "phone_number": "1",
            },
            "tencent": {
                "sid": "2019:-8000000000000000001",
                "report_status": "SUCCESS",
                "errmsg": "DELIVRD",
                "user_receive_time": at,
            },
        }
        rows: list[Any] = [entries[self.chance.choice(list(entries))] for _ in range(self.chance.choice((1, 2, 5)))]
        kind = self.chance.choice((JSON, JSON, "text/plain", *TYPES, *BINARY))
        target = f"/api/v1/receipts/{provider}/{self.street.receipt_tokens[provider]}"
        return Sent("POST", target, [("Content-Type", kind)] if kind else [], self.mutator.json_text(rows))

    def geo_query(self) -> Sent:
        fmt = self.chance.choice(("xml", "json"))
        known = [
            ("jurisdiction_id", "small"),
            ("service_request_id", "7K2M9QXATB4,8A8LNB2NZJ7"),
            ("service_code", "hardware,property"),
        ]
        known += [("start_date", "2026-11-01T00:00:00Z"), ("end_date", "2026-11-18T00:00:00+08:00"), ("status", "open,closed")]
        known += [("page", "1"), ("page_size", "50"), ("extensions", "true")]
        chosen = self.chance.sample(known, self.chance.randint(0, 4))
        name = self.quoted(self.mutator.text("hardware"))[:3000]
        path = self.chance.choice(("discovery", "v2/services", "v2/requests", "v2/requests", "v2/requests"))
        if self.chance.random() < 0.3:
            path = f"{self.chance.choice(('v2/services', 'v2/requests', 'v2/tokens'))}/{name}"
        return Sent("GET", f"/open311/{path}.{fmt}{self.query(chosen)}")

    def geo_post(self) -> Sent:
        pairs = [("api_key", self.street.api_key), ("service_code", self.chance.choice(("hardware", "property")))]
        pairs += [
            ("description", f"门坏了{self.chance.randrange(99)}"),
            ("phone", "021-0012 7788"),
            ("first_name", "甲"),
            ("last_name", "乙"),
        ]
        where = self.chance.choice(
            ([("address_id", "JNP3NT")], [("lat", "31.1"), ("long", "121.4")], [("address_string", "示例桂花新村")])
        )
        pairs += [*where, ("media_url", "https://example.org/a.jpg"), ("attribute[submission]", secrets.token_hex(8))]
        pairs += self.chance.choice(
            ([], [("jurisdiction_id", "small")], [("attribute[reporter][]", "resident")], [("email", "a@b.example")])
        )
        return self.post(VISITOR, f"/open311/v2/requests.{self.chance.choice(('xml', 'json'))}", self.mutator.form(pairs))
