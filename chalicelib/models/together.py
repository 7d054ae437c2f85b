"""Outbox rows that change together, all or nothing: an office's message into its people's, many messages into one digest."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from pynamodb.expressions.update import Action

from chalicelib.models import outbox
from chalicelib.models.base import transaction
from chalicelib.models.outbox import OutboxRow

# DynamoDB takes a hundred items in a transaction; one place is the row's that the others belong to.
MOST = 100
CHUNK = MOST - 1
TRIES = 3


def _ended(state: str, ttl: int) -> list[Action]:
    return [OutboxRow.state.set(state), OutboxRow.pending.remove(), OutboxRow.pending_at.remove(), OutboxRow.ttl.set(ttl)]


def room_for(people: int) -> int:
    """How many of an office's messages go to so many people in one transaction; one by one where not even two do."""
    return max(MOST // (people + 1), 1)


def expand_all(rows: Sequence[OutboxRow], people: Sequence[OutboxRow], ttl: int) -> None:
    """Replaces messages to an office by one of each for each person, all or none. Raises when one of them is not as it was read,
    when somebody has one already, and when the reply is lost: `expand` then finds out for each.
    """
    with transaction() as write_all:
        for person in people:
            write_all.save(person, condition=OutboxRow.pk.does_not_exist())
        for row in rows:
            write_all.update(row, actions=_ended("expanded", ttl), condition=OutboxRow.state == row.state)


def expand(row: OutboxRow, people: Sequence[OutboxRow], ttl: int) -> bool:
    """Replaces a message to an office by one for each person. Their keys follow from the message, so a repeat finds them.

    Who has this message already, because another office of theirs was told too, is not told twice. False when somebody else has
    moved the row.
    """
    for attempt in range(1, TRIES + 1):
        fresh = [person for person in people if outbox.get(person.pk, person.sk) is None]
        chunks = [fresh[start : start + CHUNK] for start in range(0, len(fresh), CHUNK)] or [[]]
        try:
            for number, chunk in enumerate(chunks, 1):
                with transaction() as write_all:
                    for person in chunk:
                        write_all.save(person, condition=OutboxRow.pk.does_not_exist())
                    if number == len(chunks):
                        write_all.update(row, actions=_ended("expanded", ttl), condition=OutboxRow.state == row.state)
        except Exception:
            # Any: the reply may be lost, or somebody of them got it from another office in between.
            standing = outbox.get(row.pk, row.sk)
            if standing is None or standing.state != row.state:
                return standing is not None and standing.state == "expanded"
            if attempt == TRIES:
                raise
        else:
            return True
    return False


def gather(digest: OutboxRow, rows: Sequence[OutboxRow], params: Sequence[str], ttl: int, *, urgent: bool) -> None:
    """Puts messages into a digest that has not gone out; it is made with the first of them.

    Which cases it speaks of is kept on it, so that its numbers are right however many transactions it took and whoever
    goes on after a crash. `params` only stand in until it is sent.
    """
    if urgent:
        digest.why = "urgent"
    digest.params = msgspec.json.encode(params).decode()
    for start in range(0, len(rows), CHUNK):
        _gather(digest, rows[start : start + CHUNK], ttl)


def _gather(digest: OutboxRow, rows: Sequence[OutboxRow], ttl: int) -> None:
    made = bool(digest.cases)
    digest.cases = {*(digest.cases or ()), *(row.case for row in rows)}
    digest.late = {*(digest.late or ()), *(row.case for row in rows if row.template == "late")} or None
    try:
        with transaction() as write_all:
            if made:
                actions: list[Action] = [OutboxRow.cases.set(digest.cases), OutboxRow.params.set(digest.params)]
                actions += [OutboxRow.late.set(digest.late)] if digest.late else []
                actions += [OutboxRow.why.set(digest.why)] if digest.why else []
                write_all.update(digest, actions=actions, condition=OutboxRow.state == digest.state)
            else:
                write_all.save(digest, condition=OutboxRow.pk.does_not_exist())
            for row in rows:
                gone = [*_ended("digested", ttl), OutboxRow.digest.set(digest.sk)]
                write_all.update(row, actions=gone, condition=OutboxRow.state == row.state)
    except Exception:
        standing = outbox.get(rows[0].pk, rows[0].sk)
        if standing is None or (standing.state, standing.digest) != ("digested", digest.sk):
            raise
