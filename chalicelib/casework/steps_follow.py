"""What following up makes of a case: confirming, observing, both return visits (双回访), contact before handling."""

from __future__ import annotations

from typing import Any

from chalicelib.casework import calendar, personal
from chalicelib.casework.events import stamp
from chalicelib.casework.situation import Made, Situation, note
from chalicelib.errors import FieldError, NotAllowed

SAID = ("satisfied", "basic", "unsatisfied")
SOLVED = ("yes", "partly", "no")
WAYS = ("phone", "door")
SENTENCE_MAX = 120


def _after_handling(s: Situation) -> str:
    return "visiting" if s.street.follow_up.visit else "handled"


def confirm(s: Situation) -> Made:
    data: dict[str, Any] = {"state": _after_handling(s), **note(s)}
    observed = s.case_class.observe if s.case_class else None
    if observed is not None:
        data |= {"state": "observing", "until": stamp(calendar.due(s.now, observed, s.street.calendar, s.street.tz))}
    return [("handled_confirmed", data)]


def observe(s: Situation) -> Made:
    """效果观察: it has held, or what was called handled is opened again."""
    held = s.text("held") == "yes"
    made: Made = [("observed", {"held": held, "state": _after_handling(s), "text": s.text()})]
    return made if held else [*made, ("reopened", {"reason": s.text(), "by_observation": True})]


def contact(s: Situation) -> Made:
    """办前联系 by the micro-grid worker (微网格长) or whoever handles it."""
    if s.text("reached") == "yes":
        return [("contacted", {"way": s.text("way"), **note(s)})]
    return [("contact_failed", {"way": s.text("way"), "internal": True, **note(s)})]


def visit(s: Situation) -> Made:
    """办结回访. Not satisfied reopens once by itself, with the cause coded; afterwards a person decides (mission D3)."""
    if s.text("reached") != "yes":
        return [("visit_failed", {"way": s.text("way"), "internal": True, "note": s.text()})]
    if not s.text("said"):
        raise NotAllowed("fields", fields=[FieldError("said", "required")])
    visit = {"way": s.text("way"), "said": s.text("said"), "solved": s.text("solved"), "text": s.text()}
    if s.text("said") != "unsatisfied":
        return [("visited", {"visit": visit})]
    if s.street.reasons.cause and not s.text("cause"):
        raise NotAllowed("fields", fields=[FieldError("cause", "required")])
    made: Made = [("visited", {"visit": {**visit, "cause": s.text("cause")}})]
    if s.street.follow_up.reopen_once and s.case.reopened == 0:
        made.append(("reopened", {"reason": s.text(), "by_visit": True}))
    return made


def publish(s: Situation) -> Made:
    """What was done, in one sentence for the street's public page (mission H3). Staff vouch that it names nobody; what a machine
    can see of numbers and flats is refused.
    """
    sentence = " ".join(s.text("sentence").split())
    if len(sentence) > SENTENCE_MAX:
        raise NotAllowed("fields", fields=[FieldError("sentence", "too_long", {"max": SENTENCE_MAX})])
    if personal.unfit_for_everybody(sentence):
        raise NotAllowed("fields", fields=[FieldError("sentence", "personal")])
    return [("published", {"sentence": sentence, "internal": True})]


def unpublish(s: Situation) -> Made:
    return [("unpublished", {"internal": True})]
