"""A tour of every route: reports, offers, lists and steps at the desk, each with what the pages themselves hand out.

The same tour is made through the deployed gateway and through the application in this process; what each answered is compared.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from chalicelib.casework import signing
from chalicelib.casework.numbers import normalise_number
from chalicelib.handlers.routing import ROUTES
from infra.proxy import Routes
from tests import register_people
from tests.client import FORM, Page, Visitor

TEXT = "三楼到四楼的楼道灯坏了，老人晚上下楼看不见台阶。"
PHONE = "13900001234"
PASSWORD = "a long enough rehearsal secret"
GRANTS = ("dispatcher@street", "street_admin@street", "committee@committee:c01", "property@community:c01a")
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """`route` as it is declared, e.g. `/t/{token}`."""

    method: str
    route: str
    status: int
    kind: str


class Walker(Visitor):
    """A visitor who writes down every answer, those in between too."""

    def __init__(self, inner: Visitor, routes: Routes) -> None:
        # Not the base class's: everything is asked of the other visitor.
        self.inner = inner
        self.stage = inner.stage
        self.answers: list[Answer] = []
        self._matching = routes

    @property
    def origin(self) -> str:
        return self.inner.origin

    def call(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Page:
        page = self.inner.call(method, target, body, headers)
        match = self._matching.match(urlsplit(target).path.removeprefix(f"/{self.stage}") or "/")
        route = match.resource if match else "none"
        self.answers.append(Answer(method, route, page.status, page.header("Content-Type").partition(";")[0]))
        return replace(page, visitor=self)


@dataclass
class Tour:
    """`name` and `place` tell one tour's people, doors and orders from another's. `context` is the operator's, `secret` what
    whoever sends orders signs with. `token` is the link of the tour's own report, once there is one.
    """

    visitor: Visitor
    context: Any
    name: str
    routes: Routes
    secret: str
    place: int = 0
    token: str = ""
    walkers: list[Walker] = field(default_factory=list)

    def walker(self) -> Walker:
        """One person after the other, in a browser without cookies."""
        self.visitor.cookies.clear()
        made = Walker(self.visitor, self.routes)
        self.walkers.append(made)
        return made

    @property
    def answers(self) -> list[Answer]:
        return [answer for walker in self.walkers for answer in walker.answers]

    def code(self, kind: str) -> str:
        places = [place for place in self.context.places.values() if not place.retired and place.community == "c01a"]
        return str(self.context.code_for(kind, places[self.place]))

    def make(self) -> list[Answer]:
        no = self._resident()
        self._offer()
        self._registers()
        self._others()
        self._desk(no)
        return self.answers

    # ---- residents

    def _resident(self) -> str:
        """Reports, looks at it, adds to it; the case's number."""
        me = self.walker()
        form = me.get(f"/Q/{self.code('issue')}").form("/f/issue")
        received = form.fill(text=f"{TEXT}{self.name}", phone=PHONE).submit()
        assert received.status == 200, received.words
        self.token = token = received.path.split("/t/")[1].split("/")[0]
        no = normalise_number(token[:9])
        assert no is not None
        for act in ("", "/received", "/photos", "/add", "/no_such_page"):
            me.get(f"/t/{token}{act}")
        own = me.get(f"/t/{token}")
        own.form("/add").fill(text="还有电梯也停了").submit()
        me.get(f"/f/issue?c={self.code('issue')}")
        for path in ("/", "/track", "/faq", "/public", "/public/property", "/public/property/c01a", "/api", "/openapi.json"):
            me.get(path)
        for path in ("/app.webmanifest", "/sw.js", "/favicon.ico", *sorted(set(re.findall(r"/static/[\w.-]+", own.text)))):
            me.get(path)
        me.get("/track").form("/track").fill(number=no, last4=PHONE[-4:]).submit()
        me.post_json("/api/v1/similar", {"code": self.code("issue"), "category": "hardware"})
        me.post_json("/api/v1/photos", {"code": self.code("issue"), "key": secrets.token_hex(16), "slot": 1})
        sent = {
            "code": self.code("issue"),
            "key": secrets.token_hex(16),
            "text": f"垃圾桶满了{self.name}",
            "category": "hardware",
        }
        link = me.post_json("/api/v1/reports", sent).json()["link"]
        me.get(f"/api/v1{link.removeprefix('/V1')}")
        return no

    def _offer(self) -> None:
        me = self.walker()
        form = me.get("/volunteer?committee=c01").form("/volunteer")
        own = form.fill(skills="repair", hours="evening", phone=PHONE, nickname=self.name, agree="2026-11").submit()
        assert own.status == 200, own.words
        self.offer = own.path
        me.get(own.path)

    def _registers(self) -> None:
        """A rental that stands as it was sent, and one that is not filled in."""
        me, today = self.walker(), datetime.now(UTC).date()
        form = me.get(f"/Q/{self.code('rental')}").form("/f/rental")
        assert form.submit().status == 422
        lease = {"lease_from": str(today), "lease_to": str(today + timedelta(days=300)), "by": "landlord", "l_name": "房东甲"}
        people = {"l_phone": PHONE, "p1_name": "租客乙", "p1_id": register_people.id_number(self.place), "p1_phone": PHONE}
        own = form.fill(room=f"{self.place + 1}01室", area="60", rooms="2", **lease, **people).submit()
        assert own.path.startswith("/V1/t/"), own.words

    def _others(self) -> None:
        """Other systems: their applications, orders and receipts."""
        from chalicelib.usecases import apikeys

        me = self.walker()
        _, key = apikeys.make(self.context, self.name)
        for end in ("xml", "json"):
            for path in ("discovery", "v2/services", "v2/requests"):
                me.get(f"/open311/{path}.{end}")
            place = next(iter(self.context.places))
            sent = {"api_key": key, "service_code": "hardware", "description": f"{end} {self.name}", "address_id": place}
            me.call("POST", f"/open311/v2/requests.{end}", urlencode(sent).encode(), {"Content-Type": FORM})
        me.get("/open311/v2/services/hardware.json")
        made = me.get("/open311/v2/requests.json").json()
        me.get(f"/open311/v2/requests/{made[0]['service_request_id'] if made else 'x'}.json")
        me.get(f"/open311/v2/tokens/{made[0]['service_request_id'] if made else 'x'}.json")
        order = {"external": f"SH-{self.name}", "text": "小区门口路灯坏了", "phone": PHONE, "place": "JNP3NT"}
        body, stamp = json.dumps(order).encode(), str(int(time.time()))
        signed = signing.signature([self.secret], stamp, body)
        me.call("POST", "/api/v1/orders/hotline_12345", body, {**JSON, signing.TIMESTAMP: stamp, signing.SIGNATURE: signed})
        me.call("POST", "/api/v1/receipts/aliyun/no-such-secret", b"[]", JSON)

    # ---- the desk

    def _desk(self, no: str) -> None:
        from chalicelib.usecases import signin

        me = self.walker()
        ids = {"username": f"rehearsal.{self.name}", "name": "值班员", "phone": "13900005678"}
        staff = signin.create_staff(self.context, grants=GRANTS, **ids)
        link = f"/desk/activate/{signin.activation_link(self.context, staff)}"
        me.get(link).form().fill(password=PASSWORD).submit()
        desk = me.get("/desk/signin").form().fill(username=ids["username"], password=PASSWORD).submit()
        assert desk.status == 200, desk.words
        csrf = desk.form("/signout").fields["csrf"]
        self._lists(me, no, csrf)
        self._case(me, no, csrf)
        self._rooms(me, csrf)
        self._rest(me, csrf)
        me.post(self.offer, {})
        me.get("/desk").form("/signout").submit()

    def _lists(self, me: Walker, no: str, csrf: str) -> None:
        rooms = "bulk classes digests exports faq faq/new figures figures/file handover households library library/agenda new"
        rooms += " orders people places property property/sheet property/c01a property/c01a/charges registers volunteers warnings"
        for room in rooms.split():
            me.get(f"/desk/{room}")
        me.get(f"/desk/bulk?pick={no}")
        for file in [link for link in me.get("/desk/figures").links if "/figures/file" in link]:
            me.call("GET", file)  # 303 to the bucket, which is not the gateway's
        found = [link for link in me.get("/desk/registers").links if re.search(r"/desk/registers/[2-9A-Z-]{11}$", link)]
        assert found, "the rental is on the committee's list"
        me.get(found[0])
        me.get(f"/desk/registers/{found[0].rpartition('/')[2]}/correct")
        whole = me.get("/desk/exports").form("/exports").fill(reason="区里要底册", numbers="full").submit()
        assert whole.status == 200, whole.words
        me.get(f"/desk/households?place={next(iter(self.context.places))}&room={quote('101室')}")
        me.get(f"/desk/places/{next(iter(self.context.places))}")
        for path in ("find", "library", "people", "figures/hotline", "exports", "warnings", "bulk", "new"):
            me.post(f"/desk/{path}", {"csrf": csrf, "q": no, "calls": "2026-10,1100", "attempt": "a" * 32})
        for path in ("/api/v1/cases", "/api/v1/figures", f"/api/v1/cases/{no}"):
            me.get(path)

    def _case(self, me: Walker, no: str, csrf: str) -> None:
        page = me.get(f"/desk/cases/{no}")
        assert TEXT in page.words
        assert PHONE not in page.text
        after = page.form(f"/desk/cases/{no}/accept").submit()
        assert not [form for form in after.forms if form.action.endswith("/accept")], "it is accepted"
        me.get(f"/desk/cases/{no}/assign")
        form = after.form("/reveal")
        for name, offered in form.choices.items():
            form.fill(**{name: offered[-1]})
        form.fields.update({name: "回访" for name, value in form.fields.items() if not value})
        shown = form.submit()
        assert PHONE in re.sub(r"\s|&nbsp;", "", shown.text), "the function of its own was asked, and answered"
        sent = {"attempt": secrets.token_hex(16), "version": 1, "inputs": {}}
        me.post_json(f"/api/v1/cases/{no}/note", sent, {"X-Csrf": csrf})

    def _rooms(self, me: Walker, csrf: str) -> None:
        """What people enter in the side rooms, and what is not there."""
        blank = next(form for form in me.get("/desk/faq/new").forms if "question" in form.fields)
        blank.fill(question=f"灯坏了找谁？{self.name}", answer="扫码上报").submit()
        entries = [link for link in me.get("/desk/faq").links if re.search(r"/desk/faq/[2-9A-Z]{6,}$", link.split("?")[0])]
        me.get(entries[0] if entries else "/desk/faq/222222")
        batch = me.get("/desk/orders").form("/desk/orders").fill(source="hotline_12345").submit()
        me.post(batch.path, {"csrf": csrf})
        charges = me.get("/desk/property/c01a/charges")
        charges.form("/charges").fill(text=f"电费每度六毛{self.name}", day="2026-11-01").submit()
        for path in ("classes/222222", "registers/2222-2222-2", "registers/2222-2222-2/correct"):
            me.get(f"/desk/{path}")
        for path in ("classes/222222", "registers/2222-2222-2/visit", "volunteers/222222"):
            me.post(f"/desk/{path}", {"csrf": csrf, "attempt": "a" * 32, "act": "erase", "committee": "c01", "version": "1"})

    def _rest(self, me: Walker, csrf: str) -> None:
        """Rooms that came later than this tour: looked into, and left with an empty form."""
        been = {(answer.method, answer.route) for answer in self.answers}
        for path, method in sorted(ROUTES):
            if (method, path) not in been and "{" not in path and path != "/desk/signout":
                if method == "GET":
                    me.get(path)
                else:
                    me.post(path, {"csrf": csrf, "attempt": secrets.token_hex(16)})
