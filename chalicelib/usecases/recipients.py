"""Who is behind a message when it is sent: numbers from the records that hold them, people from offices and the duty roster."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.casework import people
from chalicelib.casework.sending_rules import Span, on_duty
from chalicelib.models import cases, outbox, staff, together
from chalicelib.models.outbox import OutboxRow
from chalicelib.ports import VaultClosed
from chalicelib.street import Contact
from chalicelib.usecases.context import Context

A_DAY = 86_400


def end_of(ctx: Context) -> int:
    """When a row that ends now is deleted, by wall time in epoch seconds."""
    return int(ctx.clock.wall().timestamp()) + ctx.street.retention.message_days * A_DAY


def phone_of(ctx: Context, row: OutboxRow) -> str | None:
    """The number behind a row; None when there is none or it was erased. Raises `VaultBusy`."""
    kind, _, name = row.to.partition(":")
    if kind == "contact":
        contact = _contact(ctx, name)
        return people.normalise_phone(contact.phone) if contact else None
    if kind == "reporter":
        stored = cases.get(row.case)
        record, envelope = f"case:{row.case}", stored.sealed if stored else None
    else:
        person = staff.person(name)
        record, envelope = f"staff:{name}", person.sealed if person else None
    if not envelope:
        return None
    try:
        return ctx.vault.open(record, envelope).get("phone")
    except VaultClosed:
        return None


def _contact(ctx: Context, name: str) -> Contact | None:
    return next((contact for contact in ctx.street.contacts if contact.id == name), None)


def only_takes_calls(ctx: Context, row: OutboxRow) -> bool:
    """Whether a row is for a party with a hotline, which no message reaches."""
    kind, _, name = row.to.partition(":")
    contact = _contact(ctx, name) if kind == "contact" else None
    return contact is not None and people.is_hotline(contact.phone)


def told(ctx: Context, to: str) -> list[str]:
    """Ids of the people that `office:<role>@<unit>` or `nearest:<role>@<unit>,…` means now: those on duty among those who hold
    the office, or all of them where nobody is on duty. The nearest is the first unit where anybody holds the role.
    """
    role, _, units = to.partition(":")[2].partition("@")
    for unit in units.split(","):
        grant = f"{role}@{unit}"
        holders = [row.staff_id for row in staff.holders(grant) if row.staff_id]
        if holders:
            spans = [Span(*span) for span in staff.roster(grant)]
            duty = on_duty(spans, ctx.clock.civil(), ctx.street.tz)
            return [holder for holder in holders if holder in duty] or holders
    return []


def _rows_of(ctx: Context, row: OutboxRow, people: Sequence[str]) -> list[OutboxRow]:
    """The same message for each of them. Raises `ValueError` for a row that holds none."""
    message = outbox.message_of(row)
    named = [f"staff:{staff_id}" for staff_id in people]
    return [outbox.row_of(message, ctx.keys.mac("recipient", to), to) for to in named]


def expand_all(ctx: Context, rows: Sequence[OutboxRow], people: Sequence[str]) -> list[str]:
    """Makes an office's messages one for each of its people in one write; returns their keys. Raises if that can't be."""
    made = [_rows_of(ctx, row, people) for row in rows]
    together.expand_all(rows, [person for one in made for person in one], end_of(ctx))
    return [person.pk for person in made[0]]


def expand(ctx: Context, row: OutboxRow, people: Sequence[str]) -> list[str]:
    """Makes an office's message one for each of its people; returns their keys. With nobody there it is parked, to be seen."""
    rows = _rows_of(ctx, row, people)
    if not rows:
        outbox.move(row, "parked", why="nobody")
        return []
    return [person.pk for person in rows] if together.expand(row, rows, end_of(ctx)) else []
