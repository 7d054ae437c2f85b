"""A case's whole way over HTTP: every action at least once, by whose turn it is, through the forms that the pages offer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

import pytest

from chalicelib.casework.case import Case
from chalicelib.casework.ladder import STEPS
from chalicelib.models import cases
from tests import steps, wire
from tests.client import FORM, Form, Page, Visitor
from tests.full_street import full_street, live_on
from tests.world import World

CALLS = 3
# Two cases at once: both are read and both are written.
PAIRING_CALLS = 4
PERSONS = count()
POLICE, HOUSING, POWER = "department@dept:police", "department@dept:housing", "contact:power"


class Way:
    """One case, and the people around it. Each step is one post, its calls to AWS counted."""

    done: set[str]

    def __init__(self, world: World, done: set[str], **changes: str) -> None:
        self.world, self.done = world, done
        # Somebody else each time: one person's reports in an hour have a limit.
        phone = f"021-0012 {7000 + next(PERSONS)}"
        self.sent = steps.report(world, **{"phone": phone, **changes})
        self.token = steps.token_of(steps.send(world.client(), self.sent))
        self.no = steps.number_of(self.token)
        self.resident = world.client()

    def staff(self, who: Visitor, action: str, ticked: tuple[str, ...] = (), /, **values: str) -> Page:
        """`ticked` are the co-handlers."""
        return self._post(who.get(f"/desk/cases/{self.no}"), action, values, [("co", party) for party in ticked])

    def reporter(self, action: str, **values: str) -> Page:
        page = "/rate" if action == "rate" else ""
        return self._post(self.resident.get(f"/t/{self.token}{page}"), action, values)

    def progress(self) -> str:
        """What the resident reads."""
        return self.resident.get(f"/t/{self.token}").words

    def _post(self, page: Page, action: str, values: dict[str, str], ticked: list[tuple[str, str]] | None = None) -> Page:
        form: Form = page.form(f"/{action}").fill(**values)
        self.world.clock.advance(minutes=1)
        before = self.case.version
        with wire.counted() as calls:
            sent = {"Content-Type": FORM, "Origin": page.visitor.origin}
            fields = [*form.fields.items(), *(ticked or [])]
            answer = page.visitor.call("POST", form.action, urlencode(fields).encode("ascii"), sent)
        assert answer.status == 303, (action, answer.status, answer.words[:400])
        assert len(calls) <= (PAIRING_CALLS if action in {"merge", "link"} else CALLS), (action, calls)
        assert self.case.version > before
        self.done.add(action)
        return page.visitor.get(answer.header("Location"))

    @property
    def case(self) -> Case:
        stored = cases.get(self.no)
        assert stored is not None
        return stored.case


class People:
    """Everybody who has a part in it, signed in."""

    def __init__(self, world: World) -> None:
        self.centre = world.signed_in("dispatcher", "street")
        self.committee = world.signed_in("committee", "committee:c01")
        self.company = world.signed_in("property", "community:c01a")
        self.police = world.signed_in("department", "dept:police")
        self.housing = world.signed_in("department", "dept:housing")
        self.supervisor = world.signed_in("supervisor", "street")
        self.visitor = world.signed_in("zone_head", "zone:z1")
        self.colleague = steps.colleague(world, "另一位回访员", "zone_head@zone:z1")
        self.micro_grid = world.signed_in("micro_grid", "community:c01a")


@pytest.fixture
def people(world: World) -> Iterator[People]:
    live_on(world, full_street(world.street))
    yield People(world)


def test_every_action_takes_its_place_on_the_way(world: World, people: People) -> None:
    done: set[str] = set()
    first = Way(world, done)
    ways = [
        first,
        *_handled_by_the_company(world, people, first),
        _called_together(world, people, Way(world, done, text="消防通道被占")),
    ]
    ways += [_planned(world, people, Way(world, done, text="要装电梯")), _no_matter(people, Way(world, done, text="查无此事"))]
    same = steps.PHONE
    pair = Way(world, done, text="灯又不亮", phone=same), Way(world, done, text="还是那盏灯", phone=same)
    ways += _of_one_matter(people, *pair, Way(world, done, text="灯不亮", phone=""))
    ways.append(_watched(world, people, Way(world, done, text="车停得太满")))
    # A suggestion is weighed in tests of its own: this street has no class for them.
    assert done == set(STEPS) - {"reveal", "weigh"}
    for found in ways:
        page = people.centre.get(f"/desk/cases/{found.no}")
        assert page.status == 200
        assert world.client().get(f"/t/{found.token}").status == 200
    for _ in range(3):
        world.deliver()
    messages = steps.rows(world, "OutboxTable")
    # A lively day: what is above a person's cap stays on the desk or comes as a digest; nothing still waits.
    assert {row["state"]["S"] for row in messages} <= {"sent", "dropped", "expanded", "capped", "digested"}
    told = [row["text"]["S"] for row in messages if row["state"]["S"] == "sent" and row["template"]["S"] != "digest"]
    assert all(any(way.no in text for way in ways) for text in told)


def _handled_by_the_company(world: World, people: People, way: Way) -> list[Way]:
    """Allocated to the committee, which assigns the property company; not satisfied; up again, answered at the centre."""
    centre, committee, company = people.centre, people.committee, people.company
    assert "已受理" in way.staff(centre, "accept", **{"class": "simple"}).words
    way.staff(centre, "reclassify", **{"class": "urgent", "reason": "有漏电"})
    way.staff(centre, "allocate", to="committee@committee:c01", reason="由居委办")
    assert (way.case.rung, way.case.unit, way.case.state) == ("committee", "committee:c01", "dispatched")
    # Given back once, then signed for.
    way.staff(committee, "refuse", reason="not_ours", basis="这栋归别的居委")
    assert (way.case.rung, way.case.state, way.case.refusals) == ("centre", "returned", 1)
    assert "归别的居委" not in way.progress()
    assert "退单" not in way.progress()
    way.staff(centre, "allocate", to="committee@committee:c01", reason="按门牌就是这里")
    way.staff(committee, "sign")
    assert company.get(f"/desk/cases/{way.no}").status == 404
    party = steps.choice(committee, way.no, "assign", "to", "property@community:c01a")
    way.staff(committee, "assign", to=party, note="请今天去看")
    assert company.get(f"/desk/cases/{way.no}").status == 200
    way.staff(company, "ask", text="是几楼的灯?")
    assert "是几楼的灯?" in way.progress()
    way.reporter("reply", text="三楼")
    way.staff(company, "prelim", text="已约电工")
    way.reporter("add", text="四楼也不亮了")
    way.staff(company, "propose", outcome="solved", text="换了灯泡")
    assert "换了灯泡" not in way.progress()
    way.staff(committee, "decline", reason="四楼还没换")
    way.staff(company, "propose", outcome="solved", text="三楼四楼都换了")
    way.staff(committee, "confirm")
    assert way.case.state == "visiting"
    assert "三楼四楼都换了" in way.progress()
    # Not satisfied: it opens again by itself, goes up and down, and the centre answers it.
    way.reporter("rate", satisfied="no", score="2", words="还有一盏不亮")
    assert (way.case.state, way.case.reopened) == ("reopened", 1)
    assert company.get(f"/desk/cases/{way.no}").status == 404
    way.staff(committee, "pass_up", reason="线路归供电公司")
    way.staff(centre, "return_down", reason="先查楼里的线")
    assert "先查楼里的线" not in way.progress()
    way.staff(committee, "pass_up", reason="楼里的线是好的")
    way.staff(centre, "accept", **{"class": "consult"})
    way.staff(centre, "answer", text="供电公司明天来修")
    assert way.case.state == "closed"
    # What was done is told to everybody, and taken back.
    way.staff(centre, "publish", sentence="楼道灯换成了感应灯")
    assert "感应灯" in world.client().get("/public").words
    assert "感应灯" not in way.progress()
    way.staff(centre, "unpublish")
    assert "感应灯" not in world.client().get("/public").words
    way.staff(centre, "reopen", reason="又坏了")
    way.staff(centre, "close", outcome="duplicate", text="与上一件重复")
    old = way.token
    way.staff(centre, "renew_link")
    assert way.resident.get(f"/t/{old}").status == 404
    assert way.resident.post(f"/t/{old}/add", {"text": "旧链接"}).status == 404
    # The form's own key still leads to the case.
    way.token = steps.token_of(steps.send(world.client(), way.sent))
    other = Way(world, way.done, text="另一件事")
    other.reporter("withdraw", text="已经好了")
    assert other.case.state == "closed"
    return [other]


def _called_together(world: World, people: People, way: Way) -> Way:
    """Triaged jointly; the police lead, the housing office and the power company help; supervised; unreachable in the end."""
    centre, police = people.centre, people.police
    way.staff(centre, "accept", **{"class": "simple"})
    page = centre.get(f"/desk/cases/{way.no}")
    assert [form.action for form in page.forms if form.action.endswith("/dispatch")] == []
    assert "还差二级研判" in page.words
    answers = dict.fromkeys(("generality", "urgency", "legality", "public_interest"), "yes")
    way.staff(centre, "triage", text="要几家一起办", **answers)
    way.staff(people.supervisor, "agree_triage")
    assert police.get(f"/desk/cases/{way.no}").status == 404
    shown = centre.get(f"/desk/cases/{way.no}").form("/dispatch")
    assert shown.choices["lead"] == [POLICE, HOUSING]  # paired with the zone: first; a contact can't lead
    assert shown.choices["co"] == [POLICE, HOUSING, POWER]
    way.staff(centre, "dispatch", (HOUSING, POWER), lead=POLICE, demands="清出消防通道", until="2026-11-25")
    assert [(one.party.id, one.lead) for one in way.case.partners] == [(POLICE, True), (HOUSING, False), (POWER, False)]
    assert "示例派出所" in way.progress()
    way.staff(police, "sign", note="马上去")
    way.staff(police, "report_in")
    way.staff(police, "clear", text="通道已经清出来")
    way.staff(police, "note", text="车主是七号楼的")
    way.staff(centre, "report_in", party=POWER)
    way.staff(people.supervisor, "urge", text="房管所还没来")
    way.staff(centre, "release", party=HOUSING, reason="不用房管所了")
    way.staff(centre, "meet", text="议定每月查一次")
    way.staff(people.supervisor, "supervise", reason="同类反复")
    assert "督办" not in way.progress()
    way.staff(people.supervisor, "inspect", kind="inspection", text="看过现场")
    way.staff(police, "feed_back", text="已经划线")
    way.staff(people.supervisor, "end_supervision", result="划线完成")
    way.staff(police, "extend", reason="materials", days="3", text="等标线施工")
    _second_person(people, way)
    assert "延长办理" in way.progress()
    way.staff(people.micro_grid, "contact", way="door", reached="yes", note="在家")
    way.staff(police, "propose", outcome="solved", text="通道已清,划了禁停线")
    way.staff(centre, "confirm")
    for _ in range(2):
        way.staff(people.visitor, "visit", way="phone", reached="no")
    way.staff(people.visitor, "unreachable", text="两次都没人接")
    way.staff(people.supervisor, "approve")
    assert (way.case.state, way.case.outcome) == ("closed", "unreachable")
    return way


def _second_person(people: People, way: Way) -> None:
    """What one asks for, another grants: the form is on nobody else's page, and the asker is refused."""
    assert [form for form in people.police.get(f"/desk/cases/{way.no}").forms if form.action.endswith("/approve")] == []
    way.staff(people.supervisor, "reject", reason="先说清楚要几天")
    way.staff(people.centre, "extend", reason="materials", days="3", text="标线施工要三天")
    assert [form for form in people.centre.get(f"/desk/cases/{way.no}").forms if form.action.endswith("/approve")] == []
    sent = {
        "csrf": people.centre.get("/desk").form("/signout").fields["csrf"],
        "attempt": "b" * 32,
        "version": str(way.case.version),
    }
    refused = people.centre.post(f"/desk/cases/{way.no}/approve", sent)
    assert refused.status in {403, 422}
    assert way.case.request("extend") is not None
    assert "标线施工要三天" in people.supervisor.get(f"/desk/cases/{way.no}").words
    way.staff(people.supervisor, "approve")
    assert way.case.extended is not None


def _planned(world: World, people: People, way: Way) -> Way:
    """A long run with a date that the resident reads; resumed; sent upward, answered."""
    centre = people.centre
    way.staff(centre, "accept", **{"class": "simple"})
    way.staff(centre, "long_run", text="分三期加装", until="2027-03-01")
    assert "分三期加装" not in way.progress()
    way.staff(people.supervisor, "approve")
    assert "2027年3月1日" in way.progress()
    assert "分三期加装" in way.progress()
    way.staff(centre, "resume")
    way.staff(centre, "refer", exit="district", text="请区里协调资金")
    assert "请区里协调资金" not in way.progress()
    way.staff(centre, "answer_back", text="区里同意补贴")
    assert "区里同意补贴" in way.progress()
    return way


def _no_matter(people: People, way: Way) -> Way:
    """Found invalid by two people, and taken back."""
    way.staff(people.centre, "accept", **{"class": "simple"})
    way.staff(people.centre, "invalid", reason="反复恶意提交")
    way.staff(people.supervisor, "approve")
    assert way.case.state == "invalid"
    progress = way.progress()
    assert "恶意" not in progress
    assert "有不同意见" in progress
    way.staff(people.supervisor, "reinstate", reason="核实确有此事")
    assert way.case.state == "received"
    return way


def _of_one_matter(people: People, stays: Way, gone: Way, neighbour: Way) -> list[Way]:
    """The same person's repeat merges, a neighbour's report is linked."""
    for way in (stays, gone, neighbour):
        way.staff(people.centre, "accept", **{"class": "simple"})
    stays.staff(people.centre, "link", other=neighbour.no)
    gone.staff(people.centre, "merge", other=stays.no.lower().replace("-", ""))
    assert (gone.case.state, gone.case.merged_into) == ("closed", stays.no)
    assert [one.no for one in stays.case.followers] == [gone.no]
    assert gone.no in people.centre.get(f"/desk/cases/{stays.no}").words
    assert neighbour.no not in stays.progress()
    stays.staff(people.centre, "propose", outcome="solved", text="整条线路换新")
    stays.staff(people.centre, "confirm")
    progress = gone.progress()
    assert "整条线路换新" in progress
    assert "灯又不亮" not in progress
    assert stays.no not in progress
    return [stays, gone, neighbour]


def _watched(world: World, people: People, way: Way) -> Way:
    """Watched for a day, visited, and after an unsatisfied visit visited by somebody else."""
    centre = people.centre
    way.staff(centre, "accept", **{"class": "parking"})
    way.staff(centre, "propose", outcome="solved", text="改了车位")
    way.staff(centre, "confirm")
    assert way.case.state == "observing"
    assert "还没到观察时间" in centre.get(f"/desk/cases/{way.no}").words
    world.clock.advance(days=1)
    way.staff(centre, "observe", held="yes", text="早晚都看过")
    said = {
        "way": "door",
        "reached": "yes",
        "said": "unsatisfied",
        "solved": "no",
        "cause": "not_done",
        "text": "晚上还是没有车位",
    }
    way.staff(people.visitor, "visit", **said)
    assert (way.case.state, way.case.reopened) == ("reopened", 1)
    assert "晚上还是没有车位" not in way.progress()
    way.staff(centre, "accept")
    way.staff(centre, "propose", outcome="explained", text="车位总数不够,已排队登记")
    way.staff(centre, "confirm")
    world.clock.advance(days=1)
    way.staff(centre, "observe", held="yes")
    way.staff(people.colleague, "visit", way="phone", reached="yes", said="basic", solved="partly")
    way.staff(centre, "close", outcome="explained")
    assert way.case.state == "closed"
    return way
