"""Showing what one person of a registration gave, to the verifier at the moment of need: logged first, shown after.

It runs in the function `reveal`, which trusts nobody: session, role and scope are looked at again. The log is an event of the
registration; if it can't be written, nothing is opened.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chalicelib.casework import people as phones
from chalicelib.casework import personal
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.idcards import normalise_id
from chalicelib.casework.numbers import normalise_number
from chalicelib.casework.register import Person
from chalicelib.errors import Conflict, DoorstepError, FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.models import cases, registers
from chalicelib.ports import VaultClosed
from chalicelib.usecases import privacy_cases, signin, volunteers
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_submit import mac_of, record_name
from chalicelib.usecases.register_work import bind, find

REASONS = rules.REVEAL_REASONS
NOTE_MAX = 200


def handle(ctx: Context, event: Mapping[str, str]) -> dict[str, str]:
    """`{session, register, person, reason, note, attempt}` → `{person}`, and `{session, whose, reason, attempt}` →
    `{records}`: JSON; or `{error, reason}`.
    """
    try:
        if event.get("whose"):
            found = hand_out(ctx, event["session"], event["whose"], event.get("reason", ""), event.get("attempt", ""))
            return {"records": msgspec.json.encode(found).decode()}
        shown = reveal(ctx, event)
    except DoorstepError as error:
        return {"error": type(error).__name__, "reason": error.reason}
    return {"person": msgspec.json.encode(shown).decode()}


def reveal(ctx: Context, event: Mapping[str, str]) -> dict[str, str]:
    """What the person gave, by field. Raises `Unknown("register")`, `Forbidden("not_yours")`, `NotAllowed`."""
    actor = signin.session(ctx, event["session"]).actor
    no, key = event["register"], event.get("person", "")
    reason, note = event.get("reason", ""), event.get("note", "").strip()
    stored = find(ctx, actor, no)
    if not rules.holds(actor, rules.REVEALERS, stored.register.committee, ctx.street):
        raise Forbidden("not_yours")
    if reason not in REASONS or (reason == "other" and not note) or len(note) > NOTE_MAX:
        raise NotAllowed("reveal_reason", fields=[FieldError("reason", "required")])
    said = {"person": key, "reason": reason, "note": note}
    stored, person = _logged(ctx, actor, no, "revealed", key, said, event.get("attempt", ""))
    return _open(ctx, stored, person)


def _logged(
    ctx: Context, actor: Actor, no: str, what: str, key: str, said: Mapping[str, str], attempt: str
) -> tuple[registers.Stored, Person]:
    """The registration with the log entry in it."""
    bound = bind(actor, attempt, what, {**said, "person": key})
    for _ in range(registers.TRIES):
        stored = registers.get(no)
        person = next((one for one in stored.register.people if one.key == key), None) if stored else None
        if stored is None or person is None:
            raise Unknown("register")
        if person.erased:
            raise NotAllowed("erased")
        if any(event.attempt == bound for event in stored.events):
            return stored, person
        event = rules.event(stored.register, what, {**said, "who": actor.name}, actor.id, bound, ctx.clock.civil())
        try:
            written = registers.write(registers.Write(stored=stored, events=[event], attempt=bound), ctx.street)
        except registers.Stale:
            continue
        return written, person
    raise Conflict("busy")


def _open(ctx: Context, stored: registers.Stored, person: Person) -> dict[str, str]:
    no = stored.register.no
    sealed = registers.envelopes(no)
    found: dict[str, str] = {}
    try:
        for version in sorted(set(person.sealed.values())):
            opened = ctx.vault.open(record_name(no, version), sealed[version])
            wanted = [name for name, where in person.sealed.items() if where == version]
            found |= {name: opened[f"{person.key}.{name}"] for name in wanted}
    except (KeyError, VaultClosed) as error:
        raise NotAllowed("erased") from error
    return found


def hand_out(ctx: Context, session_id: str, whose: str, reason: str, attempt: str) -> list[dict[str, str]]:
    """Everything that is kept of one person, for that person: each registration and each case logs it before it is opened. The
    reason is kept without numbers.

    `whose` is the ID number or the phone as typed. Raises `Forbidden("not_yours")`, `NotAllowed("whose")`.
    """
    actor = signin.session(ctx, session_id).actor
    macs = keeper_macs(ctx, actor, whose, reason)
    reason = personal.hide(reason)
    found = []
    for no, key in located(macs):
        if not _is_theirs(no, key, macs):
            continue
        try:
            stored, person = _logged(ctx, actor, no, "exported", key, {"person": key, "reason": reason}, attempt)
        except (Unknown, NotAllowed):
            # Ended or erased meanwhile: nothing is left to hand out.
            continue
        register = stored.register
        flat = {"no": no, "kind": register.kind, "place": register.place, "room": register.room, "state": register.state}
        lease = {"lease_from": register.lease_from, "lease_to": register.lease_to, "created_at": register.created_at}
        consent = {"consent": register.consent.version if register.consent else ""}
        found.append({**flat, **lease, **consent, "part": person.part, **_open(ctx, stored, person)})
    offered = volunteers.hand_out(ctx, actor, macs, reason, attempt)
    return found + offered + privacy_cases.hand_out(ctx, actor, macs, reason, attempt)


def _is_theirs(no: str, key: str, macs: list[str]) -> bool:
    """Whether the person goes by that number now. One that was typed wrong and corrected since may be somebody else's, and
    whoever has it must not be given the record that it once stood in.
    """
    stored = registers.get(no)
    person = next((one for one in stored.register.people if one.key == key), None) if stored else None
    return person is not None and not {person.id_mac, person.phone_mac}.isdisjoint(macs)


def case_named(ctx: Context, actor: Actor, whose: str, reason: str) -> str:
    """The case whose number was typed instead of a person's, or nothing. Raises like `keeper_macs`."""
    privacy_cases.may_keep(actor)
    no = normalise_number(whose)
    if not no or cases.get(no) is None:
        return ""
    if not reason.strip() or len(reason) > NOTE_MAX:
        raise NotAllowed("reveal_reason")
    return no


def keeper_macs(ctx: Context, actor: Actor, whose: str, reason: str) -> list[str]:
    """The keyed hashes of what was typed, for those who answer for people's rights in the whole street."""
    privacy_cases.may_keep(actor)
    id_number, phone = normalise_id(whose), phones.normalise_phone(whose)
    if id_number is None and phone is None:
        raise NotAllowed("whose")
    if not reason.strip() or len(reason) > NOTE_MAX:
        raise NotAllowed("reveal_reason")
    mac = mac_of(ctx)
    return [mac("id", id_number)] if id_number else [mac("phone", phone or "")]


def located(macs: list[str]) -> list[tuple[str, str]]:
    """(number, key of the person) of the registrations where these hashes stand."""
    rows = sorted({row for mac in macs for row in registers.found_by(mac) if row.startswith("R#")})
    return [(row.split("#")[1], row.split("#")[2]) for row in rows]
