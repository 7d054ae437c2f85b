"""Answered questions: written once at the desk, from an answered case in one step, read by everybody."""

from __future__ import annotations

import pytest
from pynamodb.exceptions import QueryError

from chalicelib.casework.access import Actor
from chalicelib.errors import Conflict, NotAllowed
from chalicelib.models import cases, faq
from chalicelib.usecases import faq as answering
from chalicelib.usecases.faq import Written
from tests import steps
from tests.client import Form, Page, Visitor
from tests.world import World

QUESTION, ANSWER = "电动车在哪里充电？", "3号楼南侧有充电棚,每天6:00—23:00。\n问物业请打021-0012 3456。"
HOSTILE = '"><script>alert(1)</script>'


def entry_form(page: Page) -> Form:
    return next(form for form in page.forms if "question" in form.fields)


def blank(clerk: Visitor) -> Form:
    return entry_form(clerk.get("/desk/faq/new"))


def written(clerk: Visitor, **fields: str) -> Page:
    form = blank(clerk)
    return form.fill(**{"question": QUESTION, "answer": ANSWER, **fields}).submit()


def entries(world: World) -> list[faq.Entry]:
    return faq.every(world.street.id)


def test_what_staff_write_is_read_by_everybody_and_shown_while_typing(both_worlds: World) -> None:
    world = both_worlds
    clerk, visitor = world.signed_in("dispatcher", "street"), world.client()
    assert "还没有" in visitor.get("/faq").words
    page = written(clerk, question=QUESTION + HOSTILE, category="property")
    assert (page.status, page.path) == (200, "/desk/faq?done=save")
    assert QUESTION in page.words
    public = visitor.get("/faq")
    assert QUESTION in public.words
    assert "021-0012 3456" in public.words
    assert "<script>alert" not in public.text + page.text

    assert QUESTION in visitor.get("/faq?q=%E7%94%B5%E7%93%B6%E8%BD%A6").words  # 电瓶车
    assert QUESTION in visitor.get("/faq?q=23:00").words
    assert QUESTION not in visitor.get("/faq?q=%E7%94%B5%E6%A2%AF").words  # 电梯

    def typing(**body: str) -> Page:
        return visitor.post_json("/api/v1/similar", {"code": world.code(), **body})

    (found,) = typing(text="楼下的电瓶车没地方充电").json()["faq"]
    assert set(found) == {"id", "question", "answer"}
    assert [one.hits for one in entries(world)] == [0]
    # Without JavaScript the same stands on the page after sending.
    after = visitor.get(f"/Q/{world.code()}").form("/f/issue").fill(text="电瓶车充电的地方太少").submit()
    assert after.path.endswith("/received")
    assert QUESTION in after.words
    for _ in range(3):
        assert typing(read=found["id"]).status == 200
    assert typing(read="ZZZZZZ").status == 200
    assert [(one.id, one.hits) for one in entries(world)] == [(found["id"], 3)]
    assert "看过3次" in clerk.get("/desk/faq").words


def test_a_withdrawn_entry_is_shown_to_nobody_until_it_is_put_back_and_its_readers_stay_counted(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    written(clerk)
    (made,) = entries(world)
    faq.count(world.street.id, made.id)

    def press(act: str) -> Page:
        form = clerk.get(f"/desk/faq/{made.id}").forms[-1]
        form.fields["act"] = act
        return form.submit()

    assert "已撤下" in press("withdraw").words
    assert QUESTION not in world.client().get("/faq").words
    assert answering.for_case(world.context, "电动车充电", "c01") == []
    assert QUESTION in clerk.get("/desk/faq").words
    press("restore")
    assert QUESTION in world.client().get("/faq").words
    changed = entry_form(clerk.get(f"/desk/faq/{made.id}")).fill(answer="改过的答复").submit()
    assert changed.status == 200
    assert [(one.answer, one.hits, one.version) for one in entries(world)] == [("改过的答复", 1, 4)]


def test_an_answered_case_begins_an_entry_with_its_result_and_none_of_the_residents_words(world: World) -> None:
    no, _ = steps.reported(world, text="我家302的灯坏了", nickname="王阿姨", phone="")
    clerk = world.signed_in("dispatcher", "street")
    stored = cases.get(no)
    assert stored is not None
    page = clerk.get(f"/desk/faq/new?case={no}")
    form = entry_form(page)
    assert (form.fields["question"], form.fields["answer"], form.fields["case"]) == ("", stored.case.result, no)
    assert "302" not in page.words
    assert "王阿姨" not in page.words
    form.fill(question="灯坏了找谁？", answer="找物业").submit()
    assert [one.case for one in entries(world)] == [no]
    assert no not in world.client().get("/faq").text
    # A case outside one's scope gives nothing, and is not named.
    stranger = world.signed_in("committee", "committee:c03")
    assert stranger.get(f"/desk/faq/new?case={no}").status == 404


def test_a_page_that_only_wants_to_help_stands_without_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = world.signed_in("dispatcher", "street")
    written(clerk)
    visitor = world.client()
    sent = steps.send(visitor, steps.report(world, text="电瓶车充电的地方太少"))

    def broken(*_: object) -> list[faq.Entry]:
        raise QueryError("away")

    monkeypatch.setattr(faq, "every", broken)
    page = visitor.get(sent.header("Location"))
    assert page.status == 200
    assert QUESTION not in page.words
    known = visitor.post_json("/api/v1/similar", {"code": world.code(), "text": "电瓶车充电的地方太少"})
    assert (known.status, known.json()["faq"]) == (200, [])


def test_a_committee_writes_for_itself_alone(world: World) -> None:
    clerk = world.signed_in("committee", "committee:c01")
    assert blank(clerk).choices["committee"] == ["c01"]
    written(clerk, committee="c01")
    (made,) = entries(world)
    assert made.committee == "c01"
    assert [one.id for one in answering.published(world.context, "c01")] == [made.id]
    assert answering.published(world.context, "c03") == []

    other, centre = world.signed_in("committee", "committee:c03"), world.signed_in("dispatcher", "street")
    assert other.get(f"/desk/faq/{made.id}").status == 404
    assert centre.get(f"/desk/faq/{made.id}").status == 200
    form = blank(other).fill(question="问", answer="答")
    form.fields["committee"] = ""
    assert form.submit().status == 422
    assert len(entries(world)) == 1
    zone = world.signed_in("zone_head", f"zone:{world.street.committee_by_id['c01'].zone}")
    assert "" not in blank(zone).choices["committee"]
    for role in ("grid_worker", "property", "supervisor"):
        assert world.signed_in(role, "committee:c01").get("/desk/faq").status == 403


CENTRE = Actor("staff:s1", "调度员", ("dispatcher@street",))
PERSONAL = {
    "请打13800000000": True,
    "请打 138 0000 0000 找她": True,
    "请打１３８-００００-００００": True,
    "身份证11010119900307123X": True,
    "身份证 110101 19900307 1234": True,
    "请打021-0012 3456或12345": False,
    "编号2026111800001,共13800元": False,
    "每天6:00—23:00,2026-11-18起": False,
}


def test_mobile_and_id_numbers_are_refused_with_the_reason(world: World) -> None:
    def codes(question: str, answer: str) -> list[tuple[str, str]]:
        try:
            answering.save(world.context, CENTRE, Written(question, answer), answering.new_id(), 0)
        except NotAllowed as error:
            return [(field.name, field.code) for field in error.fields]
        return []

    for text, personal in PERSONAL.items():
        assert codes(QUESTION, text) == ([("answer", "personal")] if personal else []), text
        assert codes(text, ANSWER) == ([("question", "personal")] if personal else []), text
    assert len(entries(world)) == 2 * list(PERSONAL.values()).count(False)


def test_the_same_form_sent_twice_makes_one_entry_and_nobody_overwrites_another(world: World) -> None:
    clerk = world.signed_in("dispatcher", "street")
    form = blank(clerk).fill(question=QUESTION, answer=ANSWER)
    assert [form.submit().status, form.submit().status] == [200, 200]
    (made,) = entries(world)
    mine, theirs = entry_form(clerk.get(f"/desk/faq/{made.id}")), entry_form(clerk.get(f"/desk/faq/{made.id}"))
    mine.fill(answer="我的").submit()
    lost = theirs.fill(answer="别人的").submit()
    assert lost.status == 409
    assert "我的" in lost.text
    assert [one.answer for one in entries(world)] == ["我的"]
    with pytest.raises(Conflict):
        answering.save(world.context, CENTRE, Written("别的问题", ANSWER), made.id, 0)


def test_a_version_that_no_form_sends_is_a_bad_request(world: World) -> None:
    form = blank(world.signed_in("dispatcher", "street")).fill(question=QUESTION, answer=ANSWER)
    for odd in ("9" * 5000, "１", "", "-1"):
        form.fields["version"] = odd
        assert form.submit().status == 400, odd[:9]
    assert entries(world) == []


def test_the_manifest_opens_on_the_form_and_the_worker_may_fetch_from_here_alone(world: World) -> None:
    visitor = world.client(stage="V1")
    page = visitor.get(f"/V1/app.webmanifest?c={world.code()}")
    assert page.header("Content-Type").startswith("application/manifest+json")
    found = page.json()
    assert (found["start_url"], found["scope"]) == (f"/V1/Q/{world.code()}", "/V1/")
    assert {icon["sizes"] for icon in found["icons"]} == {"192x192", "512x512", "any"}
    assert len(page.body) < 8_000
    assert visitor.get("/V1/app.webmanifest?c=FORGED").json()["start_url"] == "/V1/"
    worker = visitor.get("/V1/sw.js")
    assert worker.header("Service-Worker-Allowed") == "/V1/"
    assert worker.header("Cache-Control") == "no-cache"
    assert worker.header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'; connect-src 'self'"
    assert "manifest-src 'self'" in visitor.get(f"/V1/Q/{world.code()}").header("Content-Security-Policy")


def test_the_icons_are_pictures_of_their_size() -> None:
    import io

    from PIL import Image

    from chalicelib.web import installing

    for size in installing.SIZES:
        drawn = Image.open(io.BytesIO(installing.png("#183E7C", size))).convert("RGB")
        assert drawn.size == (size, size)
        assert {colour for _, colour in drawn.getcolors() or []} == {(0x18, 0x3E, 0x7C), (0xC9, 0xD8, 0xF0), (0xFF, 0xFF, 0xFF)}
