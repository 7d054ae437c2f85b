"""A register's form is sent: once, however often it arrives, and whatever it says about twenty people in one go.

The form's key makes the number, as with reports. At most three calls to AWS: one look at the flat's other registrations (a rental
alone), one data key for everything that is sealed, one write, in which the case of a crowded flat begins too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from chalicelib.casework import numbers
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import REPORTER, SYSTEM
from chalicelib.casework.register import KINDS, Register, apply
from chalicelib.casework.register_card import digest_day
from chalicelib.casework.registering import Filled, Typed, read
from chalicelib.errors import Conflict, FieldError, NotAllowed, Unknown
from chalicelib.models import registers
from chalicelib.models.limits import Guard
from chalicelib.street import FormTerms, Place
from chalicelib.usecases import limits, register_cases
from chalicelib.usecases.context import Context
from chalicelib.usecases.submit import COUNTERS, check_key


@dataclass(frozen=True)
class Sent:
    """The form with what goes around it. `key` is the form's own, `code` the printed code that led here."""

    key: str
    code: str
    kind: str
    typed: Typed
    lang: str = "zh-CN"
    address: str = ""
    proof: str = ""


def today(ctx: Context) -> date:
    """The day in the street."""
    return ctx.clock.civil().astimezone(ctx.street.tz).date()


def terms_of(ctx: Context, kind: str) -> FormTerms:
    """What the form tells and asks. Raises `Unknown("code_wrong_kind")` for a form that this street does not offer."""
    found = ctx.street.form(kind) if kind in KINDS else None
    if found is None:
        raise Unknown("code_wrong_kind")
    return found


def submit(ctx: Context, sent: Sent) -> Register:
    """The registration that this form is, made now or found.

    Raises `Malformed` (no usable key), `Unknown` (the code), `NotAllowed("fields")` with everything that has to change, and
    `Conflict("same_key")` when the key was used for another form; `Limited` as for reports.
    """
    key = check_key(sent.key)
    _, place = ctx.scanned(sent.code, sent.kind)
    form = terms_of(ctx, sent.kind)
    filled, wrong = read(sent.typed, sent.kind, today(ctx))
    wrong += consent_problems(form, sent.typed.agree)
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    submission = ctx.keys.mac("submission", "register", key).hex()
    body = msgspec.json.encode((sent.kind, place.id, asdict(sent.typed)))
    fingerprint = ctx.keys.mac("fingerprint", key, body).hex()
    proved = limits.is_proved(ctx, key, sent.proof)
    for counter in range(COUNTERS):
        no = numbers.case_number(ctx.keys.mac("register", key, str(counter)))
        made = _make(
            ctx,
            sent,
            place,
            filled,
            form,
            proved,
            registers.Stored(register=_empty(ctx, sent, place, no), submission=submission, fingerprint=fingerprint),
        )
        if made.submission == submission:
            if made.fingerprint != fingerprint:
                raise Conflict("same_key")
            return made.register
    raise RuntimeError("four numbers in a row were taken by other submissions")


def consent_problems(form: FormTerms, agreed: str) -> list[FieldError]:
    """Agreeing is asked for where it is the basis, and to the text as it stands now."""
    if form.basis != "consent" or agreed == form.version:
        return []
    return [FieldError("agree", "consent_changed" if agreed else "consent")]


def consent_data(form: FormTerms) -> dict[str, Any]:
    """What is recorded of the text: which version was shown, on which basis, and whether it was agreed to separately."""
    return {"version": form.version, "basis": form.basis, "separate": form.basis == "consent"}


def mac_of(ctx: Context) -> rules.Macs:
    """Keyed hashes that find a person again. A phone has the same one here as in a case."""
    return lambda what, value: ctx.keys.mac("phone" if what == "phone" else "id-number", value).hex()


def _empty(ctx: Context, sent: Sent, place: Place, no: str) -> Register:
    return Register(
        no=no,
        kind=sent.kind,
        place=place.id,
        community=place.community,
        committee=place.committee,
        zone=ctx.street.committee_by_id[place.committee].zone,
        lang=sent.lang,
    )


def _make(
    ctx: Context, sent: Sent, place: Place, filled: Filled, form: FormTerms, proved: bool, stored: registers.Stored
) -> registers.Stored:
    """Stores the registration, or returns what already stands under its number."""
    where = stored.register
    empty = msgspec.structs.replace(stored, register=Register(no=where.no))
    people = rules.people_of(filled, 1, mac_of(ctx))
    facts = rules.facts(filled, people) | {
        "kind": where.kind,
        "state": "booked" if filled.slot else "submitted",
        "place": where.place,
        "community": where.community,
        "committee": where.committee,
        "zone": where.zone,
        "lang": where.lang,
        "consent": consent_data(form),
    }
    sealed = ctx.vault.seal(record_name(where.no, 1), rules.to_seal(filled))
    first = rules.event(empty.register, "registered", {"register": facts}, REPORTER, stored.fingerprint, ctx.clock.civil())
    phones = [person.phone_mac for person in people]
    counters = limits.guards(ctx, phones, where.place, sent.address, proved=proved)
    try:
        return store(ctx, empty, [first], sealed, "new", stored.fingerprint, counters)
    except registers.Over as over:
        raise limits.refusal(over.name, proved=proved) from over
    except registers.Stale as stale:
        if stale.standing is None:
            raise Conflict("busy") from stale
        return stale.standing


def record_name(no: str, version: int) -> str:
    """What an envelope is bound to."""
    return f"register:{no}#{version}"


def store(
    ctx: Context,
    stored: registers.Stored,
    events: list[Any],
    sealed: bytes | None,
    what: str,
    attempt: str,
    counters: Sequence[Guard] = (),
) -> registers.Stored:
    """Writes the events with their envelope, the digest's row and, where the flat is crowded now, the case about it.

    A day that is closed meanwhile is tried as the next one. Raises `registers.Stale` when the registration has changed,
    `registers.Over` when a counter stops it.
    """
    day = digest_day(ctx.clock.civil(), ctx.street.tz, ctx.street.register.digest_at)
    last: registers.Stale | None = None
    for turn in range(registers.TRIES):
        register = stored.register
        for event in events:
            register = apply(register, event)
        case_no, case = register_cases.raised(ctx, register, attempt, turn)
        told = [*events]
        if case_no:
            suspected = {"case": case_no, "raised": case is not None}
            told.append(rules.event(register, "suspected", suspected, SYSTEM, attempt, ctx.clock.civil()))
        change = registers.Write(
            stored=stored,
            events=told,
            attempt=attempt,
            sealed=sealed,
            version=register.version,
            day=day,
            what=what,
            case=case,
            counters=counters,
        )
        try:
            return registers.write(change, ctx.street)
        except registers.DayClosed:
            day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        except registers.Stale as stale:
            if (stale.standing.register.version if stale.standing else 0) != stored.register.version:
                raise
            # Many at once at one counter: the others are counted, and a registration is worth more than its count.
            last, counters = stale, ()
    raise last or Conflict("busy")
