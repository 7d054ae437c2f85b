"""What requests are made of: sessions of everybody who works here, codes that hold, addresses and queries."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from chalicelib import wiring
from tests.client import FORM
from tests.fuzz.corpus import VISITOR, Corpus
from tests.fuzz.mutate import Mutator
from tests.fuzz.oracle import ORIGIN, Headers, Sent
from tests.fuzz.street import Street

JSON = "application/json"


class Parts:
    def __init__(self, street: Street, corpus: Corpus, mutator: Mutator) -> None:
        self.street, self.corpus, self.mutator, self.chance = street, corpus, mutator, mutator.chance
        world = street.world
        self.codes = [world.code(place, kind) for place in (0, 1, 3) for kind in ("issue", "rental", "population")]
        self.cookie = wiring.house().settings.cookie
        self.sessions = {name: visitor.cookies[self.cookie] for name, visitor in street.desk.items()}
        self.csrf = {name: visitor.get("/desk").form("/signout").fields["csrf"] for name, visitor in street.desk.items()}
        places = [place.id for place in world.places]
        mutator.known = [*street.numbers, *street.registrations, *street.tokens[:6], *self.codes, *places]
        self.public = [one for one in corpus.forms if one.who == VISITOR]
        self.desk = [one for one in corpus.forms if one.who != VISITOR]
        self.bodies = [urlencode(one.fields).encode("ascii") for one in corpus.forms]

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

    def post(self, who: str, target: str, body: bytes, kind: str = FORM) -> Sent:
        return Sent("POST", target, [("Content-Type", kind), *self.signed_in(who)], body)

    def json(self, target: str, value: Any, who: str = VISITOR) -> Sent:
        return self.post(who, target, self.mutator.json_text(value), JSON)
