"""What people send: pages, forms, printed codes and private links, and any declared address with anything in it."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from chalicelib.casework.ladder import STEPS
from chalicelib.handlers.routing import ROUTES
from tests.fuzz.corpus import VISITOR
from tests.fuzz.oracle import Sent
from tests.fuzz.parts import JSON, Parts

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


class Pages(Parts):
    """Each makes one request."""

    def form(self) -> Sent:
        one = self.chance.choice(self.public)
        return self.post(VISITOR, one.action, self.mutator.form(one.pairs(self.mutator), self.bodies))

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
        return self.post(one.who, target, body)

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
            sent = self.post(who, target, self.mutator.json_text({}), JSON)
            return Sent("POST", target, [*sent.headers, ("X-CSRF", self.csrf.get(who, ""))], sent.body)
        body = self.mutator.form([("csrf", self.csrf.get(who, "")), ("attempt", secrets.token_hex(16)), ("version", "1")])
        return self.post(who, target, body)

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
        return self.post(VISITOR, f"/f/{kind}", f"code={typed}&key={secrets.token_hex(16)}&text=a".encode())

    def token(self) -> Sent:
        changed = self.mutator.changed(self.chance.choice(self.street.tokens).encode()).decode("utf-8", "replace")
        typed = self.quoted(changed if self.chance.random() < 0.7 else self.mutator.text(changed))[:6000]
        act = self.chance.choice(("", "/received", "/photos", "/rate", "/edit", "/add", "/withdraw", "/reply"))
        where = self.chance.choice((f"/t/{typed}{act}", f"/api/v1/t/{typed}", f"/desk/activate/{typed}", f"/volunteer/{typed}"))
        if self.chance.random() < 0.3 and not where.startswith("/api"):
            return self.post(VISITOR, where, self.mutator.form([("text", "a"), ("password", "x" * 20), ("attempt", "a" * 32)]))
        return Sent("GET", where + self.query())
