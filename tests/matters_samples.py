"""The pages across cases (class cases, warnings, library, agenda) with made-up matters on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from chalicelib.casework.card import Card
from chalicelib.casework.class_cases import ACTS, ClassCase, Member, Need, Step
from chalicelib.errors import Conflict, FieldError, NotAllowed
from chalicelib.models.ledger import Matter
from chalicelib.models.warnings import Kept
from chalicelib.street import Place, Street
from chalicelib.usecases.figures_public import Public
from chalicelib.usecases.library import RESULTS
from chalicelib.web import pages_classes, pages_figures, pages_library
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer
from tests.figures_samples import summary
from tests.story_samples import stories

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
AT = "2026-11-1{}T02:00:00.000Z"


def matter(words: str = "", state: str = "open") -> ClassCase:
    members = tuple(
        Member(no=f"AAAA-AAAA-{n}", committee="c1" if n < 5 else "c2", zone="z1", at=AT.format(n)) for n in range(2, 7)
    )
    proposed = ClassCase(id="222222", members=members, words=("充电", f"电动车{words}"), grown_from=3, proposed_at=AT.format(7))
    if state == "proposed":
        return proposed
    who = f"调度员{words}"
    said = {"accept": "电动自行车充电难", "lead": "department@dept:police", "note": words or "供电方案已定", "need": ""}
    steps = tuple(Step(act=act, by="staff:1", who=who, at=AT.format(7), text=text) for act, text in said.items())
    taken = msgspec.structs.replace(
        proposed,
        state=state,
        title=f"电动自行车充电难{words}",
        lead="department@dept:police",
        unit="个充电口",
        needs={"c1": Need(number=800, by=f"居委{words}", at=AT.format(8))},
        more=(Member(no="AAAA-AAAA-8", committee="c1", zone="z1", at=AT.format(7)),),
        steps=steps,
    )
    if state != "done":
        return taken
    return msgspec.structs.replace(taken, count=1300, sentence=f"新装1,300个充电口{words}", done_at=AT.format(8), round=1)


def samples(look: Look, street: Street, place: Place, me: Viewer, cards: list[Card], words: str) -> dict[str, Callable[[], str]]:
    """Name → the page's HTML."""
    known = {card.no: card for card in cards}
    rising = Kept(series="word:电梯@street", count=9, usual=1.2, first="2026-11-16", last="2026-11-18", version=1)
    at_door = msgspec.structs.replace(rising, series="place:AAAAAA@committee:c1", count=6, usual=0.0)
    seen = msgspec.structs.replace(
        rising, series="word:漏水@street", state="seen", who=f"督办{words}", text=words or "请物业查", at=AT.format(8)
    )
    gone = msgspec.structs.replace(seen, series="category:hardware@committee:c1", state="dismissed")
    empty = NotAllowed("fields", fields=[FieldError("title", "required"), FieldError("keep", "required")])
    told = stories(words or "灯不亮")
    cases = [told[name].case for name in ("watched", "called together", "written")]
    values = {"q": words, "from": "2026-11-01", "to": "2026-11-18", "category": "", "outcome": ""}
    doors = {place.id: place}
    told_of = Matter(title=f"充电难{words}", sentence=f"都装好了{words}", count=1300, unit="个充电口", cases=9, committees=4)
    done = msgspec.structs.replace(summary(50), matters=(told_of, msgspec.structs.replace(told_of, unit="", count=3)))

    def one(state: str, **more: object) -> str:
        acts = ACTS[state]
        return pages_classes.one(look, street, me, matter(words, state), known, acts, ("c1", "c2"), NOW, **more)  # type: ignore[arg-type]  # keywords of the page

    every = [matter(words, state) for state in ("proposed", "open", "done", "dismissed")]
    return {
        "class cases": lambda: pages_classes.listed(look, street, me, every, NOW),
        "class cases, none": lambda: pages_classes.listed(look, street, me, [], NOW),
        "class case, proposed": lambda: one("proposed"),
        "class case, refused": lambda: one("proposed", values={"act": "accept", "title": words}, kept=(), error=empty),
        "class case, open": lambda: one("open"),
        "class case, overtaken": lambda: one("open", error=Conflict("class_stale")),
        "class case, done": lambda: one("done"),
        "class case, seen by a committee": lambda: pages_classes.one(
            look, street, me, matter(words), {}, ("need",), ("c1",), NOW
        ),
        "warnings": lambda: pages_library.warnings(look, street, me, doors, [rising, at_door, seen], [gone], NOW),
        "warnings, none": lambda: pages_library.warnings(look, street, me, doors, [], [], NOW),
        "warnings, refused": lambda: pages_library.warnings(
            look,
            street,
            me,
            doors,
            [rising],
            [],
            NOW,
            NotAllowed("fields", fields=[FieldError("text", "required")]),
            rising.series,
        ),
        "library": lambda: pages_library.library(look, street, me, doors, cases, 3, 0, values, RESULTS, NOW),
        "library, nothing": lambda: pages_library.library(look, street, me, doors, [], 0, 7, values, RESULTS, NOW),
        "public, class cases": lambda: pages_figures.public(look, street, Public(done, [])),
        "sheet agenda": lambda: pages_library.agenda(
            look, street, me, doors, {"hard": cards[:2], "late": cards[2:]}, every[:2], [rising, gone], NOW
        ),
    }
