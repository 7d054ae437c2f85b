"""The registers at the desk: what waits, one registration, digests, exports, a flat's file, and people's rights."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from chalicelib.casework.card import Card, place_name
from chalicelib.casework.events import Event
from chalicelib.casework.register import RESULTS, Register
from chalicelib.casework.register_card import PARTS, Row
from chalicelib.errors import DoorstepError
from chalicelib.street import Place, Street
from chalicelib.web import dates
from chalicelib.web import present_register as present
from chalicelib.web.i18n import count, t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.present_offices import grant_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

DESK = ("tokens", "desk", "register_desk")
REASONS = ("verify", "contact", "other")


@dataclass(frozen=True)
class QueueRow:
    no: str
    url: str
    kind: str
    where: str
    state: str
    slot: str
    living: str
    case: str


@dataclass(frozen=True)
class ListRow:
    """A line of a table: its cells, and a link where there is a file."""

    cells: tuple[str, ...]
    url: str = ""


def desk_page(look: Look, street: Street, me: Viewer, template: str, title: str, **view: object) -> str:
    return render(
        template,
        look,
        street,
        DESK,
        f=frame(look, street, title),
        me=me,
        grants=[grant_name(street, grant, look.lang) for grant in me.grants],
        here="registers",
        total="",
        title=title,
        attempt=secrets.token_hex(16),
        tabs=_tabs(look, me),
        **view,
    )


def _tabs(look: Look, me: Viewer) -> list[tuple[str, str]]:
    """The registers' pages, as far as the reader's roles go."""
    roles = {grant.partition("@")[0] for grant in me.grants}
    found = [("queue", "registers"), ("digests", "digests")]
    if roles & {"committee", "street_admin"}:
        found.append(("exports", "exports"))
    if "street_admin" in roles:
        found.append(("people", "people"))
    return [(t(look.lang, f"desk.register.tab.{name}"), f"{look.root}/desk/{path}") for name, path in found]


def _where(lang: str, street: Street, place: Place | None, room: str) -> str:
    return f"{place_name(street, place, lang) if place else ''} {room}".strip()


def queue(look: Look, street: Street, me: Viewer, rows: Sequence[Row], places: Mapping[str, Place]) -> str:
    lang = look.lang
    shown = [
        QueueRow(
            no=row.no,
            url=f"{look.root}/desk/registers/{row.no}",
            kind=t(lang, f"register.kind.{row.kind}"),
            where=_where(lang, street, places.get(row.place), row.room),
            state=t(lang, f"register.state.{row.state}"),
            slot=present.row_slot(lang, row, street),
            living=count(lang, "desk.register.living", row.living),
            case=row.case,
        )
        for row in rows
    ]
    return desk_page(look, street, me, "register_queue.html", t(lang, "desk.register.title"), rows=shown)


def registration(
    look: Look,
    street: Street,
    me: Viewer,
    register: Register,
    events: Sequence[Event],
    place: Place | None,
    may: Sequence[str],
    *,
    values: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
    revealed: Mapping[str, str] | None = None,
    shown: str = "",
) -> str:
    """`may` are `book visit correct reveal erase` as far as they are open. `revealed` is what person `shown` gave."""
    lang = look.lang
    look = replace(look, path=f"/desk/registers/{register.no}")
    fields = {name: t(lang, f"register.person.{name}") for name in ("name", "id", "phone", "employer")}
    return desk_page(
        look,
        street,
        me,
        "register_case.html",
        _where(lang, street, place, register.room) or register.no,
        no=register.no,
        kind=t(lang, f"register.kind.{register.kind}"),
        state=t(lang, f"register.state.{register.state}"),
        facts=present.facts(lang, register, street, place_name(street, place, lang) if place else ""),
        people=present.people(lang, register.people),
        history=present.history(lang, events, street, names=True),
        case=register.case,
        flat=f"{look.root}/desk/households?{urlencode({'place': register.place, 'room': register.room})}",
        may=frozenset(may),
        base=f"{look.root}/desk/registers/{register.no}",
        parts=[(part, t(lang, f"register.part.{part}")) for part in PARTS],
        results=[(result, t(lang, f"register.state.{result}")) for result in RESULTS],
        reasons=[(reason, t(lang, f"desk.register.reason.{reason}")) for reason in REASONS],
        values=dict.fromkeys(("slot_day", "slot_part", "result", "remark", "reason", "note"), "") | dict(values or {}),
        problem=present.problem(lang, register.kind, error),
        revealed=[(fields[name], revealed[name]) for name in fields if name in revealed] if revealed else [],
        shown=shown,
    )


def digests(look: Look, street: Street, me: Viewer, rows: Sequence[ListRow]) -> str:
    names = ("day", "committee", "new", "changed", "waiting", "ending", "flats", "people")
    heads = [t(look.lang, f"desk.register.digest.{name}") for name in names]
    title, empty = t(look.lang, "desk.register.tab.digests"), t(look.lang, "desk.register.digest.none")
    return desk_page(look, street, me, "register_lists.html", title, heads=heads, rows=rows, empty=empty)


def people(
    look: Look,
    street: Street,
    me: Viewer,
    found: Sequence[tuple[str, str, str]],
    records: Sequence[Mapping[str, str]] | None = None,
    error: DoorstepError | None = None,
    *,
    cases: Sequence[str] = (),
    erased: str = "",
    typed: tuple[str, str] = ("", ""),
    pictures: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """`found` are (number, key, link) of the registrations a person is in, `cases` those that came with the number asked for;
    `records` is what is handed out, after the log, `pictures` the signed links of each case's photos. `erased` is the case that
    was just erased. The person and the reason stay typed, so that the next step needs no second typing.
    """
    lines = [
        ([(name, value) for name, value in record.items() if value and name != "photos"], (pictures or {}).get(record["no"], ()))
        for record in records or ()
    ]
    said = ""
    if typed[0] and not (error or erased or found or cases or lines):
        said = t(look.lang, "desk.register.found.none")
    elif records is not None and not (cases or lines):
        # A number that stands in a registration and hands nothing out was typed there for somebody else.
        said = t(look.lang, "desk.register.found.not_theirs")
    return desk_page(
        replace(look, path="/desk/people"),
        street,
        me,
        "register_people.html",
        t(look.lang, "desk.register.tab.people"),
        found=found,
        cases=cases,
        records=lines,
        said=said,
        erased=erased,
        whose=typed[0],
        reason=typed[1],
        problem=present.problem(look.lang, "rental", error),
    )


def household(
    look: Look,
    street: Street,
    me: Viewer,
    place: Place,
    room: str,
    registrations: Sequence[tuple[Register, Sequence[Event]]],
    visits: Sequence[tuple[str, str, str, str]],
    own: Sequence[Card],
    door: Sequence[Card],
) -> str:
    lang = look.lang
    title = _where(lang, street, place, room)
    shown = [
        {
            "no": register.no,
            "url": f"{look.root}/desk/registers/{register.no}",
            "kind": t(lang, f"register.kind.{register.kind}"),
            "state": t(lang, f"register.state.{register.state}"),
            "facts": present.facts(lang, register, street, ""),
            "people": present.people(lang, register.people),
        }
        for register, _ in registrations
    ]
    calls = [
        (dates.dated(lang, at, street.tz), t(lang, f"register.state.{result}"), remark, who) for at, result, remark, who in visits
    ]
    return desk_page(
        look,
        street,
        me,
        "register_household.html",
        title,
        registrations=shown,
        visits=calls,
        own=[_case(look, card) for card in own],
        door=[_case(look, card) for card in door],
    )


def _case(look: Look, card: Card) -> tuple[str, str, str, str]:
    return f"{look.root}/desk/cases/{card.no}", card.no, card.title, t(look.lang, f"state.{card.state}")
