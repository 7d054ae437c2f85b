"""The link of a registration: whoever holds it sees the masks, and may change what was given until somebody has verified it.

Its token looks like a case's (number, version, 128 bits of HMAC) under a version letter of its own, so that neither opens the
other. Raising the generation revokes it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import msgspec

from chalicelib.casework import numbers, register_form
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import REPORTER
from chalicelib.casework.register import KINDS, Register
from chalicelib.casework.registering import Typed, read
from chalicelib.errors import Conflict, FieldError, NotAllowed, Unknown
from chalicelib.models import registers
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_submit import (
    consent_data,
    consent_problems,
    mac_of,
    record_name,
    store,
    terms_of,
    today,
)

Stored = registers.Stored
VERSION = "R"
_NUMBER, _MAC = 9, 26
# Each seals an envelope of its own; nobody corrects a form thirty times.
CHANGES_MAX = 30
CHANGING = frozenset({"registered", "edited", "corrected"})


def _mac(ctx: Context, no: str, generation: int) -> str:
    return numbers.encode(int.from_bytes(ctx.keys.mac("register-link", VERSION, no, str(generation))[:16], "big"), _MAC)


def token_for(ctx: Context, register: Register) -> str:
    return register.no.replace("-", "") + VERSION + _mac(ctx, register.no, register.generation)


def is_one(token: str) -> bool:
    """Whether a link's token is a registration's, going by its form alone."""
    return len(token) == _NUMBER + 1 + _MAC and token[_NUMBER : _NUMBER + 1].upper() == VERSION


def open_link(ctx: Context, token: str) -> registers.Stored:
    """The registration behind a link. Raises `Unknown("link")` for anything altered, foreign or revoked; they all look alike."""
    plain = token.upper()
    no = numbers.normalise_number(plain[:_NUMBER]) if is_one(token) and token.isascii() else None
    stored = registers.get(no) if no else None
    if stored is None or stored.register.kind not in KINDS:
        raise Unknown("link")
    if not hmac.compare_digest(plain[_NUMBER + 1 :], _mac(ctx, stored.register.no, stored.register.generation)):
        raise Unknown("link")
    return stored


def edit(ctx: Context, token: str, typed: Typed, attempt: str, seen: int | None = None) -> Register:
    """What the link's holder says now. A field left empty keeps what is sealed; who is marked as gone has left. `seen` is the
    version that the form showed (`register_form.version_of`); None takes what stands.

    Raises `NotAllowed` with `register_closed` once it was verified, with `fields`, or with `too_many_changes`; `Conflict` with
    `register_stale` when the form was changed since it was opened.
    """
    said = msgspec.json.encode((attempt, "edit", asdict(typed)))
    bound = hashlib.sha256(said).hexdigest()[:32]
    for _ in range(registers.TRIES):
        stored = open_link(ctx, token)
        if any(event.attempt == bound for event in stored.events):
            return stored.register
        if not stored.register.editable:
            raise NotAllowed("register_closed")
        try:
            return _edited(ctx, stored, typed, bound, seen).register
        except registers.Stale:
            continue
    raise Conflict("busy")


def _edited(ctx: Context, stored: registers.Stored, typed: Typed, attempt: str, seen: int | None) -> registers.Stored:
    form = terms_of(ctx, stored.register.kind)
    fresh_text = stored.register.consent is None or stored.register.consent.version != form.version
    return change(
        ctx,
        stored,
        typed,
        "edited",
        REPORTER,
        attempt,
        extra={"consent": consent_data(form)} if fresh_text else {},
        also=consent_problems(form, typed.agree) if fresh_text else [],
        seen=seen,
    )


def change(
    ctx: Context,
    stored: registers.Stored,
    typed: Typed,
    event_type: str,
    by: str,
    attempt: str,
    *,
    extra: Mapping[str, object] | None = None,
    also: Sequence[FieldError] = (),
    who: str = "",
    seen: int | None = None,
) -> registers.Stored:
    """One change of what the form says, by its holder or by the verifier. Saying what stands already changes nothing."""
    register = stored.register
    if seen is not None and seen != register_form.version_of(stored.events):
        merged = register_form.rebased(typed, register, stored.events, seen)
        if register_form.says_what_stands(merged, register) and not extra:
            return stored
        raise Conflict("register_stale")
    # A new text is agreed to anew, by guardians too.
    before = rules.unguarded(register) if extra else register
    filled, wrong = read(typed, register.kind, today(ctx), before, booking=event_type == "edited")
    problems = [*wrong, *also]
    if problems:
        raise NotAllowed("fields", fields=problems)
    if not rules.changed(register, filled) and not extra:
        return stored
    if sum(event.type in CHANGING for event in stored.events) > CHANGES_MAX:
        raise NotAllowed("too_many_changes")
    version = register.version + 1
    people = rules.people_of(filled, version, mac_of(ctx))
    if same := rules.twice(filled, people):
        raise NotAllowed("fields", fields=same)
    # A visit that stands booked stays booked, whatever else of the form changes.
    kept = register.slot if event_type == "edited" and register.state == "booked" else None
    told = rules.facts(replace(filled, slot=filled.slot or kept), people) | dict(extra or {})
    fresh = rules.to_seal(filled)
    sealed = ctx.vault.seal(record_name(register.no, version), fresh) if fresh else None
    event = rules.event(register, event_type, {"register": told, **({"who": who} if who else {})}, by, attempt, ctx.clock.civil())
    return store(ctx, stored, [event], sealed, "changed", attempt)
