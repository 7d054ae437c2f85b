"""Every page of the web room with made-up people on it, for tests that look at pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.casework.card import Card, card_of
from chalicelib.casework.case import ENDED_STATES, OPEN_STATES, Party
from chalicelib.casework.events import stamp
from chalicelib.casework.finding import Wanted
from chalicelib.casework.ladder import STEPS, Field
from chalicelib.errors import Conflict, FieldError, Limited, Malformed, NotAllowed, Unauthenticated, Unknown
from chalicelib.handlers.offers import DRAWN, option_name
from chalicelib.ports import UploadGrant
from chalicelib.street import Place, Street
from chalicelib.usecases.bulk import Choice
from chalicelib.usecases.related import Related
from chalicelib.web import pages, pages_queue
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.pages_intake import FIELDS
from chalicelib.web.pages_queue import Listed
from chalicelib.web.pages_sheets import DOCUMENTS
from chalicelib.web.views import ActionView, Elsewhere, FieldSpec, Helper, PhotoView, Viewer
from tests import (
    account_samples,
    api_samples,
    faq_samples,
    figures_samples,
    matters_samples,
    orders_samples,
    poster_samples,
    property_samples,
    volunteer_samples,
)
from tests.ladder_street import ladder_street
from tests.ladder_walks import Walk, in_state
from tests.story_samples import stories, story_street

ROOT = Path(__file__).parent.parent
STATES = tuple(sorted(OPEN_STATES | ENDED_STATES))
TOKEN = "2-token"
KEY = "0" * 32
GRANT = UploadGrant("https://bucket.example/", {"key": "incoming/REF0REF0/07", "policy": "cG9saWN5"})
WRONG = NotAllowed(
    "fields",
    fields=[FieldError("text", "required"), FieldError("nickname", "too_long", {"max": 20}), FieldError("phone", "phone")],
)
EMPTY_CHOICE = NotAllowed("fields", fields=[FieldError("to", "required")])
EMPTY = NotAllowed("fields", fields=[FieldError("text", "required")])
PHOTOS = (
    PhotoView(1, "ready", "https://bucket.example/1/thumb", "https://bucket.example/1/full"),
    PhotoView(2, "pending"),
    PhotoView(7, "refused", by="staff"),
)
LINKS = {"issue": "I2AAAAAA", "rental": "R2AAAAAA"}


def street() -> Street:
    return msgspec.structs.replace(ladder_street(), kinds=story_street().kinds, languages=("zh-CN", "en"))


def place(name: str = "3号楼") -> Place:
    return Place(id="AAAAAA", kind="building", name=name, en="Building 3", committee="c1", community="m1", plate="0317")


def look(lang: str, path: str = "/", *, large: bool = False) -> Look:
    return Look(lang, large, "/V1", path)


def viewer(name: str = "居委工作人员", *, sees_reporter: bool = True) -> Viewer:
    return Viewer("C1", name, ("committee@committee:c1", "dispatcher@street"), "csrf-token", sees_reporter)


def actions(lang: str, words: str = "") -> list[ActionView]:
    """One of each shape of action: primary, plain, with choices, held back by a gate."""
    people = (("p1", f"网格员一组{words}"), ("p2", "示例物业"))
    outcomes = tuple((outcome, t(lang, f"outcome.{outcome}")) for outcome in ("solved", "explained"))
    reasons = tuple((reason, t(lang, f"option.reason.{reason}")) for reason in ("contact", "visit", "other"))
    return [
        ActionView("propose", (FieldSpec("outcome", "choice", True, outcomes), FieldSpec("text", "text", True)), primary=True),
        ActionView("assign", (FieldSpec("to", "choice", True, people), FieldSpec("note", "text", False))),
        ActionView("allocate", (FieldSpec("to", "choice", True, tuple((f"o{n}", f"办公室{n}") for n in range(8))),)),
        ActionView("ask", (FieldSpec("text", "text", True),)),
        ActionView("confirm", (FieldSpec("note", "check", False),), missing="gate.gate_preliminary"),
        ActionView("reveal", (FieldSpec("reason", "choice", True, reasons), FieldSpec("note", "line", False))),
    ]


def cards(words: str = "") -> list[Card]:
    """In time, near, late, urgent, without an owner, without a clock."""
    walk = in_state("handling", street())
    card = card_of(walk.case, walk.street, place(f"3号楼{words}"))
    now = walk.now
    late = {"deadline": stamp(now - timedelta(hours=27)), "started": stamp(now - timedelta(days=5)), "clock": "handle"}
    near = {"deadline": stamp(now + timedelta(hours=2)), "warn": stamp(now - timedelta(hours=1)), "clock": "accept"}
    change: list[dict[str, Any]] = [
        {"title": f"电梯停了{words}", **late, "marks": ("urgent",)},
        {"title": "车库积水", **late, "marks": ("supervised",), "case_class": "simple"},
        {"title": "路灯不亮", **near},
        {"owner": ""},
        {"deadline": None, "started": None, "clock": "", "state": "waiting"},
    ]
    return [msgspec.structs.replace(card, no=f"AAAA-AAAA-{n}", **changed) for n, changed in enumerate(change, start=2)]


def every_action(lang: str, words: str = "") -> list[ActionView]:
    """All steps of staff with all their inputs, as if everything could be done at once."""
    names = (("a", f"甲{words}"), ("b", f"乙{words}"))
    return [
        ActionView(
            step.action,
            tuple(
                FieldSpec(spec.name, DRAWN.get(spec.kind, spec.kind), spec.required, _options(spec, lang) or names, 10)
                for spec in step.fields
            ),
            near=int(step.action in {"ask", "note"}),
            primary=step.action == "propose",
        )
        for step in STEPS.values()
        if "reporter" not in step.who
    ]


def _options(spec: Field, lang: str) -> tuple[tuple[str, str], ...]:
    if spec.name == "outcome":
        return tuple((one, t(lang, f"outcome.{one}")) for one in spec.options)
    return tuple((one, option_name(spec.name, one, lang)) for one in spec.options) if spec.kind == "choice" else ()


def _case(lang: str, walk: Walk, words: str = "", **more: Any) -> str:
    where = look(lang, "/desk/cases/K7M3-9QXA-C")
    acting, now = more.pop("acting", None) or actions(lang, words), walk.now
    door = place(f"3号楼{words}")
    return pages.case(
        where, walk.street, viewer(words or "我"), walk.case, walk.events, PHOTOS, acting, now, KEY, place=door, **more
    )


def _queue(lang: str, show: str, found: list[Card], words: str = "", **more: Any) -> str:
    view = Listed(show, found, found, more.pop("counts", {}), **more)
    return pages_queue.queue(look(lang, "/desk"), street(), viewer(words or "我"), view, in_state("handling", street()).now)


def _bulk(lang: str, walk: Walk, words: str, **more: Any) -> str:
    party = Party(id="W1", name=f"网格员{words}", grant="grid_worker@committee:c1")
    choice = Choice((walk.case,), more.get("people", (("W1~x", party),)), (("AAAA-AAAA-3", "not_yours"),))
    return pages_queue.bulk(
        look(lang, "/desk/bulk"),
        walk.street,
        viewer(),
        choice,
        {"AAAAAA": place()},
        walk.now,
        KEY,
        EMPTY_CHOICE if choice.people else None,
        words,
    )


def _progress(lang: str, walk: Walk, *acts: str, **more: Any) -> str:
    at = look(lang, f"/t/{TOKEN}")
    return pages.progress(at, walk.street, walk.case, walk.events, PHOTOS, TOKEN, walk.now, acts, place=place(), **more)


def all_pages(lang: str, words: str = "") -> dict[str, Callable[[], str]]:
    """Name → the page's HTML. `words` is put into every text that a person can write."""
    here, door, the = street(), place(f"3号楼{words}"), look(lang)
    typed = dict.fromkeys(("text", "nickname", "phone", "elsewhere", "category", "number", "last4", "words", "score"), words)
    told = stories(words or "灯不亮")
    walk = told["written"]
    made: dict[str, Callable[[], str]] = {
        "form": lambda: pages.form(the, here, "issue", door, "I2AAAAAA", KEY, links=LINKS),
        "form with errors": lambda: pages.form(the, here, "issue", door, "I2AAAAAA", KEY, typed, WRONG, links=LINKS),
        "received": lambda: pages.received(the, here, in_state("received", here).case, TOKEN, walk.now, place=door),
        "progress of a long case": lambda: _progress(
            lang, walk, "add", "reply", "rate", "withdraw", values={**typed, "act": "reply"}, error=EMPTY
        ),
        "progress by number": lambda: pages.progress(the, here, walk.case, walk.events, PHOTOS, "", walk.now, {"add"}),
        "photos": lambda: pages.photos(the, here, walk.case, TOKEN, PHOTOS, GRANT, 5),
        "photos full": lambda: pages.photos(the, here, in_state("closed", here).case, TOKEN, PHOTOS, None, 0),
        "rate": lambda: pages.rate(
            the,
            here,
            in_state("handled", here).case,
            TOKEN,
            typed,
            NotAllowed("fields", fields=[FieldError("satisfied", "required")]),
        ),
        "rate shut": lambda: pages.rate(the, here, walk.case, TOKEN, {}, NotAllowed("already_rated")),
        "track": lambda: pages.track(the, here, typed, Limited("look_up", params={"minutes": 15})),
        "code problem": lambda: pages.code_problem(the, here, Unknown("code_forged")),
        "error": lambda: pages.error(
            the, here, NotAllowed("fields", fields=[FieldError("text", "too_long", {"max": 2000})]), "a1b2"
        ),
        "error without a street": lambda: pages.error(look(lang, "/desk/x"), None, Malformed("form"), words),
        "signin": lambda: pages.signin(the, here, words, Unauthenticated("sign_in")),
        "activate": lambda: pages.activate(
            the, here, "one-time", NotAllowed("fields", fields=[FieldError("password", "password", {"min": 10})])
        ),
        "queue": lambda: _queue(lang, "all", cards(words), words, counts={"all": 5, "late": 2}, bulk=True),
        "queue, long": lambda: _queue(lang, "all", cards(words) * 12, words, page=2),
        "queue empty": lambda: _queue(lang, "late", []),
        "queue all done": lambda: _queue(lang, "all", []),
        "queue, nothing found": lambda: _queue(lang, "scope", [], words, typed=words, wanted=Wanted(("灯",))),
        "what has ended": lambda: _queue(lang, "ended", cards(words), months=("2026-11", "2026-10"), month="2026-10"),
        "what a phone found": lambda: _queue(lang, "only", cards(words)),
        "assign together": lambda: _bulk(lang, walk, words),
        "assign together, nobody": lambda: _bulk(lang, walk, words, people=()),
        "assigned together": lambda: pages_queue.assigned(
            look(lang, "/desk/bulk"), here, viewer(), ["AAAA-AAAA-2"], [("AAAA-AAAA-3", "someone_else"), ("AAAA-AAAA-4", words)]
        ),
        "case of a long way": lambda: _case(lang, walk, words, revealed="13800000000"),
        "case after a conflict": lambda: _case(
            lang, walk, words, values={**typed, "act": "ask"}, error=Conflict("someone_else", params={"event": "accepted"})
        ),
    }
    for name, story in told.items():
        into = Elsewhere("handled", "solved", words or "修好了")
        made[f"case, {name}"] = lambda story=story: _case(lang, story, words)  # type: ignore[misc]  # the default binds the loop's value
        made[f"progress, {name}"] = lambda story=story, into=into: _progress(lang, story, "add", into=into)  # type: ignore[misc]  # likewise
    helpers = (Helper(f"网格员{words}", "grid_worker", "021-0012 3001"), Helper(f"供电抢修{words}", "", "021-0012 9501"))
    together = told["called together"]
    made["case with every action"] = lambda: _case(lang, together, words, acting=every_action(lang, words), helpers=helpers)
    like = [Related(card, at < 2, "merge" if at < 2 else "link") for at, card in enumerate(cards(words)[:3])]
    classed = msgspec.structs.replace(together.case, class_case="222222")
    made["case with others like it"] = lambda: pages.case(
        look(lang, "/desk/cases/K7M3-9QXA-C"),
        together.street,
        viewer(words or "我"),
        classed,
        together.events,
        (),
        actions(lang),
        together.now,
        KEY,
        related=like,
    )
    made["new case"] = lambda: pages.intake(
        look(lang, "/desk/new"), here, viewer(), [door], ("phone", "patrol"), KEY, dict.fromkeys(FIELDS, words), EMPTY
    )
    made["new case, made"] = lambda: pages.intake(
        look(lang, "/desk/new"), here, viewer(), [], ("phone",), KEY, made=together.case.no
    )
    for paper in (*pages.PAPERS, *DOCUMENTS):
        one = together if paper in pages.PAPERS else told["planned"]
        made[f"sheet {paper}"] = lambda one=one, paper=paper: pages.sheet(  # type: ignore[misc]  # likewise
            look(lang, "/desk/cases/K7M3-9QXA-C/exit"),
            one.street,
            viewer(words or "我"),
            paper,
            one.case,
            one.events,
            one.now,
            place=door,
            also=[(together.case, together.events, door)],
        )
    made["handover"] = lambda: pages_queue.handover(
        look(lang, "/desk/handover"), here, viewer(words or "我"), cards(words), walk.now
    )
    made |= property_samples.samples(look(lang, "/desk/property"), here, viewer(words or "我"), words)
    made |= matters_samples.samples(look(lang, "/desk/classes"), here, door, viewer(words or "我"), cards(words), words)
    made |= account_samples.samples(look(lang, "/desk/account"), here, viewer(words or "我"))
    made |= volunteer_samples.samples(look(lang, "/volunteer"), here, viewer(words or "我"), words)
    made |= faq_samples.samples(the, here, viewer(words or "我"), words)
    made |= api_samples.samples(look(lang, "/api"), here)
    made |= orders_samples.samples(the, here, viewer(words or "我"), words)
    made |= figures_samples.samples(the, here, door, viewer(), words)
    made |= poster_samples.samples(look(lang, "/desk/places"), here, door, viewer(words or "我"), words)
    for state in STATES:
        made[f"progress {state}"] = lambda state=state: _progress(
            lang, in_state(state, None if state == "visiting" else here), "add"
        )  # type: ignore[misc]  # the default argument binds the loop's value
        made[f"case {state}"] = lambda state=state: _case(lang, in_state(state, None if state == "visiting" else here))  # type: ignore[misc]  # likewise
    return made
