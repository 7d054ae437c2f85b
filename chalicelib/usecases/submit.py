"""A resident sends a report: once, however often it arrives.

The form makes the submission's key; the case number derives from it, so a repeat finds its own case. The same key with another
body is a conflict. At most three calls to AWS: one look at the place's latest cases where the report names a category, one data
key for the phone, one write. A repeat finds itself among the latest cases, or reads what stood in the write's way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from pynamodb.models import Model

from chalicelib.casework import decide, numbers, people, personal
from chalicelib.casework.access import REPORTER, unit_of
from chalicelib.casework.card import Card
from chalicelib.casework.case import IDEA, Case
from chalicelib.casework.events import stamp
from chalicelib.errors import Conflict, FieldError, Malformed, NotAllowed
from chalicelib.models import cases
from chalicelib.models.limits import Guard
from chalicelib.models.registers import RegisterItem
from chalicelib.street import Place
from chalicelib.usecases import limits
from chalicelib.usecases.context import Context
from chalicelib.usecases.telling import rows_for

TEXT_MAX, NICKNAME_MAX, ELSEWHERE_MAX = 2000, 20, 100
PHOTOS_MAX = 6
REPORTERS = ("resident", "merchant", "unit")
_KEY = re.compile(r"[0-9a-f]{32}")
# Two different submissions sharing 40 bits: the next counter is tried; four in a row does not happen.
COUNTERS = 4
# How many of a place's latest cases are looked through for the same trouble.
RECENT = 30


@dataclass(frozen=True)
class Report:
    """The form as typed. `photos` are the slots that the page has uploaded to."""

    key: str
    code: str
    text: str
    category: str = ""
    nickname: str = ""
    phone: str = ""
    elsewhere: str = ""
    photos: tuple[int, ...] = ()
    reporter: str = "resident"
    lang: str = "zh-CN"
    address: str = ""
    proof: str = ""


def photo_ref(ctx: Context, key: str) -> str:
    """Where a submission's photos lie; known only to who knows the submission's key."""
    return numbers.encode(int.from_bytes(ctx.keys.mac("photos", key)[:15], "big"), 24)


def check_key(key: str) -> str:
    """Raises `Malformed` when it is not 128 bits of hex, as every form makes it."""
    if not _KEY.fullmatch(key):
        raise Malformed("submission_key")
    return key


@dataclass(frozen=True)
class New:
    """A case to be made once under a key. `body` is what makes two submissions the same; `facts` lack only what hangs on the
    number. `also` are rows to be written with it, once its number is known.
    """

    key: str
    body: Mapping[str, object]
    facts: Case
    phone: str
    place: Place
    by: str = REPORTER
    who: str = ""
    counters: Sequence[Guard] = ()
    proved: bool = False
    also: Callable[[str], Sequence[Model]] | None = None


def submit(ctx: Context, report: Report) -> Case:
    """The case that this report is, made now or found.

    Raises `Malformed` (no usable key), `Unknown` (the code), `NotAllowed("fields")` with everything that has to change, and
    `Conflict("same_key")` when the key was used for another text. `Limited("heat")` asks for a proof of work, or for patience;
    `Limited("submissions")` for patience only.
    """
    key = check_key(report.key)
    _, place = ctx.scanned(report.code, "issue")
    clean, phone = checked(ctx, report)
    facts = facts_of(ctx, clean, phone, place, "qr", "")
    facts = msgspec.structs.replace(facts, photo_ref=photo_ref(ctx, key))
    proved = limits.is_proved(ctx, key, report.proof)
    counters = limits.guards(ctx, [facts.phone_mac], facts.place, report.address, proved=proved)
    return once(ctx, New(key, _body(clean), facts, phone, place, counters=counters, proved=proved))


def once(ctx: Context, new: New) -> Case:
    """Stores the case, or finds what the same key made before. Raises `Conflict("same_key")`."""
    submission = ctx.keys.mac("submission", new.key).hex()
    fingerprint = ctx.keys.mac("fingerprint", new.key, msgspec.json.encode(new.body)).hex()
    nearby = _nearby(new.facts)
    for counter in range(COUNTERS):
        no = numbers.case_number(ctx.keys.mac("case", new.key, str(counter)))
        standing = cases.get(no) if any(card.no == no for card in nearby) else None
        made = standing or _make(ctx, new, no, _recurs(ctx, new.facts, nearby), submission, fingerprint)
        if made.submission == submission:
            if made.fingerprint != fingerprint:
                raise Conflict("same_key")
            return made.case
    raise RuntimeError("four case numbers in a row were taken by other submissions")


def _nearby(facts: Case) -> list[Card]:
    """The latest cases of the same place, where the report may be one of them again."""
    return cases.at_place(facts.place, RECENT) if facts.category and not facts.elsewhere else []


def _recurs(ctx: Context, facts: Case, nearby: Sequence[Card]) -> str:
    """The case that this one repeats (mission D4): the same category at the same place, open or closed a short while ago."""
    since = stamp(ctx.clock.civil() - timedelta(days=ctx.street.terms.recurrence_days))
    again = (card for card in nearby if card.category == facts.category and card.state != "invalid")
    return next((card.no for card in again if card.closed_at is None or card.closed_at >= since), "")


def _make(ctx: Context, new: New, no: str, recurs: str, submission: str, fingerprint: str) -> cases.Stored:
    """Stores the case, or returns what already stands under its number."""
    sealed = ctx.vault.seal(f"case:{no}", {"phone": new.phone}) if new.phone else None
    last4 = ctx.keys.mac("last4", no, people.last4(new.phone)).hex() if new.phone else ""
    facts = msgspec.structs.replace(new.facts, no=no, last4_mac=last4, recurs=new.facts.recurs or recurs)
    # The attempt is the key with this very body: another body under the same key is not ours when we find it standing there.
    events = decide.submit(facts, fingerprint, ctx.clock.civil(), ctx.street, new.by, new.who)
    empty = cases.Stored(case=Case(no=no), events=(), submission=submission, fingerprint=fingerprint, sealed=sealed)
    rows: list[Model] = [*rows_for(ctx, empty.case, events), *_found_again(ctx, facts), *(new.also(no) if new.also else ())]
    counters = new.counters
    # An order may name a community and no door: then there is none to say.
    place = new.place if new.place.id else None
    for _ in range(cases.TRIES):
        try:
            return cases.write(empty, events, rows, fingerprint, ctx.street, place, counters)
        except cases.Stale as stale:
            if stale.standing is not None:
                return stale.standing
            # Many at once at one counter: the others are counted, and a report is worth more than its count.
            counters = ()
        except cases.Over as over:
            raise limits.refusal(over.name, proved=new.proved) from over
    raise Conflict("busy")


def _found_again(ctx: Context, facts: Case) -> list[Model]:
    """The row that finds this case by the phone it came with, for as long as a case is kept at most."""
    if not facts.phone_mac:
        return []
    ttl = int((ctx.clock.civil() + timedelta(days=2 * ctx.street.retention.case_days)).timestamp())
    return [RegisterItem(f"P#{facts.phone_mac}", f"C#{facts.no}", ttl=ttl)]


def facts_of(ctx: Context, report: Report, phone: str, place: Place, channel: str, case_class: str) -> Case:
    """The case as it comes in: where it is, who has it first, and what was said."""
    committee = ctx.street.committee_by_id[place.committee]
    # A suggestion is a class; whoever reports says so where they would name a category.
    idea = ctx.street.ideas is not None and report.category == IDEA
    case_class = case_class or (ctx.street.ideas.id if ctx.street.ideas and idea else "")
    rung = ctx.street.entry_rung(channel, case_class)
    at_place = Case(no="", place=place.id, community=place.community, committee=place.committee, zone=committee.zone)
    return msgspec.structs.replace(
        at_place,
        channel=channel,
        case_class=case_class,
        rung=rung.id,
        unit=unit_of(rung.scope, at_place),
        highest=rung.level,
        reporter=report.reporter,
        elsewhere=report.elsewhere,
        category="" if idea else report.category,
        text=report.text,
        nickname=report.nickname,
        phone_mask=people.mask_phone(phone) if phone else "",
        phone_mac=ctx.keys.mac("phone", phone).hex() if phone else "",
        photos=len(report.photos),
        slots=report.photos,
        lang=report.lang,
    )


def _body(report: Report) -> dict[str, object]:
    """What makes two submissions the same: everything but the key; the language is how it was read, not what was said."""
    fields = {name: getattr(report, name) for name in ("code", "text", "category", "nickname", "phone", "elsewhere", "reporter")}
    return {**fields, "photos": sorted(report.photos)}


def checked(ctx: Context, report: Report, also: Sequence[FieldError] = (), text_max: int = TEXT_MAX) -> tuple[Report, str]:
    """The report cleaned, and the phone in its one written form ("" for none).

    Raises `NotAllowed("fields")` with everything wrong, what the caller found included.
    """
    wrong: list[FieldError] = list(also)
    text = report.text.replace("\r\n", "\n").strip()
    if not any(unicodedata.category(char)[0] not in "CZ" for char in text):
        # Nothing at all, or nothing that anybody could see.
        wrong.append(FieldError("text", "required"))
    limits = {"text": text_max, "nickname": NICKNAME_MAX, "elsewhere": ELSEWHERE_MAX}
    typed = {"text": text, "nickname": report.nickname.strip(), "elsewhere": report.elsewhere.strip()}
    wrong += [FieldError(name, "too_long", {"max": limit}) for name, limit in limits.items() if len(typed[name]) > limit]
    known = {*ctx.street.category_by_id, *([IDEA] if ctx.street.ideas else []), ""}
    if report.category not in known:
        wrong.append(FieldError("category", "choice"))
    if report.reporter not in REPORTERS:
        wrong.append(FieldError("reporter", "choice"))
    phone = people.normalise_phone(report.phone) if report.phone.strip() else ""
    if phone is None:
        wrong.append(FieldError("phone", "phone"))
    elif not phone:
        # A mobile that stands in the words alone is meant to be called: there only its mask will stay.
        told = {one.phone for part in typed.values() for one in personal.find(part) if one.phone}
        phone = told.pop() if len(told) == 1 else ""
    slots = set(report.photos)
    if len(slots) > PHOTOS_MAX or any(not 1 <= slot <= PHOTOS_MAX for slot in slots):
        wrong.append(FieldError("photos", "too_many", {"max": PHOTOS_MAX}))
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    clean = Report(
        key=report.key,
        code=report.code.strip().upper(),
        category=report.category,
        phone=phone or "",
        photos=tuple(sorted(slots)),
        reporter=report.reporter,
        lang=report.lang,
        **typed,
    )
    return clean, phone or ""
