"""What happened, newest first: for residents in plain sentences that name offices, for staff with who did it and who sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.casework.photos import AT_SUBMISSION
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web.i18n import t
from chalicelib.web.present_events import ABOUT_REPORTERS, INTERNAL, UP, Said, Walk, is_private, params, quote, variant
from chalicelib.web.present_offices import office_name, where
from chalicelib.web.render import rich
from chalicelib.web.views import PhotoView

if TYPE_CHECKING:
    from markupsafe import Markup


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


def later(photos: Sequence[PhotoView]) -> list[PhotoView]:
    """Photos that did not come with the report."""
    return [photo for photo in photos if photo.slot > AT_SUBMISSION]


def is_internal(event: Event) -> bool:
    return event.type in INTERNAL or bool(event.data.get("internal"))


def timeline(
    street: Street,
    case: Case,
    events: Sequence[Event],
    photos: Sequence[PhotoView],
    place: Place | None,
    now: datetime,
    lang: str,
    staff: Mapping[str, str] | None = None,
    *,
    blind: bool = False,
) -> list[Line]:
    """Newest first. `staff` (names by `by`) makes it the colleagues' timeline; without it internal lines are left out. `blind`
    leaves out what would tell who reported.
    """
    walk = Walk(case.rung, case.unit)
    lines: list[Line] = []
    for event in events:
        if event.type == "submitted":
            walk.advance(event)
        shown = staff is not None or not is_internal(event)
        if shown and not (blind and event.type in ABOUT_REPORTERS):
            said = Said(street, event, walk, where(street, case, place, lang), now, lang, staff is not None)
            lines.append(_line(said, photos, staff))
        if event.type != "submitted":
            walk.advance(event)
    lines.reverse()
    return lines


def _line(it: Said, photos: Sequence[PhotoView], staff: Mapping[str, str] | None) -> Line:
    event, internal = it.event, is_internal(it.event)
    words = quote(event, it.walk, it.staff)
    first = tuple(photo for photo in photos if photo.slot <= AT_SUBMISSION)
    return Line(
        type=event.type,
        text=rich(it.lang, variant(event, "staff" if it.staff else "resident"), **params(it)),
        when=dates.moment(it.lang, event.at, it.street.tz, it.now),
        iso=dates.iso(event.at),
        quote=words,
        who=_who(it, staff) if staff is not None else "",
        up=event.type in UP,
        visible=not internal,
        hidden_note=bool(words) and not internal and is_private(event),
        photos=first if event.type == "submitted" and not it.staff else (),
    )


def _who(it: Said, staff: Mapping[str, str]) -> str:
    if it.event.by in {"reporter", "system"}:
        return t(it.lang, f"role.{it.event.by}")
    known = str(it.event.data.get("who") or "") or staff.get(it.event.by)
    return known or office_name(it.street, it.walk.rung, it.walk.unit, it.lang)
