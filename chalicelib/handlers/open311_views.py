"""What GeoReport's addresses answer (`handlers.open311` declares them): parse, one call, and the answer in the format asked for.

`jurisdiction_id` is the street's own id; it may be left out, because an address serves one street.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from chalice.app import Response

from chalicelib import wiring
from chalicelib.errors import FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.handlers.http import SECURITY, Asked
from chalicelib.usecases import apikeys, capability, open311_filing, open311_ids
from chalicelib.usecases import open311_reading as reading
from chalicelib.usecases.open311_filing import Filing, Words
from chalicelib.usecases.open311_reading import Told, Wanted
from chalicelib.web import open311_shapes as shapes
from chalicelib.web import open311_text, open311_view
from chalicelib.web.i18n import t
from chalicelib.web.open311_shapes import Filed, Request, Token

STATUSES = {"open": True, "closed": False}
_FILE = re.compile(r"([0-9A-Za-z_\-]{1,64})\.(xml|json)")


def told(fmt: str, root: str, value: object, status: int = 200) -> Response:
    headers: dict[str, str | list[str]] = {"Content-Type": open311_text.TYPES[fmt], **SECURITY, **open311_text.ANYWHERE}
    return Response(body=open311_text.written(fmt, root, value), status_code=status, headers=headers)


def _file(it: Asked, file: str) -> tuple[str, str]:
    """Name and format of what was asked for. Raises `Unknown("page")` for another format."""
    _same_street(it.query)
    found = _FILE.fullmatch(file)
    if found is None:
        raise Unknown("page")
    return found[1], found[2]


def _same_street(sent: Mapping[str, str]) -> None:
    asked = sent.get("jurisdiction_id", "")
    if asked and asked != wiring.context().street.id:
        raise Unknown("jurisdiction")


def base_of(it: Asked) -> str:
    return f"{it.origin}{it.look.root}/open311/v2"


def discovery(it: Asked, fmt: str) -> Response:
    return told(fmt, "discovery", open311_view.discovery(wiring.context().street, it.look.lang, base_of(it)))


def services(it: Asked, fmt: str) -> Response:
    _same_street(it.query)
    return told(fmt, "services", open311_view.services(wiring.context().street, it.look.lang))


def definition(it: Asked, file: str) -> Response:
    code, fmt = _file(it, file)
    open311_filing.category_of(wiring.context(), code)
    return told(fmt, "service_definition", open311_view.definition(wiring.context().street, code, it.look.lang))


def requests(it: Asked, fmt: str) -> Response:
    _same_street(it.query)
    ctx = wiring.context()
    ids = _list(it.query.get("service_request_id", ""))
    if len(ids) > reading.IDS_MOST:
        raise NotAllowed("fields", fields=[FieldError("service_request_id", "too_many", {"max": reading.IDS_MOST})])
    found = reading.named(ctx, ids) if ids else reading.listed(ctx, _wanted(it))
    return told(fmt, "service_requests", [_request(one, it.look.lang) for one in found])


def _request(one: Told, lang: str) -> Request:
    ctx = wiring.context()
    return open311_view.request(ctx.street, ctx.places, (one.id, one.figures, one.card), lang)


def request(it: Asked, file: str) -> Response:
    name, fmt = _file(it, file)
    return told(fmt, "service_requests", [_request(reading.one(wiring.context(), name), it.look.lang)])


def token(it: Asked, file: str) -> Response:
    """Requests have their id at once, so an id is its own token."""
    name, fmt = _file(it, file)
    found = reading.one(wiring.context(), name)
    return told(fmt, "service_requests", [Token(service_request_id=found.id, token=name)])


def _list(typed: str) -> list[str]:
    return [part.strip() for part in typed.split(",") if part.strip()]


def _wanted(it: Asked) -> Wanted:
    ctx = wiring.context()
    first, last = _span(it.query.get("start_date", ""), it.query.get("end_date", ""), ctx.clock.civil())
    codes = [open311_filing.category_of(ctx, code) for code in _list(it.query.get("service_code", ""))]
    statuses = _list(it.query.get("status", "").lower())
    wrong = [FieldError("status", "choice")] if set(statuses) - set(STATUSES) else []
    page, wrong_page = _count(it.query, "page", 1, reading.MOST)
    size, wrong_size = _count(it.query, "page_size", reading.MOST, reading.MOST)
    wrong += [*wrong_page, *wrong_size]
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    opened = STATUSES[statuses[0]] if len(set(statuses)) == 1 else None
    skip = (page - 1) * size
    # A thousand at most over all pages: what lies deeper is reached by narrower dates.
    return Wanted(first, last, frozenset(codes), opened, skip, max(min(size, reading.MOST - skip), 0))


def _count(sent: Mapping[str, str], name: str, usual: int, most: int) -> tuple[int, list[FieldError]]:
    typed = sent.get(name, "")
    if not typed:
        return usual, []
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 10 and int(typed)):
        return usual, [FieldError(name, "number")]
    return min(int(typed), most), []


def _span(start: str, end: str, now: datetime) -> tuple[datetime, datetime]:
    """Both ends in it; the latest ninety days when neither is named, and ninety days from the one that is."""
    first, last = _instant("start_date", start), _instant("end_date", end)
    if first is None and last is None:
        last = now
    if first is None:
        first = (last or now) - reading.SPAN
    if last is None:
        last = min(now, first + reading.SPAN) if first <= now else first
    if last < first or last - first > reading.SPAN:
        raise NotAllowed("fields", fields=[FieldError("end_date", "span", {"days": reading.SPAN.days})])
    return first, last


def _instant(name: str, typed: str) -> datetime | None:
    """A W3C date and time; without a zone it is the street's."""
    if not typed.strip():
        return None
    try:
        # A plus sign that was not escaped has arrived as a space.
        found = datetime.fromisoformat(typed.strip().replace(" ", "+"))
        found = (found if found.tzinfo else found.replace(tzinfo=wiring.context().street.tz)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotAllowed("fields", fields=[FieldError(name, "instant")]) from error
    if not 2000 <= found.year <= 2100:
        raise NotAllowed("fields", fields=[FieldError(name, "instant")])
    return found


def post(it: Asked, fmt: str) -> Response:
    ctx = wiring.context()
    sent = it.form_lists()
    values = {name.removesuffix("[]"): found[-1].strip() for name, found in sent.items() if found[-1].strip()}
    if "api_key" not in values:
        raise Forbidden("api_key")
    app = apikeys.holder(values["api_key"])
    _same_street(values)
    case = open311_filing.file(ctx, app, _filing(it, values, sent), _words())
    link = f"{it.origin}{it.look.root}/t/{capability.token_for(ctx, case.no, case.generation)}"
    notice = open311_view.notice(ctx.street, case, link, it.look.lang)
    filed = Filed(service_request_id=open311_ids.public(ctx, case.no), service_notice=notice)
    return told(fmt, "service_requests", [filed], 201)


def _filing(it: Asked, values: Mapping[str, str], sent: Mapping[str, Sequence[str]]) -> Filing:
    try:
        form = msgspec.convert(values, shapes.Filing, strict=False)
    except msgspec.ValidationError as error:
        # Only the coordinates are anything but text.
        raise NotAllowed("fields", fields=[FieldError("lat", "coordinates")]) from error
    if (form.lat is None) != (form.long is None):
        raise NotAllowed("fields", fields=[FieldError("lat", "coordinates")])
    if not form.service_code:
        raise NotAllowed("fields", fields=[FieldError("service_code", "required")])
    known = set(shapes.Filing.__struct_encode_fields__)
    body = [(name, value) for name, found in sent.items() for value in found if name != "api_key"]
    return Filing(
        service_code=form.service_code,
        body=body,
        description=form.description,
        reporter=form.reporter,
        elsewhere=form.elsewhere,
        submission=form.submission,
        unknown=sorted(name for name in values if name.startswith("attribute[") and name not in known),
        address_id=form.address_id,
        address=form.address_string,
        point=None if form.lat is None or form.long is None else (form.lat, form.long),
        phone=form.phone,
        name=" ".join(part for part in (form.first_name, form.last_name) if part),
        media_url=form.media_url,
        lang=it.look.lang,
        ip=it.address,
    )


def _words() -> Words:
    """In the street's own language: they are for its staff."""
    lang = wiring.context().street.languages[0]
    return Words(
        sent_by=t(lang, "open311.line.sent_by", name="{}"),
        address=t(lang, "open311.line.address", address="{}"),
        coordinates=t(lang, "open311.line.coordinates", point="{}"),
        picture=t(lang, "open311.line.picture", address="{}"),
        nothing=t(lang, "open311.line.nothing"),
    )
