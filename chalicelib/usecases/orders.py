"""Orders of other systems: taken in once under their own number, however and however often they come.

An order becomes a case of the same ledger, with its source's number and clock. The same number again changes nothing; with other
words it is an addition on the case's record; when the case has ended meanwhile, a case of its own that names the first as what
it repeats. What we can't read of it (a category of the source's own, a number that is no phone) is left out and said, never a
reason to lose the order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec
from pynamodb.models import Model

from chalicelib.casework import decide, people, personal
from chalicelib.casework.access import REPORTER
from chalicelib.casework.case import Case
from chalicelib.casework.events import stamp
from chalicelib.casework.orders import Order, where
from chalicelib.errors import Conflict, FieldError, NotAllowed
from chalicelib.models import cases, orders
from chalicelib.street import Place
from chalicelib.usecases.context import Context
from chalicelib.usecases.looked_up import EXTERNAL, ttl
from chalicelib.usecases.submit import NICKNAME_MAX, New, Report, checked, facts_of, once
from chalicelib.usecases.telling import rows_for

MADE, SAME, ADDED = "made", "same", "added"
# A source's clock may be a little ahead of ours, and its lists some years old.
AHEAD, BEFORE = timedelta(hours=1), timedelta(days=3 * 366)
MERGED_MAX = 10
# What an order calls the form's own fields.
THEIRS = {"elsewhere": "address", "nickname": "name"}
# How many of the wordings that an order ever had are known again.
SAID_MAX = 100


@dataclass(frozen=True)
class Read:
    """An order understood. `left_out` names what could not be."""

    order: Order
    report: Report
    phone: str
    place: Place
    received: str
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Received:
    """`result`: made, same or added."""

    case: Case
    result: str
    left_out: tuple[str, ...] = ()


def read(ctx: Context, order: Order) -> Read:
    """Raises `NotAllowed("fields")` with everything that is wrong."""
    wrong: list[FieldError] = []
    external = order.external.strip()
    if not EXTERNAL.fullmatch(external):
        wrong.append(FieldError("external", "external" if external else "required"))
    place = where(order, ctx.street, ctx.places)
    if place is None:
        wrong.append(FieldError("place", "where"))
    received = _instant(ctx, order.received)
    if received is None:
        wrong.append(FieldError("received", "date"))
    phone = people.normalise_phone(order.phone) if order.phone.strip() else ""
    category = _id_of(order.category, [(one.id, one.name.zh, one.name.en) for one in ctx.street.categories])
    case_class = _id_of(order.case_class, [(one.id, one.name.zh, one.name.en) for one in ctx.street.classes])
    report = Report(
        key="",
        code="",
        text=order.text,
        category=category or "",
        nickname=order.name.strip()[:NICKNAME_MAX],
        phone=phone or "",
        elsewhere=order.address,
        reporter=order.reporter or "resident",
        lang=ctx.street.languages[0],
    )
    try:
        clean, _ = checked(ctx, report, wrong)
    except NotAllowed as error:
        raise NotAllowed("fields", fields=[replace(one, name=THEIRS.get(one.name, one.name)) for one in error.fields]) from error
    if place is None:
        raise RuntimeError("an order without a place passed the check")
    understood = {"phone": phone, "category": category, "class": case_class}
    left_out = tuple(name for name, value in understood.items() if value is None)
    order = msgspec.structs.replace(order, external=external, case_class=case_class or "")
    return Read(order, clean, phone or "", place, received or "", left_out)


def _id_of(typed: str, known: Sequence[tuple[str, str, str]]) -> str | None:
    """By id or by name; "" for nothing typed, None for what we don't know."""
    wanted = typed.strip()
    if not wanted:
        return ""
    return next((one[0] for one in known if wanted in one), None)


def _instant(ctx: Context, typed: str) -> str | None:
    """`""` for nothing typed; None for no instant, or one that can't be."""
    if not typed.strip():
        return ""
    try:
        found = datetime.fromisoformat(typed.strip())
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=ctx.street.tz)
    now = ctx.clock.civil()
    return stamp(min(found, now)) if now - BEFORE <= found <= now + AHEAD else None


def receive(ctx: Context, source: str, order: Order, *, signature: str = "", batch: str = "") -> Received:
    """The case that this order is, made, found or added to. `signature` is what a webhook came with, remembered with it.

    Raises `NotAllowed("fields")`, and `Conflict("busy")` when too many write to one case at once.
    """
    it = read(ctx, order)
    for _ in range(cases.TRIES):
        row = orders.get(source, it.order.external)
        if row is None:
            try:
                return _made(ctx, source, it, 0, signature=signature, batch=batch)
            except Conflict as error:
                # Another one with other words came in between: ours is the change.
                if error.reason != "same_key":
                    raise
                continue
        stored = _standing(row.case)
        if stored is None:
            # Its case has reached its end and is gone.
            return _made(ctx, source, it, int(row.changes or 0) + 1, signature=signature, batch=batch)
        if it.phone and stored.case.no == row.case and ctx.keys.mac("phone", it.phone).hex() != stored.case.phone_mac:
            # Whom to call is what the first delivery said; who sends another number hears that it was not taken over.
            it = replace(it, left_out=(*it.left_out, "phone"))
        known = bool(signature) and orders.is_seen(signature)
        # A list may hold one number several times, and is imported again as a whole: what it said before is nothing new.
        said = bool(batch) and _content(ctx, source, it) in (row.said or ())
        if known or said or _is_same(ctx, source, it, row, stored.case):
            for seen in _seen(ctx, signature if not known else ""):
                # Played back after a change, it must not undo it.
                seen.save()
            return Received(stored.case, MADE if batch and row.batch == batch else SAME, it.left_out)
        if not stored.case.open:
            count, again = int(row.changes or 0) + 1, stored.case.no
            return _made(ctx, source, it, count, signature=signature, batch=batch, recurs=again, before=row.said or ())
        try:
            return _added(ctx, source, it, row, stored, signature)
        except cases.Stale:
            continue
    raise Conflict("busy")


def _is_same(ctx: Context, source: str, it: Read, row: orders.OrderRow, case: Case) -> bool:
    """Nothing new. What staff have typed in is compared by its words."""
    if row.content:
        return row.content == _content(ctx, source, it)
    return (case.text, case.elsewhere) == (it.report.text, it.report.elsewhere)


def _content(ctx: Context, source: str, it: Read) -> str:
    """What makes two deliveries of an order the same: its words and its address."""
    return ctx.keys.mac("order", source, it.order.external, it.report.text, it.report.elsewhere).hex()


def _row(ctx: Context, source: str, it: Read, no: str, count: int, batch: str, before: Collection[str] = ()) -> orders.OrderRow:
    known = {"batch": batch} if batch else {}
    content = _content(ctx, source, it)
    said = {*before, content} if len(before) < SAID_MAX else {*before}
    return orders.row_of(source, it.order.external, no, content=content, said=said, changes=count, ttl=ttl(ctx), **known)


def _seen(ctx: Context, signature: str) -> list[Model]:
    return [orders.seen_row(signature, ctx.clock.wall().timestamp())] if signature else []


def _made(
    ctx: Context,
    source: str,
    it: Read,
    count: int,
    *,
    signature: str,
    batch: str,
    recurs: str = "",
    before: Collection[str] = (),
) -> Received:
    """The case's number derives from the order's, so that whoever is second finds what the first made."""
    key = ctx.keys.mac("order key", source, it.order.external, str(count)).hex()[:32]
    facts = msgspec.structs.replace(
        facts_of(ctx, it.report, it.phone, it.place, source, it.order.case_class),
        external=it.order.external,
        ordered_at=it.received,
        recurs=recurs,
    )
    body = {"source": source, "external": it.order.external, "content": _content(ctx, source, it)}

    def also(no: str) -> list[Model]:
        return [_row(ctx, source, it, no, count, batch, before), *_seen(ctx, signature)]

    case = once(ctx, New(key, body, facts, it.phone, it.place, also=also))
    return Received(case, MADE, it.left_out)


def _standing(no: str) -> cases.Stored | None:
    """The case, or the one that it was merged into; None when it is gone."""
    stored = cases.get(no)
    for _ in range(MERGED_MAX):
        if stored is None or not stored.case.merged_into:
            break
        stored = cases.get(stored.case.merged_into)
    return stored


def _added(ctx: Context, source: str, it: Read, row: orders.OrderRow, stored: cases.Stored, signature: str) -> Received:
    """What the source says now, as an addition by the reporter on the case's record."""
    text = personal.hide("\n".join(part for part in (it.report.text, it.report.elsewhere) if part))
    data: dict[str, object] = {"text": text, "channel": source, "external": it.order.external}
    if stored.case.no != row.case:
        # Merged into somebody else's case, whose page shows nothing of what this caller says.
        data |= {"internal": True, "no": row.case}
    count = int(row.changes or 0) + 1
    attempt = ctx.keys.mac("order change", source, it.order.external, str(count), _content(ctx, source, it)).hex()[:32]
    events = decide.record(stored.case, [("added", data)], REPORTER, attempt, ctx.clock.civil(), ctx.street)
    # The look-up row keeps pointing at the case that the order itself became.
    also = [_row(ctx, source, it, row.case, count, row.batch or "", row.said or ()), *_seen(ctx, signature)]
    rows = [*rows_for(ctx, stored.case, events), *also]
    after = cases.write(stored, events, rows, attempt, ctx.street, ctx.place_of(stored.case))
    return Received(after.case, ADDED, it.left_out)
