"""Everything that can be sent over HTTP, by what takes it in. A surface makes one request from chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.client import FORM
from tests.fuzz.corpus import Corpus
from tests.fuzz.mutate import SURROGATES, TOKENS, Mutator
from tests.fuzz.oracle import Sent
from tests.fuzz.pages import Pages
from tests.fuzz.parts import JSON
from tests.fuzz.street import Street
from tests.fuzz.systems import BINARY, TYPES, Systems

LANGUAGES = ("en", "zh-CN,zh;q=0.9", "*", ";q=", "en;q=x", ",,,", "e" * 5000, "é", "ja;q=0.1,en", "\ud83d", "zh" * 4000)
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


class Surfaces(Pages, Systems):
    """`named` is surface → what makes one request."""

    def __init__(self, street: Street, corpus: Corpus, mutator: Mutator) -> None:
        super().__init__(street, corpus, mutator)
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
