"""A case as data, from the same sentences that its pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.casework.card import Card
from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.street import Place, Street
from chalicelib.web import api_shapes as api
from chalicelib.web.i18n import t
from chalicelib.web.present_case import head, notes, office_of
from chalicelib.web.present_clocks import PAUSED, concerns_residents, live, name_of, standing
from chalicelib.web.present_common import missing_text
from chalicelib.web.present_offices import where
from chalicelib.web.present_timeline import timeline
from chalicelib.web.views import ActionView, PhotoView

Seen = tuple[Case, Sequence[Event], Sequence[PhotoView], Place | None]


def progress(street: Street, seen: Seen, now: datetime, lang: str, actions: Sequence[str]) -> api.Progress:
    case, _, photos, place = seen
    shown = head(street, case, place, now, lang)
    category = street.category_by_id.get(case.category)
    return api.Progress(
        number=case.no,
        state=case.state,
        state_name=shown.state,
        open=case.open,
        text=case.text,
        category=category.name.text(lang) if category else "",
        place=shown.place,
        office=office_of(street, case, lang, names=False),
        received_at=case.received_at,
        updated_at=case.updated_at,
        outcome=case.outcome or "",
        result=shown.result,
        question=case.question,
        reply_by=case.reply_by,
        notes=tuple(notes(street, case, now, lang)),
        clocks=_clocks(street, case, now, lang, all_of_them=False),
        timeline=_timeline(street, seen, now, lang),
        photos=_photos(photos),
        actions=tuple(actions),
    )


def _clocks(street: Street, case: Case, now: datetime, lang: str, *, all_of_them: bool) -> tuple[api.ClockNow, ...]:
    runs = [run for run in live(case) if case.open and (all_of_them or concerns_residents(street.clocks.get(run.id)))]
    return tuple(
        api.ClockNow(
            id=run.key,
            name=name_of(street, run.id, lang),
            started=run.started,
            due=run.due,
            standing=PAUSED if run.paused else standing(run.warn, run.due, now),
        )
        for run in runs
    )


def _timeline(
    street: Street, seen: Seen, now: datetime, lang: str, staff: Mapping[str, str] | None = None, *, blind: bool = False
) -> tuple[api.Happened, ...]:
    case, events, photos, place = seen
    return tuple(
        api.Happened(
            type=line.type, at=line.iso, text=line.text.striptags(), quote=line.quote, who=line.who, visible=line.visible
        )
        for line in timeline(street, case, events, photos, place, now, lang, staff, blind=blind)
    )


def _photos(photos: Sequence[PhotoView]) -> tuple[api.Photo, ...]:
    found = []
    for one in photos:
        status = one.status if one.status in {"ready", "refused"} else "pending"
        found.append(api.Photo(slot=one.slot, status=status, by=one.by, thumb=one.thumb, full=one.full))  # type: ignore[arg-type]  # one of the three, see above
    return tuple(found)


def listed(card: Card) -> api.Listed:
    return api.Listed(
        number=card.no,
        title=card.title,
        place=card.place,
        committee=card.committee,
        zone=card.zone,
        case_class=card.case_class,
        category=card.category,
        state=card.state,
        rung=card.rung,
        owner=card.owner,
        channel=card.channel,
        received_at=card.received_at,
        deadline=card.deadline,
        marks=card.marks,
    )


def staff_case(
    street: Street, seen: Seen, now: datetime, lang: str, actions: Sequence[ActionView], *, sees_reporter: bool
) -> api.StaffCase:
    case, events, photos, place = seen
    names = {event.by: str(event.data["who"]) for event in events if "who" in event.data}
    return api.StaffCase(
        number=case.no,
        version=case.version,
        state=case.state,
        state_name=t(lang, f"state.{case.state}"),
        open=case.open,
        title=case.title,
        text=case.text,
        case_class=case.case_class,
        category=case.category,
        channel=case.channel,
        place=where(street, case, place, lang),
        committee=case.committee,
        zone=case.zone,
        rung=case.rung,
        unit=case.unit,
        office=office_of(street, case, lang, names=True),
        nickname=case.nickname if sees_reporter else None,
        phone=case.phone_mask if sees_reporter else None,
        received_at=case.received_at,
        updated_at=case.updated_at,
        outcome=case.outcome or "",
        result=case.result,
        clocks=_clocks(street, case, now, lang, all_of_them=True),
        timeline=_timeline(street, seen, now, lang, names, blind=not sees_reporter),
        photos=_photos(photos),
        actions=tuple(_action(one, lang) for one in actions),
    )


def _action(one: ActionView, lang: str) -> api.Action:
    inputs = tuple(
        api.Input(
            name=spec.name,
            kind=spec.kind,
            required=spec.required,
            options=tuple(api.Choice(value, label) for value, label in spec.options),
        )
        for spec in one.fields
    )
    return api.Action(id=one.id, name=t(lang, f"action.{one.id}"), inputs=inputs, missing=missing_text(lang, one.missing))
