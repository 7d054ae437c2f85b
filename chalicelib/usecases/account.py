"""One's own account at the desk: the password, and where one is signed in. Both ask for the present password first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.errors import FieldError, Limited, NotAllowed
from chalicelib.models import staff
from chalicelib.models.staff import StaffItem
from chalicelib.usecases import signin
from chalicelib.usecases.context import Context
from chalicelib.usecases.signin import Session


@dataclass(frozen=True)
class Place:
    """Where somebody is signed in: since when, last seen when; `this` is the session that asks."""

    since: datetime
    seen: datetime
    this: bool


def places(ctx: Context, found: Session) -> list[Place]:
    """One's sessions that still hold, the newest first."""
    now = int(ctx.clock.wall().timestamp())
    return [
        Place(_at(row.started), _at(row.seen), row.pk == f"SS#{found.hash}")
        for row in staff.sessions(found.actor.staff_id)
        if now < int(row.started or 0) + signin.ABSOLUTE_S and now < int(row.seen or 0) + signin.IDLE_S
    ]


def change_password(ctx: Context, found: Session, current: str, password: str) -> str:
    """Sets the new password, ends every session and opens one: returns its id.

    Raises `NotAllowed("fields")` for a wrong present password or a weak new one, `Limited("sign_in")` after too many tries.
    """
    person = _proved(ctx, found, current)
    signin.check_password(ctx, password, (person.username or "", person.name or ""))
    if not staff.replace_password(person.staff_id or "", person.password or "", signin.hash_password(password)):
        raise NotAllowed("fields", fields=[FieldError("current", "password_wrong")])
    signin.note(ctx, "password_set", who=person.staff_id or "", by="self")
    return _alone(ctx, person)


def end_others(ctx: Context, found: Session, current: str) -> str:
    """Ends every session of one's own and opens one: returns its id. Raises like `change_password`."""
    person = _proved(ctx, found, current)
    signin.note(ctx, "sessions_ended", who=person.staff_id or "", by="self")
    return _alone(ctx, person)


def _alone(ctx: Context, person: StaffItem) -> str:
    staff.end_sessions(person.staff_id or "")
    return signin.open_session(ctx, person)


def _proved(ctx: Context, found: Session, current: str) -> StaffItem:
    """Who is signed in, after their password was asked for. Guesses at a desk left open are counted like those at the door."""
    row = f"TRY#P#{found.actor.staff_id}"
    if staff.count_try(row, int(ctx.clock.wall().timestamp()), signin.LOCK_S) > signin.FAILURES:
        raise Limited("sign_in", params={"minutes": signin.LOCK_S // 60})
    person = staff.person(found.actor.staff_id)
    if person is None or not signin.matches(person, current):
        signin.note(ctx, "password_refused", who=found.actor.staff_id)
        raise NotAllowed("fields", fields=[FieldError("current", "password_wrong")])
    staff.forget_tries(row)
    return person


def _at(seconds: float | None) -> datetime:
    return datetime.fromtimestamp(int(seconds or 0), UTC)
