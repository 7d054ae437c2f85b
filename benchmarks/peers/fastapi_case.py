"""The street's configuration, the form and the case as pydantic models, for the peer that does the whole job."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, TypeAdapter

from benchmarks.peers import fastapi_numbers as numbers

HERE = Path(__file__).parent


class Text(BaseModel):
    zh: str = ""
    en: str = ""


class Named(BaseModel):
    id: str
    name: Text


class Committee(Named):
    zone: str


class Duration(BaseModel):
    amount: int
    unit: str


class StreetClock(BaseModel):
    id: str
    start: str
    late: Duration
    warn: Duration | None
    channels: list[str]


class Enters(BaseModel):
    channels: list[str] = []
    classes: list[str] = []


class Rung(Named):
    level: int
    role: str
    scope: str
    enters: list[Enters]
    clocks: list[str]


class Notice(BaseModel):
    on: str
    to: str
    template: str


class Calendar(BaseModel):
    holidays: frozenset[date]
    workdays: frozenset[date] = frozenset()


class Retention(BaseModel):
    case_days: int


class Street(BaseModel):
    id: str
    timezone: str
    kinds: list[Named]
    categories: list[Named]
    committees: list[Committee]
    rungs: list[Rung]
    clocks: dict[str, StreetClock]
    notices: list[Notice]
    calendar: Calendar
    retention: Retention


class Place(BaseModel):
    id: str
    kind: str
    name: str
    committee: str
    community: str
    en: str
    plate: str
    retired: bool


class Report(BaseModel):
    """The form as sent."""

    key: str = Field(pattern="^[0-9a-f]{32}$")
    code: str
    text: str = Field(min_length=1, max_length=2000)
    category: str = ""
    nickname: str = Field("", max_length=20)
    phone: str = Field("", max_length=40)
    elsewhere: str = Field("", max_length=100)
    photos: str = ""
    reporter: str = "resident"


class Running(BaseModel):
    id: str
    rung: str
    started: str
    due: str
    warn: str | None


class Case(BaseModel):
    no: str
    version: int = 1
    state: str = "received"
    kind: str = "issue"
    channel: str = "qr"
    reporter: str
    place: str
    community: str
    committee: str
    zone: str
    rung: str
    unit: str
    highest: int
    category: str
    text: str
    nickname: str
    elsewhere: str
    phone_mask: str
    phone_mac: str
    last4_mac: str
    photo_ref: str
    lang: str = "zh-CN"
    received_at: str
    updated_at: str
    clocks: list[Running]
    active: bool = False
    case_class: str = ""
    photos: int = 0
    slots: list[int] = []
    first_reply_at: str | None = None
    accepted_at: str | None = None
    prelim_at: str | None = None
    handled_at: str | None = None
    closed_at: str | None = None
    accepted_by: str = ""
    assignee: str | None = None
    proposed: str | None = None
    outcome: str | None = None
    result: str = ""
    question: str = ""
    reply_by: str | None = None
    additions: int = 0
    reopened: int = 0
    rating: int | None = None
    generation: int = 0
    lateness: int = 0
    supervised: bool = False
    supervisions: int = 0
    urges: int = 0
    external: str = ""
    dispatched_at: str | None = None
    dispatches: int = 0
    refusals: int = 0
    partners: list[str] = []
    requests: list[str] = []
    extended: str | None = None
    long_run_until: str | None = None
    contacted_at: str | None = None
    handled_by: str = ""
    handlings: int = 0
    published_at: str = ""
    visit: str | None = None
    visit_attempts: int = 0
    merged_into: str = ""
    followers: list[str] = []
    links: list[str] = []
    recurs: str = ""


class Event(BaseModel):
    v: int = 1
    seq: int
    type: str
    at: str
    by: str
    attempt: str
    data: Case
    clocks: list[Running]


class Stored(BaseModel):
    v: int = 1
    events: list[Event]
    state: Case


def load_street() -> Street:
    return Street.model_validate_json((HERE / "street.json").read_bytes())


def load_places() -> dict[str, Place]:
    found = TypeAdapter(list[Place]).validate_json((HERE / "places.json").read_bytes())
    return {place.id: place for place in found if not place.retired}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def due(start: datetime, wanted: Duration, street: Street) -> datetime:
    """By the street's working calendar where the duration counts working days."""
    if wanted.unit != "wd":
        return start + timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[wanted.unit]: wanted.amount})
    zone = ZoneInfo(street.timezone)
    local, left = start.astimezone(zone), wanted.amount
    if not working(local.date(), street):
        local = datetime.combine(local.date(), time.max, zone)
    while left:
        local += timedelta(days=1)
        left -= working(local.date(), street)
    return local.astimezone(start.tzinfo)


def working(day: date, street: Street) -> bool:
    return day in street.calendar.workdays or (day.weekday() < 5 and day not in street.calendar.holidays)


def entry(street: Street, channel: str) -> Rung:
    return next(rung for rung in street.rungs if any(channel in enters.channels and not enters.classes for enters in rung.enters))


def case_of(keys: numbers.Secrets, street: Street, place: Place, report: Report, phone: str, now: datetime) -> Case:
    no = numbers.case_number(keys.mac("case", report.key, "0"))
    rung = entry(street, "qr")
    committee = next(one for one in street.committees if one.id == place.committee)
    unit = {"street": "street", "zone": f"zone:{committee.zone}"}.get(rung.scope, f"committee:{committee.id}")
    started = [
        clock
        for clock in street.clocks.values()
        if clock.id in rung.clocks or (clock.start == "submitted" and (not clock.channels or "qr" in clock.channels))
    ]
    running = [
        Running(
            id=clock.id,
            rung=rung.id if clock.id in rung.clocks else "",
            started=stamp(now),
            due=stamp(due(now, clock.late, street)),
            warn=stamp(now + (due(now, clock.late, street) - now) / 2) if clock.warn else None,
        )
        for clock in started
    ]
    return Case(
        no=no,
        reporter=report.reporter,
        place=place.id,
        community=place.community,
        committee=place.committee,
        zone=committee.zone,
        rung=rung.id,
        unit=unit,
        highest=rung.level,
        category=report.category,
        text=numbers.hidden(report.text.strip()),
        nickname=numbers.hidden(report.nickname.strip()),
        elsewhere=numbers.hidden(report.elsewhere.strip()),
        phone_mask=numbers.mask(phone),
        phone_mac=keys.mac("phone", phone).hex() if phone else "",
        last4_mac=keys.mac("last4", no, phone[-4:]).hex() if phone else "",
        photo_ref=numbers.encoded(int.from_bytes(keys.mac("photos", report.key)[:15], "big"), 24),
        received_at=stamp(now),
        updated_at=stamp(now),
        clocks=running,
    )
