"""A resident offers help, takes it back, and is called on by the committee: the number is shown by the function `reveal` alone.

The offer's link holds its number, its committee and 128 bits of HMAC: whoever made it sees the masks and may take it back.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from datetime import timedelta

import msgspec

from chalicelib.casework import numbers, people
from chalicelib.casework import volunteers as rules
from chalicelib.casework.access import REPORTER, Actor
from chalicelib.casework.events import stamp
from chalicelib.casework.volunteers import Offer, Seen
from chalicelib.errors import Conflict, DoorstepError, FieldError, Forbidden, NotAllowed, Unknown
from chalicelib.models import store
from chalicelib.models import volunteers as offers
from chalicelib.models.volunteers import Stored
from chalicelib.ports import VaultClosed
from chalicelib.usecases import limits, signin
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_work import bind
from chalicelib.usecases.submit import COUNTERS, check_key

_NUMBER, _MAC = 9, 26


def record(no: str) -> str:
    """What the vault knows the envelope by."""
    return f"volunteer:{no}"


def offer(
    ctx: Context,
    key: str,
    typed: Mapping[str, str],
    skills: Collection[str],
    hours: Collection[str],
    address: str = "",
    proof: str = "",
) -> Offer:
    """Made once, however often the form is sent. Raises `Malformed`, `NotAllowed("fields")`, `Conflict`, `Limited`."""
    key = check_key(key)
    found, phone, wrong = rules.read(ctx.street, typed, skills, hours)
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    submission = ctx.keys.mac("submission", "volunteer", key).hex()
    body = msgspec.json.encode((found.committee, found.skills, found.hours, found.other, found.nickname, phone))
    fingerprint = ctx.keys.mac("fingerprint", key, body).hex()
    mac, proved = ctx.keys.mac("phone", phone).hex(), limits.is_proved(ctx, key, proof)
    counters = limits.guards(ctx, [mac], "", address, proved=proved)
    now = ctx.clock.civil()
    ttl = int((now + timedelta(days=ctx.street.retention.register_days)).timestamp())
    for counter in range(COUNTERS):
        no = numbers.case_number(ctx.keys.mac("volunteer", key, str(counter)))
        facts = msgspec.structs.replace(found, no=no, phone_mask=people.mask_phone(phone), phone_mac=mac, at=stamp(now))
        made = _standing(found.committee, no) or Stored(
            offer=facts,
            sealed=ctx.vault.seal(record(no), {"phone": phone}),
            submission=submission,
            fingerprint=fingerprint,
            ttl=ttl,
        )
        if made.submission == submission and made.fingerprint != fingerprint:
            raise Conflict("same_key")
        if made.submission != submission:
            continue
        if made.version:
            return made.offer
        try:
            return offers.write(made, facts, f"{submission}{fingerprint}", counters).offer
        except store.Over as over:
            raise limits.refusal(over.name, proved=proved) from over
        except store.Beaten as beaten:
            raise Conflict("busy") from beaten
    raise RuntimeError("four numbers in a row were taken by other offers")


def _standing(committee: str, no: str) -> Stored | None:
    return offers.get(committee, no)


def _sign(ctx: Context, no: str, committee: str) -> str:
    return numbers.encode(int.from_bytes(ctx.keys.mac("volunteer-link", no, committee)[:16], "big"), _MAC)


def token_for(ctx: Context, found: Offer) -> str:
    return found.no.replace("-", "") + _sign(ctx, found.no, found.committee) + found.committee


def open_link(ctx: Context, token: str) -> Stored:
    """Raises `Unknown("link")` for anything altered, foreign or taken back; they all look alike."""
    no = numbers.normalise_number(token[:_NUMBER]) if token.isascii() else None
    committee = token[_NUMBER + _MAC :]
    if no is None or not hmac.compare_digest(token[_NUMBER : _NUMBER + _MAC].upper(), _sign(ctx, no, committee)):
        raise Unknown("link")
    stored = offers.get(committee, no)
    if stored is None or stored.offer.gone:
        raise Unknown("link")
    return stored


def take_back(ctx: Context, token: str) -> None:
    """By the person themselves."""
    stored = open_link(ctx, token)
    _empty(ctx, stored, Seen(by=REPORTER, who="", at=stamp(ctx.clock.civil()), reason="withdrawn", attempt=token[:_NUMBER]))


def _empty(ctx: Context, stored: Stored, seen: Seen) -> None:
    for _ in range(COUNTERS):
        try:
            offers.write(stored, rules.emptied(stored.offer, seen), seen.attempt)
        except store.Beaten as beaten:
            if not isinstance(beaten.standing, Stored) or beaten.standing.offer.gone:
                return
            stored = beaten.standing
        else:
            return
    raise Conflict("busy")


def listed(ctx: Context, actor: Actor, committee: str, skill: str) -> list[Offer]:
    """A committee's helpers. Raises `Unknown("page")` for one that is not theirs."""
    if committee not in {one.id for one in rules.committees(actor, ctx.street)}:
        raise Unknown("page")
    return rules.matching(offers.of(committee, int(ctx.clock.civil().timestamp())), skill)


def find(ctx: Context, actor: Actor, committee: str, no: str) -> Stored:
    """Raises `Unknown("page")` for what is not there, not theirs, or taken back."""
    if committee not in {one.id for one in rules.committees(actor, ctx.street)}:
        raise Unknown("page")
    stored = offers.get(committee, no)
    if stored is None or stored.offer.gone:
        raise Unknown("page")
    return stored


def erase(ctx: Context, actor: Actor, committee: str, no: str, attempt: str) -> None:
    """On request, by the committee or whoever answers for people's rights: all of the person goes, that it was there stays."""
    stored = find(ctx, actor, committee, no)
    bound = bind(actor, attempt, "erase_volunteer", {"no": no})
    _empty(ctx, stored, Seen(by=actor.id, who=actor.name, at=stamp(ctx.clock.civil()), reason="erased", attempt=bound))


def handle(ctx: Context, event: Mapping[str, str]) -> dict[str, str]:
    """In the function `reveal`: `{session, volunteer, committee, reason, note, attempt}` → `{phone}`, or `{error, reason}`."""
    try:
        return {"phone": reveal(ctx, event)}
    except DoorstepError as error:
        return {"error": type(error).__name__, "reason": error.reason}


def reveal(ctx: Context, event: Mapping[str, str]) -> str:
    """Logged first, shown after; if the log can't be written, nothing is opened."""
    actor = signin.session(ctx, event["session"]).actor
    reason, note = event.get("reason", ""), event.get("note", "").strip()
    if reason not in rules.REASONS or (reason == "other" and not note) or len(note) > rules.NOTE_MAX:
        raise NotAllowed("reveal_reason", fields=[FieldError("reason", "required")])
    stored = find(ctx, actor, event.get("committee", ""), event["volunteer"])
    bound = bind(actor, event.get("attempt", ""), "reveal_volunteer", {"no": stored.offer.no, "reason": reason, "note": note})
    return _open(ctx, _logged(ctx, stored, actor, reason, note, bound))


def _logged(ctx: Context, stored: Stored, actor: Actor, reason: str, note: str, bound: str) -> Stored:
    seen = Seen(by=actor.id, who=actor.name, at=stamp(ctx.clock.civil()), reason=reason, note=note, attempt=bound)
    for _ in range(COUNTERS):
        if stored.has(bound):
            return stored
        try:
            return offers.write(stored, msgspec.structs.replace(stored.offer, log=(*stored.offer.log, seen)), bound)
        except store.Beaten as beaten:
            if not isinstance(beaten.standing, Stored) or beaten.standing.offer.gone:
                raise Unknown("page") from beaten
            stored = beaten.standing
    raise Conflict("busy")


def _open(ctx: Context, stored: Stored) -> str:
    if stored.sealed is None:
        raise NotAllowed("erased")
    try:
        return ctx.vault.open(record(stored.offer.no), stored.sealed)["phone"]
    except VaultClosed as error:
        raise NotAllowed("erased") from error


def hand_out(ctx: Context, actor: Actor, macs: Collection[str], reason: str, attempt: str) -> list[dict[str, str]]:
    """What is kept of one person's offers, for that person; each logs it before it is opened. Asked by `register_reveal`."""
    if not macs:
        return []
    if not any(grant == "street_admin@street" for grant in actor.grants):
        raise Forbidden("not_yours")
    found = []
    for committee, no in [one for mac in macs for one in offers.located(mac)]:
        stored = offers.get(committee, no)
        if stored is None or stored.offer.gone:
            continue
        bound = bind(actor, attempt, "hand_out_volunteer", {"no": no, "reason": reason})
        stored = _logged(ctx, stored, actor, "other", reason[: rules.NOTE_MAX], bound)
        one = stored.offer
        told = {"no": no, "kind": "volunteer", "created_at": one.at, "consent": one.consent, "name": one.nickname}
        found.append({**told, "phone": _open(ctx, stored), "text": " ".join((*one.skills, *one.hours, one.other)).strip()})
    return found


def located(macs: Collection[str]) -> list[tuple[str, str]]:
    """(committee, number) of the offers under these hashes."""
    return [one for mac in macs for one in offers.located(mac)]
