"""Everything that can be sent over HTTP, by what takes it in. A surface makes one request from chance."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.casework import signing
from chalicelib.casework.ladder import STEPS
from chalicelib.handlers.routing import ROUTES
from tests.client import FORM
from tests.fuzz.corpus import VISITOR, Corpus
from tests.fuzz.mutate import SURROGATES, TOKENS, Mutator
from tests.fuzz.oracle import ORIGIN, Headers, Sent
from tests.fuzz.street import Street

JSON = "application/json"
LANGUAGES = ("en", "zh-CN,zh;q=0.9", "*", ";q=", "en;q=x", ",,,", "e" * 5000, "é", "ja;q=0.1,en", "\ud83d", "zh" * 4000)
TYPES = (FORM, JSON, f"{FORM}; charset=utf-8", f"{FORM};charset=utf-16", "text/xml", "multipart/form-data", "", ";", "a/b" * 900)
BINARY = ("application/octet-stream", "image/png")
COOKIES = (
    "lang=x; large=2",
    "lang=en; large=1",
    "=;;=",
    "a" * 9000,
    'lang="en',
    "a=b=c; lang",
    "$Path=/; lang=en",
    "é=é",
    "\x00=1",
)
PATHS = {
    "case": ("2222-2222-2", "2222-2222-3"),
    "act": tuple(STEPS),
    "kind": ("issue", "rental", "population"),
    "place": ("JNP3NT",),
    "community": ("c01a", "c02a"),
    "source": ("hotline_12345", "petition"),
    "provider": ("aliyun", "tencent"),
    "file": ("hardware.xml", "hardware.json", "property.xml"),
    "entry": ("222222",),
    "batch": ("20261118020000-AAAAAAAAAA",),
    "name": ("form.js", "desk.css"),
    "code": (),
    "token": (),
}


class Surfaces:
    """`named` is surface → what makes one request."""

    def __init__(self, street: Street, corpus: Corpus, mutator: Mutator) -> None:
        self.street, self.corpus, self.mutator, self.chance = street, corpus, mutator, mutator.chance
        world = street.world
        self.codes = [world.code(place, kind) for place in (0, 1, 3) for kind in ("issue", "rental", "population")]
        self.cookie = "__Host-doorstep"
        from chalicelib import wiring

        self.cookie = wiring.house().settings.cookie
        self.sessions = {name: visitor.cookies[self.cookie] for name, visitor in street.desk.items()}
        self.csrf = {name: visitor.get("/desk").form("/signout").fields["csrf"] for name, visitor in street.desk.items()}
        places = [place.id for place in world.places]
        mutator.known = [*street.numbers, *street.registrations, *street.tokens[:6], *self.codes, *places]
        self.public = [one for one in corpus.forms if one.who == VISITOR]
        self.desk = [one for one in corpus.forms if one.who != VISITOR]
        self.bodies = [urlencode(one.fields).encode("ascii") for one in corpus.forms]
        self.made: dict[str, list[Any]] = {}
        self.named: dict[str, Callable[[], Sent]] = {
            "forms": self.form,
            "desk forms": self.desk_form,
            "pages": self.page,
            "addresses": self.address,
            "codes": self.code,
            "tokens": self.token,
            "API bodies": self.body,
            "signed orders": self.order,
            "SMS receipts": self.receipts,
            "GeoReport queries": self.geo_query,
            "GeoReport posts": self.geo_post,
            "headers": self.headers,
            "events": self.event,
        }

    # ---- parts

    def signed_in(self, who: str) -> Headers:
        if who == VISITOR:
            return [("Origin", ORIGIN)]
        return [("Origin", ORIGIN), ("Cookie", f"{self.cookie}={self.sessions[who]}")]

    def anybody(self) -> str:
        return self.chance.choice([VISITOR, *self.sessions])

    def quoted(self, text: str) -> str:
        """For a path: no raw slash, question mark or number sign; sometimes bytes that are no UTF-8."""
        if self.chance.random() < 0.1:
            return self.chance.choice(("%FF", "%ED%A0%80", "%C0%AF", "%E6%A5", "%00", "%2F", "%"))
        return quote(text, safe="", errors="surrogatepass") or "%20"

    def query(self, known: list[tuple[str, str]] | None = None) -> str:
        """Mostly what the page's own query is, changed; names twice, without values, in pieces."""
        pairs = list(known or [])
        names = [
            "lang",
            "large",
            "c",
            "q",
            "show",
            "month",
            "page",
            "from",
            "to",
            "unit",
            "only",
            "pick",
            "left",
            "done",
            "sent",
            "key",
        ]
        names += ["near", "made", "place", "room", "quarter", "format", "by", "committee", "class", "category"]
        for _ in range(self.chance.choice((0, 1, 1, 2, 4))):
            if pairs and self.chance.random() < 0.6:
                at = self.chance.randrange(len(pairs))
                pairs[at] = (pairs[at][0], self.mutator.text(pairs[at][1])[:6000])
            else:
                pairs.append((self.chance.choice(names), self.mutator.text()[:6000]))
        if pairs and self.chance.random() < 0.2:
            pairs += [self.chance.choice(pairs)] * self.chance.choice((1, 5, 60))
        made = "&".join(f"{self.quoted(name)}={self.quoted(value)}" for name, value in pairs)
        if self.chance.random() < 0.15:
            made += self.chance.choice(
                ("&", "&&=", "&lang", "&=%FF", "&%ED%A0%80=%ED%A0%80", ";a=1", "&a[]=1&a[b]=2", "?", "&lang=%00")
            )
        return f"?{made}" if made else ""

    # ---- surfaces

    def _post(self, who: str, target: str, body: bytes, kind: str = FORM) -> Sent:
        return Sent("POST", target, [("Content-Type", kind), *self.signed_in(who)], body)

    def form(self) -> Sent:
        one = self.chance.choice(self.public)
        return self._post(VISITOR, one.action, self.mutator.form(one.pairs(self.mutator), self.bodies))

    def desk_form(self) -> Sent:
        one = self.chance.choice(self.desk)
        pairs = one.pairs(self.mutator)
        body, target = self.mutator.form(pairs, self.bodies), one.action
        if self.chance.random() < 0.75:
            # The last of each name counts: what the page itself carries arrives whole, so that the step is looked at.
            carried = [pair for pair in pairs if pair[0] in {"csrf", "attempt", "version"}]
            body += b"&" + urlencode(carried).encode("ascii")
        if self.chance.random() < 0.1 and "/desk/cases/" in target:
            target = f"/desk/cases/{self.chance.choice(self.street.numbers)}/{self.chance.choice(list(STEPS))}"
        return self._post(one.who, target, body)

    def page(self) -> Sent:
        one = self.chance.choice(self.corpus.links)
        path, _, query = one.target.partition("?")
        pairs = [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]
        return Sent("GET", path + self.query(pairs), self.signed_in(one.who))

    def address(self) -> Sent:
        """Any declared route with anything in its variables."""
        declared = self.chance.choice(list(ROUTES.values()))
        values = dict.fromkeys(PATHS, "")
        for name, usual in PATHS.items():
            known = [*usual, *self.mutator.known]
            typed = self.chance.choice(known) if self.chance.random() < 0.6 else self.mutator.text()[:3000]
            # Longer than a key of a table may be.
            values[name] = self.quoted("a" * 2100 if self.chance.random() < 0.05 else typed)
        target = declared.path.format(**values) + (self.query() if self.chance.random() < 0.5 else "")
        who = self.anybody() if declared.roles else VISITOR
        if declared.method == "GET":
            return Sent("GET", target, self.signed_in(who))
        if declared.answers == "json":
            sent = self._post(who, target, self.mutator.json_text({}), JSON)
            return Sent("POST", target, [*sent.headers, ("X-CSRF", self.csrf.get(who, ""))], sent.body)
        body = self.mutator.form([("csrf", self.csrf.get(who, "")), ("attempt", secrets.token_hex(16)), ("version", "1")])
        return self._post(who, target, body)

    def code(self) -> Sent:
        changed = self.mutator.changed(self.chance.choice(self.codes).encode()).decode("utf-8", "replace")
        typed = self.quoted(changed if self.chance.random() < 0.6 else self.mutator.text(self.chance.choice(self.codes)))[:6000]
        kind = self.chance.choice(("issue", "rental", "population", typed))
        way = self.chance.randrange(4)
        if way == 0:
            return Sent("GET", f"/Q/{typed}{self.query()}")
        if way == 1:
            return Sent("GET", f"/f/{kind}?c={typed}")
        if way == 2:
            return Sent(
                "POST",
                "/api/v1/similar",
                [("Content-Type", JSON)],
                self.mutator.json_text({"code": changed, "text": "楼道灯不亮"}),
            )
        return self._post(VISITOR, f"/f/{kind}", f"code={typed}&key={secrets.token_hex(16)}&text=a".encode())

    def token(self) -> Sent:
        changed = self.mutator.changed(self.chance.choice(self.street.tokens).encode()).decode("utf-8", "replace")
        typed = self.quoted(changed if self.chance.random() < 0.7 else self.mutator.text(changed))[:6000]
        act = self.chance.choice(("", "/received", "/photos", "/rate", "/edit", "/add", "/withdraw", "/reply"))
        where = self.chance.choice((f"/t/{typed}{act}", f"/api/v1/t/{typed}", f"/desk/activate/{typed}", f"/volunteer/{typed}"))
        if self.chance.random() < 0.3 and not where.startswith("/api"):
            return self._post(VISITOR, where, self.mutator.form([("text", "a"), ("password", "x" * 20), ("attempt", "a" * 32)]))
        return Sent("GET", where + self.query())

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
            return self._json("/api/v1/reports", report)
        if way == 1:
            return self._json("/api/v1/photos", {"code": code, "key": key, "slot": 1})
        if way == 2:
            return self._json("/api/v1/similar", {"code": code, "text": "充电桩不够", "read": ""})
        who = self.chance.choice(list(self.sessions))
        act = self.chance.choice(list(STEPS))
        inputs: dict[str, Any] = {}
        for spec in STEPS[act].fields:
            inputs[spec.name] = (
                ["a"] if spec.kind == "partners" else self.chance.choice(("三号楼", *spec.options, "2026-11-25", "3"))
            )
        no = self.chance.choice(self.street.numbers)
        sent = self._json(
            f"/api/v1/cases/{no}/{act}", {"attempt": key, "version": self.chance.randint(1, 9), "inputs": inputs}, who
        )
        return Sent("POST", sent.target, [*sent.headers, ("X-CSRF", self.csrf[who])], sent.body)

    def _json(self, target: str, value: Any, who: str = VISITOR) -> Sent:
        return self._post(who, target, self.mutator.json_text(value), JSON)

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
        return self._post(VISITOR, f"/open311/v2/requests.{self.chance.choice(('xml', 'json'))}", self.mutator.form(pairs))

    def headers(self) -> Sent:
        """A good request in the company of headers that are none."""
        sent = self.chance.choice((self.form, self.page, self.body, self.desk_form, self.geo_post))()
        odd: list[tuple[str, str]] = [
            ("Accept-Language", self.chance.choice(LANGUAGES)),
            ("Cookie", self.chance.choice((*COOKIES, f"{self.cookie}={self.mutator.text()}", f"lang={self.mutator.text()}"))),
            ("Content-Type", self.chance.choice((*TYPES, *BINARY))),
            ("Content-Length", self.chance.choice(("-1", "0", "99999999999999999999", "x", "１"))),
            ("Origin", self.chance.choice(("null", "", "https://elsewhere.example", "\x00", "https://" + "a" * 4000, "é"))),
            ("Host", self.chance.choice(("", "elsewhere.example", "a b", "[::1", "é.example", "x" * 3000))),
            ("X-Forwarded-Proto", self.chance.choice(("http", "javascript", "", "https,http", "é"))),
            ("X-Forwarded-For", self.chance.choice(("", "unknown", "::1", "1.2.3.4, 5.6.7.8", "x" * 2000))),
            ("X-CSRF", self.mutator.text()),
            ("Accept", self.chance.choice(("*/*", "image/png", "", "application/json;q=é", "a" * 2000))),
            ("Authorization", self.mutator.text()),
            ("User-Agent", self.mutator.text()),
            (self.chance.choice(("X-Doorstep-Signature", "x", "X-" + "a" * 500)), self.mutator.text()),
        ]
        chosen = self.chance.sample(odd, self.chance.choice((1, 1, 2, 4)))
        names = {name.lower() for name, _ in chosen}
        kept = [pair for pair in sent.headers if pair[0].lower() not in names or self.chance.random() < 0.2]
        return Sent(sent.method, sent.target, [*kept, *chosen], sent.body)

    def event(self) -> Sent:
        """What no gateway should make: half characters, parts left out. The last line holds even then."""
        sent = self.chance.choice((self.form, self.page, self.body, self.geo_query, self.desk_form))()
        half = self.chance.choice(SURROGATES)
        name = self.chance.choice(("lang", "q", "c", "page", "status", "show"))
        twist: dict[str, Any] = self.chance.choice(
            (
                {"multiValueQueryStringParameters": {name: [half]}, "queryStringParameters": {name: half}},
                {"multiValueQueryStringParameters": {half: ["a", half]}, "queryStringParameters": {half: half}},
                {"multiValueQueryStringParameters": {name: []}, "queryStringParameters": {name: ""}},
                {"multiValueQueryStringParameters": {name: [""] * 500}},
                {"body": half, "isBase64Encoded": False},
                {"body": None},
                {"body": "", "isBase64Encoded": True},
                {"body": "a=%ED%A0%80&b=" + self.chance.choice(TOKENS), "isBase64Encoded": False},
                {"multiValueHeaders": {"Cookie": [half], "Host": [half]}, "headers": {"Cookie": half, "Host": half}},
                {"multiValueHeaders": {"Accept-Language": [half]}, "headers": {"Accept-Language": half}},
                {"multiValueHeaders": {"Content-Type": [FORM, JSON]}, "headers": {"Content-Type": FORM}},
            )
        )
        return Sent(sent.method, sent.target, sent.headers, sent.body, twist)
