"""The street as GeoReport tells it: its services, what each may ask for, and its cases as coarsely as the public page does."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from chalicelib.casework.card import Card, place_name
from chalicelib.casework.case import Case
from chalicelib.casework.events import parse
from chalicelib.casework.figures import Figures
from chalicelib.street import Place, Street
from chalicelib.web.i18n import t
from chalicelib.web.open311_shapes import Attribute, Definition, Discovery, Endpoint, Request, Service, Value
from chalicelib.web.present_case import state_for_residents
from chalicelib.web.present_events import outcome_name
from chalicelib.web.present_form import REPORTERS

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
# When what is told here, or how, last changed.
CHANGESET = "2026-11-22T12:00:00+08:00"
OTHER = "other"


def discovery(street: Street, lang: str, base: str) -> Discovery:
    return Discovery(
        changeset=CHANGESET,
        contact=t(lang, "open311.contact", street=street.name.text(lang), phone=street.phone),
        key_service=t(lang, "open311.key_service", street=street.name.text(lang), phone=street.phone),
        endpoints=(
            Endpoint(
                specification=SPECIFICATION,
                url=base,
                changeset=CHANGESET,
                type="production",
                formats=("text/xml", "application/json"),
            ),
        ),
    )


def services(street: Street, lang: str) -> list[Service]:
    """One for each category of the form, and one for what fits none."""
    known = {one.id: one.name.text(lang) for one in street.categories}
    codes = [*known, *([OTHER] if OTHER not in known else [])]
    return [
        Service(
            service_code=code,
            service_name=service_name(street, code, lang),
            description=t(lang, "open311.service", name=service_name(street, code, lang), street=street.name.text(lang)),
            group=street.brand.text(lang),
        )
        for code in codes
    ]


def service_name(street: Street, code: str, lang: str) -> str:
    category = street.category_by_id.get(code)
    return category.name.text(lang) if category else t(lang, "open311.other")


def definition(street: Street, code: str, lang: str) -> Definition:
    """None of it is required: what the form at the door asks for, no more."""

    def asked(order: int, name: str, kind: str, *, variable: bool = True, values: tuple[Value, ...] = ()) -> Attribute:
        return Attribute(
            variable=variable,
            code=name,
            datatype="singlevaluelist" if values else "text" if kind == "text" else "string",
            required=False,
            datatype_description=t(lang, f"open311.attribute.{name}.hint"),
            order=order,
            description=t(lang, f"open311.attribute.{name}", street=street.name.text(lang), phone=street.phone),
            values=values,
        )

    reporters = tuple(Value(name, t(lang, f"reporter.{name}")) for name in REPORTERS)
    return Definition(
        service_code=code,
        attributes=(
            asked(1, "notice", "text", variable=False),
            asked(2, "elsewhere", "string"),
            asked(3, "reporter", "string", values=reporters),
            asked(4, "submission", "string"),
        ),
    )


def request(street: Street, places: Mapping[str, Place], told: tuple[str, Figures, Card], lang: str) -> Request:
    """`told` is the id, and the case's rows of the ledger."""
    request_id, row, card = told
    code = row.category if row.category in street.category_by_id else OTHER
    is_open = row.closed_at is None and row.state not in {"closed", "invalid"}
    address, address_id = _where(street, places, row, card, lang)
    rung = street.rung_by_id.get(card.rung)
    return Request(
        service_request_id=request_id,
        status="open" if is_open else "closed",
        status_notes=_notes(row, is_open, lang),
        service_name=service_name(street, code, lang),
        service_code=code,
        description=row.published if row.handled_at is not None else "",
        agency_responsible=rung.name.text(lang) if rung else street.name.text(lang),
        service_notice="",
        requested_datetime=moment(row.received_at, street.tz),
        updated_datetime=moment(_updated(row), street.tz),
        expected_datetime=moment(row.due, street.tz) if row.due and is_open and row.handled_at is None else None,
        address=address,
        address_id=address_id,
    )


def _notes(row: Figures, is_open: bool, lang: str) -> str:
    state = state_for_residents(row.state, lang)
    return state if is_open or not row.outcome else f"{state}, {outcome_name(row.outcome, lang)}"


def _updated(row: Figures) -> str:
    """The latest of what the ledger knows to have happened."""
    known = (row.received_at, row.first_reply_at, row.accepted_at, row.handled_at, row.closed_at, row.published_at)
    return max(instant for instant in known if instant)


def _where(street: Street, places: Mapping[str, Place], row: Figures, card: Card, lang: str) -> tuple[str, str]:
    """The estate, or the committee outside the walls, as on the public page; for what lies elsewhere only the street."""
    place = places.get(row.place)
    at_door = place is not None and card.place == place_name(street, place)
    unit = (street.community_by_id.get(row.community) or street.committee_by_id.get(row.committee)) if at_door else None
    area = unit.name.text(lang) if unit else ""
    joint = "" if lang == "zh-CN" else ", "
    wide = (street.city.text(lang), street.district.text(lang), street.name.text(lang), area)
    parts = [part for part in wide if part]
    return joint.join(parts if lang == "zh-CN" else reversed(parts)), unit.id if unit else street.id


def moment(instant: str, tz: ZoneInfo) -> str:
    return parse(instant).astimezone(tz).isoformat(timespec="seconds")


def notice(street: Street, case: Case, link: str, lang: str) -> str:
    """For the reporter alone."""
    return t(lang, "open311.notice", number=case.no, link=link, phone=street.phone)
