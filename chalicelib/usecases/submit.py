"""A resident sends a report: once, however often it arrives.

The form makes the submission's key; the case number derives from it, so a repeat finds its own case. The same key with another
body is a conflict. At most three calls to AWS: one data key for the phone, one write, and one read when the write was not the
first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from chalicelib.casework import decide, numbers, people
from chalicelib.casework.access import unit_of
from chalicelib.casework.case import Case
from chalicelib.errors import Conflict, FieldError, Malformed, NotAllowed
from chalicelib.models import cases
from chalicelib.street import Place
from chalicelib.usecases.context import Context
from chalicelib.usecases.telling import rows_for

TEXT_MAX, NICKNAME_MAX, ELSEWHERE_MAX = 2000, 20, 100
PHOTOS_MAX = 6
REPORTERS = ("resident", "merchant", "unit")
_KEY = re.compile(r"[0-9a-f]{32}")
# Two different submissions sharing 40 bits: the next counter is tried; four in a row does not happen.
COUNTERS = 4


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


def photo_ref(ctx: Context, key: str) -> str:
    """Where a submission's photos lie; known only to who knows the submission's key."""
    return numbers.encode(int.from_bytes(ctx.keys.mac("photos", key)[:15], "big"), 24)


def check_key(key: str) -> str:
    """Raises `Malformed` when it is not 128 bits of hex, as every form makes it."""
    if not _KEY.fullmatch(key):
        raise Malformed("submission_key")
    return key


def submit(ctx: Context, report: Report) -> Case:
    """The case that this report is, made now or found.

    Raises `Malformed` (no usable key), `Unknown` (the code), `NotAllowed("fields")` with everything that has to change, and
    `Conflict("same_key")` when the key was used for another text.
    """
    key = check_key(report.key)
    _, place = ctx.scanned(report.code, "issue")
    clean, phone = _checked(ctx, report)
    submission = ctx.keys.mac("submission", key).hex()
    fingerprint = ctx.keys.mac("fingerprint", key, msgspec.json.encode(_body(clean))).hex()
    for counter in range(COUNTERS):
        no = numbers.case_number(ctx.keys.mac("case", key, str(counter)))
        made = _make(ctx, clean, phone, place, no, submission, fingerprint)
        if made.submission == submission:
            if made.fingerprint != fingerprint:
                raise Conflict("same_key")
            return made.case
    raise RuntimeError("four case numbers in a row were taken by other submissions")


def _make(ctx: Context, report: Report, phone: str, place: Place, no: str, submission: str, fingerprint: str) -> cases.Stored:
    """Stores the case, or returns what already stands under its number."""
    sealed = ctx.vault.seal(f"case:{no}", {"phone": phone}) if phone else None
    # The attempt is the key with this very body: another body under the same key is not ours when we find it standing there.
    events = decide.submit(_facts(ctx, report, phone, place, no), fingerprint, ctx.clock.civil(), ctx.street)
    empty = cases.Stored(case=Case(no=no), events=(), submission=submission, fingerprint=fingerprint, sealed=sealed)
    rows = rows_for(ctx, empty.case, events)
    for _ in range(cases.TRIES):
        try:
            return cases.write(empty, events, rows, fingerprint, ctx.street, place)
        except cases.Stale as stale:
            if stale.standing is not None:
                return stale.standing
    raise Conflict("busy")


def _facts(ctx: Context, report: Report, phone: str, place: Place, no: str) -> Case:
    committee = ctx.street.committee_by_id[place.committee]
    rung = ctx.street.entry_rung("qr", "")
    at_place = Case(no=no, place=place.id, community=place.community, committee=place.committee, zone=committee.zone)
    return msgspec.structs.replace(
        at_place,
        rung=rung.id,
        unit=unit_of(rung.scope, at_place),
        highest=rung.level,
        reporter=report.reporter,
        elsewhere=report.elsewhere,
        category=report.category,
        text=report.text,
        nickname=report.nickname,
        phone_mask=people.mask_phone(phone) if phone else "",
        phone_mac=ctx.keys.mac("phone", phone).hex() if phone else "",
        last4_mac=ctx.keys.mac("last4", no, people.last4(phone)).hex() if phone else "",
        photo_ref=photo_ref(ctx, report.key),
        photos=len(report.photos),
        lang=report.lang,
    )


def _body(report: Report) -> dict[str, object]:
    """What makes two submissions the same: everything but the key; the language is how it was read, not what was said."""
    fields = {name: getattr(report, name) for name in ("code", "text", "category", "nickname", "phone", "elsewhere", "reporter")}
    return {**fields, "photos": sorted(report.photos)}


def _checked(ctx: Context, report: Report) -> tuple[Report, str]:
    """The report cleaned, and the phone in its one written form ("" for none)."""
    wrong: list[FieldError] = []
    text = report.text.replace("\r\n", "\n").strip()
    if not text:
        wrong.append(FieldError("text", "required"))
    limits = {"text": TEXT_MAX, "nickname": NICKNAME_MAX, "elsewhere": ELSEWHERE_MAX}
    typed = {"text": text, "nickname": report.nickname.strip(), "elsewhere": report.elsewhere.strip()}
    wrong += [FieldError(name, "too_long", {"max": limit}) for name, limit in limits.items() if len(typed[name]) > limit]
    if report.category and report.category not in ctx.street.category_by_id:
        wrong.append(FieldError("category", "choice"))
    if report.reporter not in REPORTERS:
        wrong.append(FieldError("reporter", "choice"))
    phone = people.normalise_phone(report.phone) if report.phone.strip() else ""
    if phone is None:
        wrong.append(FieldError("phone", "phone"))
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
