"""Erasing on request: one person, or a whole registration. The personal values go, the figures stay.

What was typed goes with its ciphertext (a person's fields are cut out of their envelopes, or the envelope is deleted), masks and
keyed hashes go out of the state and out of every event before it, and the rows that find the person again are deleted: all in
one write. Backups keep what they held for up to 35 days, lists for a month.

A new version of the KMS key needs nothing of this: each envelope carries its own data key as KMS wrapped it, and KMS keeps what
it needs to unwrap it. Cost: one GenerateDataKey a registration or change, one Decrypt a look (about 0.03 USD for 10,000 calls).
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.casework import personal
from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.casework.register import Register
from chalicelib.errors import Conflict, FieldError, Forbidden, NotAllowed
from chalicelib.models import registers
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_work import bind, find

REASON_MAX = 200


def erase(ctx: Context, actor: Actor, typed: str, keys: Iterable[str], reason: str, attempt: str) -> registers.Stored:
    """Erases these people of a registration, or everybody and the flat when none is named.

    Raises `Unknown("register")`, `Forbidden("not_yours")`, `NotAllowed("fields")` without a reason, `NotAllowed("erased")`.
    """
    wanted = frozenset(keys)
    if not reason.strip() or len(reason) > REASON_MAX:
        raise NotAllowed("fields", fields=[FieldError("reason", "required")])
    bound = bind(actor, attempt, "erase", {"keys": sorted(wanted), "reason": reason})
    for _ in range(registers.TRIES):
        stored = find(ctx, actor, typed)
        if any(event.attempt == bound for event in stored.events):
            return stored
        if not rules.holds(actor, rules.KEEPERS, stored.register.committee, ctx.street):
            raise Forbidden("not_yours")
        register = stored.register
        here = frozenset(person.key for person in register.people if not person.erased)
        if register.state == "erased" or not (wanted or here) or wanted - here:
            raise NotAllowed("erased")
        try:
            return registers.write(_change(ctx, stored, wanted, actor, reason, bound), ctx.street)
        except registers.Stale:
            continue
    raise Conflict("busy")


def _change(
    ctx: Context, stored: registers.Stored, wanted: frozenset[str], actor: Actor, reason: str, attempt: str
) -> registers.Write:
    register = stored.register
    whole = not wanted
    keys = wanted or frozenset(person.key for person in register.people)
    # The reason stays, and whoever asks for it is easily named by a number.
    said = {"reason": personal.hide(reason), "who": actor.name}
    data = said if whole else {"keys": sorted(keys), **said}
    event = rules.event(register, "erased" if whole else "person_erased", data, actor.id, attempt, ctx.clock.civil())
    history = rules.scrub(stored.events, keys, flat=whole)
    envelopes = {
        version: None if whole else ctx.vault.without(sealed, [f"{key}." for key in keys])
        for version, sealed in registers.envelopes(register.no).items()
    }
    return registers.Write(
        stored=stored, events=[event], attempt=attempt, history=history, envelopes=envelopes, lost=_lost(register, keys, stored)
    )


def _lost(register: Register, keys: frozenset[str], stored: registers.Stored) -> frozenset[tuple[str, str]]:
    """The rows that find these people, earlier numbers of theirs too."""
    found = set(registers.people_rows(register))
    for event in stored.events:
        for person in event.data.get("register", {}).get("people", ()):
            macs = (person.get("id_mac"), person.get("phone_mac"))
            found |= {(f"P#{mac}", f"R#{register.no}#{person['key']}") for mac in macs if mac}
    return frozenset((pk, sk) for pk, sk in found if sk.rpartition("#")[2] in keys)
