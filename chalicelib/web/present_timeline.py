"""What happened, newest first: for residents in plain sentences that name offices, for staff with who did it and who sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.casework.case import Case, Party
from chalicelib.casework.events import Event
from chalicelib.casework.photos import AT_SUBMISSION
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import has, t
from chalicelib.web.present_clocks import name_of
from chalicelib.web.present_offices import office_name, party_role, where
from chalicelib.web.render import rich
from chalicelib.web.views import PhotoView

if TYPE_CHECKING:
    from markupsafe import Markup

# What residents never see: the office's own steps.
INTERNAL = frozenset({"handled_proposed", "handled_declined", "revealed", "link_renewed", "reminded", "lapsed"})
# Events whose free text is meant for colleagues.
PRIVATE_NOTES = frozenset({"assigned", "handled_confirmed"})
UP = frozenset({"passed_up", "allocated"})
CLOCKED = frozenset({"reminded", "lapsed"})
QUOTED = {
    "accepted": "note",
    "assigned": "note",
    "asked": "text",
    "replied": "text",
    "added": "text",
    "passed_up": "reason",
    "allocated": "reason",
    "prelim_given": "text",
    "handled_proposed": "text",
    "handled_confirmed": "note",
    "handled_declined": "reason",
    "answered": "text",
    "closed": "text",
    "withdrawn": "text",
    "reopened": "reason",
    "revealed": "note",
}


@dataclass(frozen=True)
class Line:
    """`visible` says who may see it (for staff); `hidden_note` that only the quoted words are for colleagues."""

    type: str
    text: Markup
    when: str
    iso: str
    quote: str = ""
    who: str = ""
    up: bool = False
    visible: bool = True
    hidden_note: bool = False
    photos: tuple[PhotoView, ...] = ()


@dataclass
class _Walk:
    """Where the case was when each event happened."""

    rung: str = ""
    unit: str = ""
    result: str = ""


def _advance(walk: _Walk, event: Event) -> None:
    if event.type == "submitted":
        first = event.data.get("case", {})
        walk.rung, walk.unit = first.get("rung", ""), first.get("unit", "")
    elif event.type in UP:
        walk.rung, walk.unit = event.data["rung"], event.data["unit"]
    elif event.type == "handled_proposed":
        walk.result = event.data.get("text", "")


def outcome_name(outcome: str | None, lang: str) -> str:
    key = f"outcome.{outcome}"
    return t(lang, key) if outcome and has(lang, key) else ""


def _variant(event: Event, audience: str) -> str:
    key = f"event.{event.type}.{audience}"
    if event.type == "passed_up" and event.by == "system":
        return f"{key}_auto"
    if event.type == "reopened" and event.data.get("by_rating"):
        return f"{key}_rating"
    if event.type == "withdrawn" and event.by != "reporter":
        return f"{key}_office"
    return key


def _params(street: Street, event: Event, walk: _Walk, place: str, lang: str, names: bool) -> dict[str, str]:
    data = event.data
    params = {"office": office_name(street, walk.rung, walk.unit, lang), "place": place}
    if event.type in UP:
        params["to"] = office_name(street, data["rung"], data["unit"], lang)
    if event.type == "assigned":
        party = Party(**data["to"])
        params["party"] = party.name if names else party_role(street, party, lang)
    if event.type in CLOCKED:
        params["clock"] = name_of(street, str(data.get("clock", "")), lang)
    if "outcome" in data:
        params["outcome"] = outcome_name(data["outcome"], lang)
    if event.type == "rated":
        params["rating"] = rating_words(data["rating"], lang)
    if event.type == "revealed":
        reason = str(data.get("reason", ""))
        key = f"option.reason.{reason}"
        params["reason"] = t(lang, key) if has(lang, key) else reason
    return params


def rating_words(rating: Mapping[str, object], lang: str) -> str:
    verdict = t(lang, "rate.satisfied.yes" if rating.get("satisfied") else "rate.satisfied.no")
    score = rating.get("score")
    return t(lang, "rate.summary", verdict=verdict, score=str(score)) if score else verdict


def _quote(event: Event, walk: _Walk, staff: bool) -> str:
    if event.type == "handled_confirmed" and not staff:
        return walk.result
    if event.type == "rated":
        return str(event.data["rating"].get("words") or "")
    if event.by == "system" or (not staff and (event.data.get("internal") or event.type in PRIVATE_NOTES)):
        return ""
    return str(event.data.get(QUOTED.get(event.type, ""), "") or "")


def later(photos: Sequence[PhotoView]) -> list[PhotoView]:
    """Photos that did not come with the report."""
    return [photo for photo in photos if photo.slot > AT_SUBMISSION]


def timeline(
    street: Street,
    case: Case,
    events: Sequence[Event],
    photos: Sequence[PhotoView],
    place: Place | None,
    now: datetime,
    lang: str,
    staff: Mapping[str, str] | None = None,
) -> list[Line]:
    """Newest first. `staff` (names by `by`) makes it the colleagues' timeline; without it internal lines are left out."""
    walk = _Walk(case.rung, case.unit)
    first = tuple(photo for photo in photos if photo.slot <= AT_SUBMISSION)
    lines: list[Line] = []
    for event in events:
        for_staff = staff is not None
        if event.type == "submitted":
            _advance(walk, event)
        internal = event.type in INTERNAL
        if for_staff or not internal:
            quote = _quote(event, walk, for_staff)
            params = _params(street, event, walk, where(street, case, place, lang), lang, for_staff)
            lines.append(
                Line(
                    type=event.type,
                    text=rich(lang, _variant(event, "staff" if for_staff else "resident"), **params),
                    when=dates.moment(lang, event.at, street.tz, now),
                    iso=dates.iso(event.at),
                    quote=quote,
                    who=_who(event, street, walk, staff, lang) if staff is not None else "",
                    up=event.type in UP,
                    visible=not internal,
                    hidden_note=bool(quote)
                    and not internal
                    and (bool(event.data.get("internal")) or event.type in PRIVATE_NOTES),
                    photos=first if event.type == "submitted" and not for_staff else (),
                )
            )
        if event.type != "submitted":
            _advance(walk, event)
    lines.reverse()
    return lines


def _who(event: Event, street: Street, walk: _Walk, staff: Mapping[str, str], lang: str) -> str:
    if event.by in {"reporter", "system"}:
        return t(lang, f"role.{event.by}")
    return str(event.data.get("who") or "") or staff.get(event.by) or office_name(street, walk.rung, walk.unit, lang)
