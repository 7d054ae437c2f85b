"""A case's whole way over HTTP: every action once, by the person whose turn it is, through the forms that the pages offer."""

from __future__ import annotations

from urllib.parse import urlencode

from chalicelib.casework.case import Case
from chalicelib.casework.ladder import STEPS
from chalicelib.models import cases
from tests import steps, wire
from tests.client import FORM, Form, Page, Visitor
from tests.world import World

CALLS = 3


class Way:
    """One case, and the people around it. Each step is one post, its calls to AWS counted."""

    def __init__(self, world: World, **changes: str) -> None:
        self.world = world
        self.sent = steps.report(world, **changes)
        self.token = steps.token_of(steps.send(world.client(), self.sent))
        self.no = steps.number_of(self.token)
        self.resident = world.client()
        self.done: list[str] = []

    def staff(self, who: Visitor, action: str, **values: str) -> Page:
        return self._post(who.get(f"/desk/cases/{self.no}"), action, values)

    def reporter(self, action: str, **values: str) -> Page:
        page = "/rate" if action == "rate" else ""
        return self._post(self.resident.get(f"/t/{self.token}{page}"), action, values)

    def _post(self, page: Page, action: str, values: dict[str, str]) -> Page:
        form: Form = page.form(f"/{action}").fill(**values)
        self.world.clock.advance(minutes=1)
        before = self.case.version
        with wire.counted() as calls:
            sent = {"Content-Type": FORM, "Origin": page.visitor.origin}
            answer = page.visitor.call("POST", form.action, urlencode(form.fields).encode("ascii"), sent)
        assert answer.status == 303, (action, answer.status, answer.words[:400])
        assert len(calls) <= CALLS, (action, calls)
        assert self.case.version > before
        self.done.append(action)
        return page.visitor.get(answer.header("Location"))

    @property
    def case(self) -> Case:
        stored = cases.get(self.no)
        assert stored is not None
        return stored.case


def test_every_action_takes_its_place_on_the_way(world: World) -> None:
    centre = world.signed_in("dispatcher", "street")
    committee = world.signed_in("committee", "committee:c01")
    company = world.signed_in("property", "community:c01a")
    way = Way(world)
    ways = [way]

    # The centre takes it in and hands it to the committee of the place.
    assert "已受理" in way.staff(centre, "accept", **{"class": "simple"}).words
    way.staff(centre, "allocate", to="committee@committee:c01", reason="由居委办")
    assert (way.case.rung, way.case.unit, way.case.state) == ("committee", "committee:c01", "received")

    # The committee assigns the property company, which asks, hears, tells, and proposes; once in vain.
    way.staff(committee, "accept")
    assert company.get(f"/desk/cases/{way.no}").status == 404
    party = steps.choice(committee, way.no, "assign", "to", "property@community:c01a")
    way.staff(committee, "assign", to=party, note="请今天去看")
    assert company.get(f"/desk/cases/{way.no}").status == 200
    way.staff(company, "ask", text="是几楼的灯?")
    assert way.case.state == "waiting"
    assert "是几楼的灯?" in way.resident.get(f"/t/{way.token}").words
    way.reporter("reply", text="三楼")
    assert way.case.state == "handling"
    way.staff(company, "prelim", text="已约电工")
    way.reporter("add", text="四楼也不亮了")
    way.staff(company, "propose", outcome="solved", text="换了灯泡")
    assert "换了灯泡" not in way.resident.get(f"/t/{way.token}").words
    way.staff(committee, "decline", reason="四楼还没换")
    way.staff(company, "propose", outcome="solved", text="三楼四楼都换了")
    way.staff(committee, "confirm")
    assert way.case.state == "handled"
    assert "三楼四楼都换了" in way.resident.get(f"/t/{way.token}").words

    # Not satisfied: it opens again by itself, goes up, and the centre answers it.
    way.reporter("rate", satisfied="no", score="2", words="还有一盏不亮")
    assert (way.case.state, way.case.reopened) == ("reopened", 1)
    assert company.get(f"/desk/cases/{way.no}").status == 404
    way.staff(committee, "accept")
    way.staff(committee, "pass_up", reason="线路归供电公司")
    assert way.case.rung == "centre"
    way.staff(centre, "accept", **{"class": "consult"})
    way.staff(centre, "answer", text="供电公司明天来修")
    assert way.case.state == "closed"
    way.reporter("rate", satisfied="yes", score="5")
    way.staff(centre, "reopen", reason="又坏了")
    way.staff(centre, "close", outcome="duplicate", text="与上一件重复")
    assert way.case.state == "closed"

    old = way.token
    way.staff(centre, "renew_link")
    assert way.resident.get(f"/t/{old}").status == 404
    assert way.resident.post(f"/t/{old}/add", {"text": "旧链接"}).status == 404
    # The form's own key still leads to the case.
    way.token = steps.token_of(steps.send(world.client(), way.sent))
    assert way.resident.get(f"/t/{way.token}").status == 200

    other = Way(world, text="另一件事")
    other.reporter("withdraw", text="已经好了")
    assert other.case.state == "closed"
    ways.append(other)

    assert {action for way in ways for action in way.done} == set(STEPS) - {"reveal"}
    for found in ways:
        page = centre.get(f"/desk/cases/{found.no}")
        assert page.status == 200
    for _ in range(3):
        world.deliver()
    messages = steps.rows(world, "OutboxTable")
    # A lively day: what is above a person's cap stays on the desk; nothing still waits.
    assert {row["state"]["S"] for row in messages} <= {"sent", "dropped", "expanded", "capped"}
    told = [row["text"]["S"] for row in messages if row["state"]["S"] == "sent"]
    assert all(way.no in text or other.no in text for text in told)
