"""Another application files a request: the same ledger, limits and rules as the form at the door.

GeoReport has no key of a submission, and its clients repeat a POST whose answer was lost. So the same form under the same API key
is one case for ten to twenty minutes; `attribute[submission]` makes it so for good, and another body under it is a conflict.

What the case has no room for is not kept: an e-mail address, `device_id` and `account_id` only tell two forms apart. The address
of a picture is kept as words for staff. Nothing here ever fetches it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chalicelib.casework.access import unit_of
from chalicelib.casework.card import place_name
from chalicelib.casework.case import Case
from chalicelib.errors import FieldError, Limited, Unknown
from chalicelib.street import Place, Rung
from chalicelib.usecases import limits
from chalicelib.usecases.apikeys import App
from chalicelib.usecases.context import Context
from chalicelib.usecases.repeats import already
from chalicelib.usecases.submit import ELSEWHERE_MAX, NICKNAME_MAX, New, Report, checked, facts_of, once

CHANNEL = "open311"
# The code of what fits no category of the street's.
OTHER = "other"
WINDOW_S = 600
URL_MAX = 500
# The specification's own, and room for our lines below it.
DESCRIPTION_MAX, LINES_MAX = 4000, 1400
# A geocoder's address is longer than what people write at a door.
ADDRESS_MAX = 500
_URL = re.compile(r"https?://[!-~]+")
_NAMED = re.compile(r"[0-9A-Za-z_\-.:]{8,64}")


@dataclass(frozen=True)
class Filing:
    """The form as sent. `body` is everything in it that makes two forms the same; `point` is latitude and longitude;
    `unknown` are attributes that no definition names.
    """

    service_code: str
    body: Sequence[tuple[str, str]]
    description: str = ""
    reporter: str = ""
    elsewhere: str = ""
    submission: str = ""
    unknown: Sequence[str] = ()
    address_id: str = ""
    address: str = ""
    point: tuple[float, float] | None = None
    phone: str = ""
    name: str = ""
    media_url: str = ""
    lang: str = "zh-CN"
    ip: str = ""


@dataclass(frozen=True)
class Words:
    """Lines for staff below the description, in the street's language, with one parameter each; and what stands for none."""

    sent_by: str
    address: str
    coordinates: str
    picture: str
    nothing: str


@dataclass(frozen=True)
class Where:
    """`rung` is set when nobody knows whose it is: then an office of the whole street hands it on."""

    place: Place
    elsewhere: str = ""
    rung: Rung | None = None


def category_of(ctx: Context, code: str) -> str:
    """The street's category of a service code, "" for the one without. Raises `Unknown("service_code")`."""
    if code in ctx.street.category_by_id:
        return code
    if code == OTHER:
        return ""
    raise Unknown("service_code")


def code_of(ctx: Context, category: str) -> str:
    """A category that the street has taken away since is told as the one without."""
    return category if category in ctx.street.category_by_id else OTHER


def file(ctx: Context, app: App, filing: Filing, words: Words) -> Case:
    """The case that this form is, made now or found.

    Raises `Unknown("service_code")`, `NotAllowed("fields")` with everything that has to change under the form's own names,
    `Limited("submissions")` and `Conflict("same_key")`.
    """
    category = category_of(ctx, filing.service_code)
    wrong = [*_problems(filing)]
    where = _where(ctx, filing)
    if where is None:
        wrong.append(FieldError("address_id", "choice") if filing.address_id else FieldError("address_id", "location"))
    repeated = _repeated(ctx, app, filing) if not wrong else None
    if repeated is not None:
        return repeated
    report = Report(
        key=_key(ctx, app, filing, _window(ctx)),
        code="",
        text="\n".join([filing.description.strip() or words.nothing, *_lines(app, filing, words)]),
        category=category,
        nickname=filing.name[:NICKNAME_MAX],
        phone=filing.phone,
        elsewhere=where.elsewhere if where else "",
        reporter=filing.reporter or "resident",
        lang=filing.lang,
    )
    clean, phone = checked(ctx, report, wrong, DESCRIPTION_MAX + LINES_MAX)
    if where is None:
        raise RuntimeError("a form without a place passed the check")
    facts = facts_of(ctx, clean, phone, where.place, CHANNEL, "")
    if where.rung is not None:
        unit = unit_of(where.rung.scope, facts)
        facts = msgspec.structs.replace(facts, rung=where.rung.id, unit=unit, highest=where.rung.level)
    counters = limits.guards(ctx, [facts.phone_mac], facts.place, filing.ip, proved=False)
    try:
        return once(
            ctx, New(report.key, {"app": app.id, "form": sorted(filing.body)}, facts, phone, where.place, counters=counters)
        )
    except Limited as error:
        # No application can solve what a page solves by itself.
        raise Limited("submissions", params=error.params) from error


def _problems(filing: Filing) -> list[FieldError]:
    wrong = [FieldError(name, "unknown") for name in filing.unknown]
    if len(filing.description.strip()) > DESCRIPTION_MAX:
        wrong.append(FieldError("text", "too_long", {"max": DESCRIPTION_MAX}))
    if len(filing.address) > ADDRESS_MAX:
        wrong.append(FieldError("elsewhere", "too_long", {"max": ADDRESS_MAX}))
    if filing.media_url and (len(filing.media_url) > URL_MAX or not _URL.fullmatch(filing.media_url)):
        wrong.append(FieldError("media_url", "address"))
    if filing.submission and not _NAMED.fullmatch(filing.submission):
        wrong.append(FieldError("attribute[submission]", "submission"))
    if filing.point and not (-90 <= filing.point[0] <= 90 and -180 <= filing.point[1] <= 180):
        wrong.append(FieldError("lat", "coordinates"))
    return wrong


def _lines(app: App, filing: Filing, words: Words) -> list[str]:
    """What else staff are told: which application it came by, where on earth, and where a picture is said to be."""
    found = [words.sent_by.format(app.name)]
    if len(filing.address) > ELSEWHERE_MAX:
        found.append(words.address.format(filing.address))
    if filing.point:
        found.append(words.coordinates.format(point_text(filing.point)))
    if filing.media_url:
        found.append(words.picture.format(filing.media_url))
    return found


def point_text(point: tuple[float, float]) -> str:
    return f"{point[0]:.6f}, {point[1]:.6f}"


def _key(ctx: Context, app: App, filing: Filing, window: str) -> str:
    """The submission's key that the form would have brought."""
    named = filing.submission
    same = [app.id, "named", named] if named else [app.id, window, *(part for pair in sorted(filing.body) for part in pair)]
    return ctx.keys.mac("open311-form", *same)[:16].hex()


def _window(ctx: Context, back: int = 0) -> str:
    return str(int(ctx.clock.wall().timestamp()) // WINDOW_S - back)


def _repeated(ctx: Context, app: App, filing: Filing) -> Case | None:
    """The case of the same form a window ago; within its own window `once` finds it."""
    if filing.submission:
        return None
    return already(ctx, _key(ctx, app, filing, _window(ctx, 1)))


def _where(ctx: Context, filing: Filing) -> Where | None:
    """A place's id says it; else an address is looked for among the street's own names; else it is where the street wants other
    systems' orders without a place, or an office of the whole street sorts it. None when nothing or no known id is said.
    """
    elsewhere = filing.elsewhere
    if filing.address_id:
        place = ctx.places.get(filing.address_id.strip().upper())
        return Where(place, elsewhere) if place and not place.retired else None
    if not filing.address and not filing.point:
        return None
    told = elsewhere or _shortened(filing.address)
    found = _recognised(ctx, filing.address)
    if found is None:
        told = told or point_text(filing.point or (0.0, 0.0))
        named = ctx.places.get(ctx.street.orders.place)
        return Where(named, told) if named else Where(_first(ctx), told, _sorting(ctx))
    place, whole = found
    return Where(place, elsewhere if whole else told)


def _shortened(address: str) -> str:
    return address if len(address) <= ELSEWHERE_MAX else f"{address[: ELSEWHERE_MAX - 1]}…"


def _recognised(ctx: Context, address: str) -> tuple[Place, bool] | None:
    """The door that an address names in whole, or the first door of the longest name of an estate or committee in it."""
    plain = _plain(address)
    if not plain:
        return None
    street = ctx.street
    best: tuple[int, Place] | None = None
    for place in ctx.places.values():
        if place.retired:
            continue
        doors = {_plain(place_name(street, place, lang)) for lang in ("zh-CN", "en")}
        if plain in doors:
            return place, True
        community, committee = street.community_by_id.get(place.community), street.committee_by_id[place.committee]
        names = [label for one in (community, committee) if one for label in (one.name.zh, one.name.en)]
        # A door's name says more than its estate's, whatever their lengths.
        scored = [1000 + len(name) for name in doors if name in plain]
        scored += [len(_plain(name)) for name in names if name and _plain(name) in plain]
        if scored and (best is None or max(scored) > best[0]):
            best = max(scored), place
    return (best[1], False) if best else None


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _first(ctx: Context) -> Place:
    return next(place for place in ctx.places.values() if not place.retired)


def _sorting(ctx: Context) -> Rung | None:
    """The lowest office of the whole street that takes what has no class yet, one that hands on before one that doesn't; none in
    a street without: then the first door's office has it.
    """
    wide = [rung for rung in ctx.street.rungs if rung.scope == "street" and any(not entry.classes for entry in rung.enters)]
    return min(wide, key=lambda rung: (not rung.allocate, rung.level), default=None)
