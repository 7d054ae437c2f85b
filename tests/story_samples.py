"""Cases whose ways, taken together, hold every type of event, each with what a person can write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache

import msgspec

from chalicelib.casework.decide import record
from chalicelib.street import Exit, Kind, Label, Street, Supervision
from tests.ladder_street import (
    APPROVER,
    CENTRE,
    COMMITTEE,
    DEPUTY,
    POLICE,
    RESIDENT,
    SUPERVISOR,
    VISITOR,
    WORKER_PARTY,
    ladder_street,
    with_rung,
)
from tests.ladder_walks import POLICE_LEADS, Walk, began

EXITS = tuple(
    Exit(id=document, name=Label(name), document=document)
    for document, name in {
        "visit_day": "主任走访日",
        "district": "区级平台",
        "suggestion": "代表建议",
        "survey": "问题反馈表",
    }.items()
)


def story_street() -> Street:
    """Everything switched on: triage and sorting at the centre, all ways out, both follow-ups, supervision by rule."""
    kinds = (Kind("issue", Label("问题意见征集", "Report a problem")), Kind("rental", Label("房屋出租登记", "Register a rental")))
    made = ladder_street(visit=True, visitors=("station_head",), exits=EXITS, supervision=Supervision(late=1, reopened=2))
    made = msgspec.structs.replace(made, kinds=kinds, languages=("zh-CN", "en"))
    return with_rung(made, "centre", sorts=True, triage=True, exits=tuple(way.id for way in EXITS))


def written(words: str, street: Street) -> Walk:
    """The old way: taken in, asked, answered, allocated, handled, rated. Every free text of every event is `words`."""
    walk = began(street, rung="centre", text=words, nickname=words, elsewhere=words)
    walk.do(CENTRE, "accept", {"note": words}).do(RESIDENT, "add", {"text": words}).do(CENTRE, "ask", {"text": words})
    walk.do(RESIDENT, "reply", {"text": words}).do(CENTRE, "reveal", {"reason": "other", "note": words})
    walk.do(CENTRE, "allocate", {"to": "committee@committee:c1", "reason": words}).do(COMMITTEE, "sign", {"note": words})
    walk.do(COMMITTEE, "report_in", {"note": words}).do(COMMITTEE, "prelim", {"text": words})
    walk.do(COMMITTEE, "propose", {"outcome": "solved", "text": words}).do(COMMITTEE, "decline", {"reason": words})
    walk.do(COMMITTEE, "pass_up", {"reason": words}).do(CENTRE, "accept", {"note": words})
    walk.do(CENTRE, "propose", {"outcome": "solved", "text": words}).do(CENTRE, "confirm", {"note": words})
    return walk.do(RESIDENT, "rate", {"satisfied": "no", "score": "1", "words": words, "publish": "1"})


def called_together(words: str, street: Street) -> Walk:
    """Triaged jointly, dispatched, refused, dispatched again; lead and co-handlers, more time, supervision, a return visit."""
    walk = began(street, rung="centre", text=words, nickname=words, external="SQ2026-1")
    answers = {"generality": "yes", "urgency": "no", "legality": "yes", "public_interest": "yes", "text": words}
    walk.do(CENTRE, "accept", {"note": words}).do(CENTRE, "triage", answers).do(SUPERVISOR, "agree_triage")
    call = {**POLICE_LEADS, "demands": words, "until": "2026-12-10"}
    walk.do(CENTRE, "dispatch", call).do(POLICE, "refuse", {"reason": "not_ours", "basis": words}).do(CENTRE, "dispatch", call)
    walk.do(POLICE, "sign", {"note": words}).do(POLICE, "report_in", {"note": words})
    walk.do(CENTRE, "report_in", {"party": "contact:power", "note": words})
    walk.do(CENTRE, "release", {"party": "department@dept:traffic", "reason": words})
    walk.do(CENTRE, "contact", {"way": "door", "reached": "no", "note": words})
    walk.do(CENTRE, "contact", {"way": "phone", "reached": "yes", "note": words})
    walk.do(POLICE, "note", {"text": words}).do(CENTRE, "meet", {"text": words}).do(POLICE, "clear", {"text": words})
    walk.do(POLICE, "extend", {"reason": "materials", "days": "5", "text": words}).do(APPROVER, "approve", {})
    walk.do(CENTRE, "long_run", {"text": words, "until": "2027-03-01"}).do(APPROVER, "reject", {"reason": words})
    walk.do(SUPERVISOR, "urge", {"text": words}).do(SUPERVISOR, "supervise", {"reason": words})
    walk.do(DEPUTY, "inspect", {"kind": "inquiry", "text": words}).do(POLICE, "feed_back", {"text": words})
    walk.do(SUPERVISOR, "end_supervision", {"result": words})
    walk.do(CENTRE, "propose", {"outcome": "mediated", "text": words}).do(CENTRE, "confirm", {"note": words})
    walk.do(VISITOR, "visit", {"way": "phone", "reached": "no", "text": words})
    said = {"way": "door", "reached": "yes", "said": "unsatisfied", "solved": "partly", "cause": "not_done", "text": words}
    return walk.do(VISITOR, "visit", said)


def planned(words: str, street: Street) -> Walk:
    """A long run that is resumed, then out of the ladder upward."""
    walk = began(street, rung="centre", text=words).do(CENTRE, "accept", {"class": "simple"})
    walk.do(CENTRE, "long_run", {"text": words, "until": "2027-03-01"}).do(APPROVER, "approve", {})
    return walk.do(CENTRE, "resume", {"note": words}).do(CENTRE, "refer", {"exit": "suggestion", "text": words})


def answered_from_above(words: str, street: Street) -> Walk:
    return planned(words, street).do(CENTRE, "answer_back", {"text": words})


def sorted_away(words: str, street: Street) -> Walk:
    """Passed up, given back down, passed up again, and routed to the rung that takes its class."""
    walk = began(street, text=words).do(COMMITTEE, "pass_up", {"reason": words}).do(CENTRE, "return_down", {"reason": words})
    walk.do(COMMITTEE, "pass_up", {"reason": words})
    return walk.do(CENTRE, "reclassify", {"class": "complex", "reason": words})


def found_invalid(words: str, street: Street, *, back: bool = False) -> Walk:
    walk = began(street, text=words).do(COMMITTEE, "invalid", {"reason": words}).do(APPROVER, "approve", {})
    return walk.do(APPROVER, "reinstate", {"reason": words}) if back else walk


def watched(words: str, street: Street) -> Walk:
    """The effect does not hold at first; then it does, and the return visit closes it."""
    walk = began(street, text=words)
    for held in ("no", "yes"):
        walk.do(COMMITTEE, "accept", {"class": "parking"})
        walk.do(COMMITTEE, "propose", {"outcome": "solved", "text": words}).do(COMMITTEE, "confirm", {"note": words})
        walk.do(COMMITTEE, "observe", {"held": held, "text": words}, after=timedelta(days=1, minutes=1))
    walk.do(VISITOR, "visit", {"way": "phone", "reached": "yes", "said": "basic", "solved": "yes", "text": words})
    walk.do(COMMITTEE, "close", {"outcome": "solved", "text": words})
    walk.do(COMMITTEE, "publish", {"sentence": words}).do(COMMITTEE, "unpublish", {})
    matter = {"class": "222222", "title": words}
    for event in ("classed", "unclassed", "class_done"):
        told = {**matter, "sentence": words} if event == "class_done" else {**matter, "internal": True}
        walk.keep(record(walk.case, [(event, told)], CENTRE.id, f"class-{event}", walk.now, walk.street))
    # What had been merged into it by mistake has gone its own way.
    parted = {"no": "9K3M-PQ9X-A", "internal": True}
    walk.keep(record(walk.case, [("parted", parted)], CENTRE.id, "parted", walk.now, walk.street))
    return walk


def merged(words: str, street: Street) -> tuple[Walk, Walk]:
    """(the case that went into the other, the other)."""
    stays = began(street, text=words, no="7K3M-PQ9X-A").do(COMMITTEE, "accept", {})
    gone = began(street, text=words, channel="hotline_12345", external="H-1").with_other(COMMITTEE, "link", stays)
    return gone.with_other(COMMITTEE, "merge", stays), stays


def left_lying(words: str, street: Street) -> Walk:
    """Nobody does anything for a month: reminders, lateness, supervision by rule."""
    return began(street, text=words).later(days=30)


def answered(words: str, street: Street) -> Walk:
    walk = began(street, text=words).do(COMMITTEE, "answer", {"text": words}).do(COMMITTEE, "renew_link", {})
    walk.do(COMMITTEE, "reopen", {"reason": words}).do(COMMITTEE, "accept", {})
    walk.do(COMMITTEE, "assign", {"to": WORKER_PARTY, "note": words})
    return walk.do(RESIDENT, "withdraw", {"text": words})


@cache
def stories(words: str) -> Mapping[str, Walk]:
    """Name → the walk, to be looked at only. `words` stands wherever a person can write."""
    here = story_street()
    gone, stays = merged(words, here)
    return {
        "written": written(words, here),
        "called together": called_together(words, here),
        "planned": planned(words, here),
        "answered from above": answered_from_above(words, here),
        "sorted away": sorted_away(words, here),
        "found invalid": found_invalid(words, here),
        "reinstated": found_invalid(words, here, back=True),
        "watched": watched(words, here),
        "merged": gone,
        "took in another": stays,
        "left lying": left_lying(words, here),
        "answered": answered(words, here),
    }
