"""An event in words: which sentence of the catalogue, its parameters, and the words that somebody wrote with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.case import VERDICTS, Party
from chalicelib.casework.events import Event
from chalicelib.street import Option, Street
from chalicelib.web import dates
from chalicelib.web.i18n import has, t
from chalicelib.web.present_clocks import name_of
from chalicelib.web.present_offices import office_name, party_name, party_role

# What residents never see: the offices' own steps, and what they have between each other.
INTERNAL = frozenset(
    {
        *(
            "handled_proposed",
            "handled_declined",
            "revealed",
            "erased",
            "link_renewed",
            "reminded",
            "lapsed",
            "noted",
            "met",
            "reclassified",
        ),
        *("classed", "unclassed", "parted"),
        *("refused", "released", "absorbed", "linked", "contact_failed", "visit_failed", "requested", "rejected", "resumed"),
        *("triaged", "triage_agreed", "urged", "supervised", "inspected", "fed_back", "supervision_ended"),
        *("published", "unpublished"),
    }
)
# Events whose free text is meant for colleagues.
PRIVATE_NOTES = frozenset(
    {
        *("assigned", "handled_confirmed", "dispatched", "signed", "reported_in", "returned_down", "routed", "contacted"),
        *("observed", "visited", "extended", "invalidated", "reinstated", "referred"),
    }
)
# What the party complained about must not read: how somebody was reached, what was said, who else reported.
ABOUT_REPORTERS = frozenset(
    {"revealed", "contacted", "contact_failed", "visited", "visit_failed", "absorbed", "parted", "linked", "merged"}
)
MOVES = frozenset({"passed_up", "allocated", "routed", "returned_down", "refused"})
UP = frozenset({"passed_up", "allocated"})
CLOCKED = frozenset({"reminded", "lapsed"})
QUOTED = {
    "accepted": "note",
    "assigned": "note",
    "asked": "text",
    "replied": "text",
    "added": "text",
    "noted": "note",
    "met": "note",
    "reclassified": "reason",
    "passed_up": "reason",
    "allocated": "reason",
    "returned_down": "reason",
    "dispatched": "demands",
    "signed": "note",
    "refused": "basis",
    "reported_in": "note",
    "released": "reason",
    "cleared": "text",
    "prelim_given": "text",
    "handled_proposed": "text",
    "handled_confirmed": "note",
    "handled_declined": "reason",
    "observed": "text",
    "answered": "text",
    "closed": "text",
    "withdrawn": "text",
    "reopened": "reason",
    "rejected": "reason",
    "extended": "text",
    "long_run_started": "text",
    "resumed": "note",
    "invalidated": "reason",
    "reinstated": "reason",
    "referred": "reason",
    "answered_back": "text",
    "contacted": "note",
    "contact_failed": "note",
    "visit_failed": "note",
    "urged": "text",
    "supervised": "reason",
    "inspected": "text",
    "fed_back": "text",
    "supervision_ended": "result",
    "revealed": "note",
    "published": "sentence",
    "class_done": "sentence",
}
# Where the words stand one level deeper.
QUOTED_IN = {"requested": "request", "triaged": "triage", "visited": "visit"}


@dataclass
class Walk:
    """Where the case was when each event happened."""

    rung: str = ""
    unit: str = ""
    result: str = ""

    def advance(self, event: Event) -> None:
        if event.type == "submitted":
            first = event.data.get("case", {})
            self.rung, self.unit = first.get("rung", ""), first.get("unit", "")
        elif event.type in MOVES and event.data.get("rung"):
            self.rung, self.unit = event.data["rung"], event.data["unit"]
        elif event.type == "handled_proposed":
            self.result = event.data.get("text", "")


@dataclass(frozen=True)
class Said:
    """What a sentence is made from."""

    street: Street
    event: Event
    walk: Walk
    place: str
    now: datetime
    lang: str
    staff: bool


def variant(event: Event, audience: str) -> str:
    """The catalogue's key of the sentence."""
    how = ""
    if event.type == "passed_up" and event.by == "system":
        how = "_auto"
    elif event.type == "reopened":
        how = next((f"_{cause}" for cause in ("rating", "visit", "observation") if event.data.get(f"by_{cause}")), "")
    elif (event.type == "withdrawn" and event.by != "reporter") or (event.type == "reported_in" and not event.data.get("party")):
        how = "_office"
    elif event.type == "submitted" and event.by != "reporter":
        how = "_taken"
    elif event.type == "observed" and not event.data.get("held"):
        how = "_again"
    elif event.type == "handled_confirmed" and event.data.get("until"):
        how = "_observed"
    elif event.type == "answered" and event.data.get("outcome") in VERDICTS:
        how = f"_{event.data['outcome']}"
    elif audience == "staff":
        how = _for_staff(event)
    return f"event.{event.type}.{audience}{how}"


def _for_staff(event: Event) -> str:
    if event.type == "reminded" and event.data.get("date"):
        return "_date"
    if event.type == "lapsed" and event.data.get("again"):
        return "_again"
    if event.type == "supervised" and event.data.get("rule"):
        return "_rule"
    return "_designated" if event.type in {"allocated", "dispatched"} and event.data.get("designated") else ""


def outcome_name(outcome: str | None, lang: str) -> str:
    key = f"outcome.{outcome}"
    return t(lang, key) if outcome and has(lang, key) else ""


def rating_words(rating: Mapping[str, object], lang: str) -> str:
    verdict = t(lang, "rate.satisfied.yes" if rating.get("satisfied") else "rate.satisfied.no")
    score = rating.get("score")
    return t(lang, "rate.summary", verdict=verdict, score=str(score)) if score else verdict


def params(it: Said) -> dict[str, str]:
    data, lang, street, event = it.event.data, it.lang, it.street, it.event
    found = {"office": office_name(street, it.walk.rung, it.walk.unit, lang), "place": it.place}
    if event.type in MOVES and data.get("rung"):
        found["to"] = office_name(street, data["rung"], data["unit"], lang)
    elif event.type == "refused":
        found["to"] = found["office"]
    found |= _parties(it)
    if event.type in CLOCKED:
        name = name_of(street, str(data.get("clock", "")), lang)
        found["clock"] = t(lang, "clock.of", clock=name, party=found["party"]) if found.get("party") else name
    if "outcome" in data:
        found["outcome"] = outcome_name(data["outcome"], lang)
    if event.type == "rated":
        found["rating"] = rating_words(data["rating"], lang)
    if event.type == "erased":
        found["reason"] = str(data.get("reason", ""))
    if data.get("until"):
        found["until"] = dates.moment(lang, data["until"], street.tz, it.now)
        found["day"] = dates.day(lang, data["until"], street.tz, it.now)
    return {**found, **_named(it)}


def _parties(it: Said) -> dict[str, str]:
    data, street, lang = it.event.data, it.street, it.lang
    if it.event.type == "assigned":
        party = Party(**data["to"])
        return {"party": party.name if it.staff else party_role(street, party, lang)}
    if it.event.type == "dispatched":
        called = [party_name(street, Party(**party), lang) for party in data["to"]]
        return {"party": called[0], "co": t(lang, "text.list").join(called[1:]) or t(lang, "text.nobody")}
    if data.get("party"):
        return {"party": party_name(street, Party(id=str(data["party"]), name=str(data.get("name", ""))), lang)}
    return {}


def _option(options: tuple[Option, ...], wanted: object, lang: str) -> str:
    return next((option.name.text(lang) for option in options if option.id == wanted), str(wanted or ""))


def _named(it: Said) -> dict[str, str]:
    """Identifiers inside an event as words."""
    data, street, lang, kind = it.event.data, it.street, it.lang, it.event.type
    found: dict[str, str] = {}
    if kind == "revealed":
        key = f"option.reason.{data.get('reason', '')}"
        found["reason"] = t(lang, key) if has(lang, key) else str(data.get("reason", ""))
    elif kind == "refused":
        found["reason"] = _option(street.reasons.refusal, data.get("reason"), lang)
    elif kind == "extended":
        found["reason"] = _option(street.reasons.extension, data.get("reason"), lang)
        found["days"] = str(data.get("days", ""))
    elif kind == "requested":
        found["request"] = t(lang, f"request.{data['request']['kind']}")
    elif kind == "rejected":
        found["request"] = t(lang, f"request.{data['kind']}")
    elif kind == "submitted":
        found["channel"] = t(lang, f"channel.{data.get('case', {}).get('channel', 'qr')}")
    elif kind == "reclassified":
        named = street.class_by_id.get(str(data.get("class", "")))
        found["class"] = named.name.text(lang) if named else ""
    elif kind in {"referred", "answered_back"}:
        way = street.exit_by_id.get(str(data.get("exit", "")))
        found["exit"] = way.name.text(lang) if way else ""
    elif kind == "inspected":
        found["kind"] = t(lang, f"option.kind.{data['kind']}")
    elif kind == "supervised" and data.get("rule"):
        found["rule"] = t(lang, f"desk.known.rule_{data['rule']}")
    elif kind == "urged":
        found["number"] = str(data.get("number", 1))
    elif kind in {"linked", "absorbed", "parted"}:
        found["no"] = str(data.get("no", ""))
    elif kind in {"classed", "unclassed", "class_done"}:
        found["matter"] = str(data.get("title", ""))
    elif kind == "merged":
        found["no"] = str(data.get("into", ""))
    if kind in {"contacted", "contact_failed", "visit_failed"}:
        found["way"] = t(lang, f"option.way.{data['way']}")
    if kind == "visited":
        found |= {"way": t(lang, f"option.way.{data['visit']['way']}"), "said": t(lang, f"option.said.{data['visit']['said']}")}
    return found


def is_private(event: Event) -> bool:
    """Whether what was written with it is for colleagues only."""
    return event.type in PRIVATE_NOTES or bool(event.data.get("by_visit") or event.data.get("by_observation"))


def quote(event: Event, walk: Walk, staff: bool) -> str:
    """The words that go with the sentence, as far as this reader may have them."""
    if event.type == "handled_confirmed" and not staff:
        return walk.result
    if event.type == "rated":
        return str(event.data["rating"].get("words") or "")
    if event.by == "system" or (not staff and (event.data.get("internal") or is_private(event))):
        return ""
    if event.type in QUOTED_IN:
        return str(event.data[QUOTED_IN[event.type]].get("text", "") or "")
    return str(event.data.get(QUOTED.get(event.type, ""), "") or "")
