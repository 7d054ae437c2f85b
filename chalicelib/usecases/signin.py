"""Staff sign in: name and password, an opaque session, revocable at once.

Sessions live by wall time: twelve hours at most, two hours idle. Only the hash of a session's id is stored. The CSRF token is
an HMAC of the session's id, so nothing more is kept. A first password is set through a one-time activation link.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.casework import numbers, people
from chalicelib.casework.access import Actor
from chalicelib.errors import Conflict, FieldError, Limited, NotAllowed, Unauthenticated, Unknown
from chalicelib.models import staff
from chalicelib.models.staff import StaffItem
from chalicelib.usecases.context import Context

ABSOLUTE_S = 12 * 3600
IDLE_S = 2 * 3600
# The idle clock is moved in steps, so that reading pages does not write on every request.
TOUCH_S = 300
# Failures within `LOCK_S` after which nobody is let in: under one name from one address; under one name from anywhere, so many
# that whoever knows a colleague's name can't lock them out from one place; and from one address under any names.
FAILURES = 5
NAME_FAILURES = 50
ADDRESS_FAILURES = 100
LOCK_S = 15 * 60
ACTIVATION_S = 72 * 3600
USERNAME_MAX = 64
PASSWORD_MIN, PASSWORD_MAX = 10, 200


@dataclass(frozen=True)
class Session:
    """Who is signed in, and the token that every change of theirs must carry."""

    actor: Actor
    csrf: str
    hash: str


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """argon2id with m=19456 KiB, t=2, p=1 (OWASP's first choice for these resources)."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(password)


def _verify(stored: str, password: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


# A hash of nothing anybody knows: an unknown name costs the same time as a wrong password.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Ys0ot9RjJjMrV6D3yZxvW0b0o0k0m8b8l2N3y5cHn2A"


def create_staff(ctx: Context, *, username: str, name: str, grants: tuple[str, ...], phone: str = "", password: str = "") -> str:
    """A new person; returns the id (six characters). Without a password they need an activation link.

    Raises `Conflict("username_taken")` and `NotAllowed("fields")` for a phone that can't be one.
    """
    from pynamodb.exceptions import TransactWriteError

    staff_id = numbers.encode(secrets.randbits(30), 6)
    item = StaffItem(
        f"S#{staff_id}",
        "STAFF",
        staff_id=staff_id,
        username=username.strip().lower(),
        name=name,
        password=hash_password(password) if password else None,
        grants=set(grants),
    )
    if phone:
        kept = _sealed(ctx, staff_id, phone)
        item.sealed, item.phone_mask, item.phone_mac = kept.sealed, kept.mask, kept.mac
    try:
        staff.create(item)
    except TransactWriteError as error:
        raise Conflict("username_taken") from error
    return staff_id


def _sealed(ctx: Context, staff_id: str, phone: str) -> staff.Sealed:
    normal = people.normalise_phone(phone)
    if normal is None:
        raise NotAllowed("fields", fields=[FieldError("phone", "phone")])
    sealed = ctx.vault.seal(f"staff:{staff_id}", {"phone": normal})
    return staff.Sealed(sealed, people.mask_phone(normal), ctx.keys.mac("phone", normal))


def change_staff(ctx: Context, person: StaffItem, *, name: str = "", grants: tuple[str, ...] = (), phone: str = "") -> None:
    """Another name, other offices in the place of all before, another number; what is empty stays. With new offices or a new
    name they sign in again. Raises `NotAllowed("fields")` for a phone that can't be one.
    """
    staff_id = person.staff_id or ""
    kept = _sealed(ctx, staff_id, phone) if phone else None
    staff.change(person, name or person.name or "", grants or tuple(person.grants or ()), kept)
    if name or grants:
        staff.end_sessions(staff_id)


def activation_link(ctx: Context, staff_id: str) -> str:
    """The secret of a one-time link with which that person sets a password; valid for three days."""
    secret = secrets.token_urlsafe(24)
    ttl = int(ctx.clock.wall().timestamp()) + ACTIVATION_S
    StaffItem(f"AC#{_hash(secret)}", "ACTIVATION", staff_id=staff_id, ttl=ttl).save()
    return secret


def activation(ctx: Context, secret: str) -> StaffItem:
    """The link's row. Raises `Unknown("activation")` when it was used, has ended or never was."""
    row = staff.get(f"AC#{_hash(secret)}", "ACTIVATION")
    if row is None or not row.staff_id or int(row.ttl or 0) < ctx.clock.wall().timestamp():
        raise Unknown("activation")
    person = staff.person(row.staff_id)
    if person is None or not person.grants:
        raise Unknown("activation")
    return row


def activate(ctx: Context, secret: str, password: str) -> None:
    """Sets the password and uses up the link, in one write that comes last: who fails before it can do everything again."""
    row = activation(ctx, secret)
    person = staff.person(row.staff_id or "")
    check_password(ctx, password, (person.username or "", person.name or "") if person else ())
    staff.end_sessions(row.staff_id or "")
    if not staff.set_password(row.staff_id or "", hash_password(password), row.pk):
        raise Unknown("activation")
    note(ctx, "password_set", who=row.staff_id or "", by="link")


def note(ctx: Context, event: str, address: str = "", **facts: str) -> None:
    """Into the log of the doors, which nobody pays for who only reports something."""
    from chalicelib.usecases import securitylog

    securitylog.note(ctx, event, address, **facts)


def check_password(ctx: Context, password: str, own: Iterable[str]) -> None:
    """Raises `NotAllowed("fields")` for a password that is too short, that everybody tries first, or made of `own` words, the
    street's or the product's.
    """
    from chalicelib.casework import passwords

    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise NotAllowed("fields", fields=[FieldError("password", "password", {"min": PASSWORD_MIN})])
    street = ctx.street
    names = (street.name, street.brand, street.city, street.district)
    here = [street.id, *street.domain.split("."), *(text for name in names for text in (name.zh, name.en))]
    code = passwords.weakness(password, (*own, *here))
    if code == "common":
        raise NotAllowed("fields", fields=[FieldError("password", "password_common")])
    if code == "own":
        raise NotAllowed("fields", fields=[FieldError("password", "password_own")])


def sign_in(ctx: Context, username: str, password: str, address: str = "") -> str:
    """The new session's id, for the cookie.

    Raises `Unauthenticated("sign_in")` for any wrong pair and `Limited("sign_in")` after too many failures.
    """
    name = username.strip().lower()
    if not 0 < len(name) <= USERNAME_MAX:
        raise Unauthenticated("sign_in")
    tries = _Tries(ctx, name, address)
    tries.begin()
    person = staff.by_username(name)
    if not matches(person, password) or person is None:
        tries.failed()
        raise Unauthenticated("sign_in")
    staff.forget_tries(tries.here)
    note(ctx, "signed_in", address, who=person.staff_id or "")
    return open_session(ctx, person)


def matches(person: StaffItem | None, password: str) -> bool:
    """In the same time whether there is such a person or not."""
    stored = person.password if person is not None and len(password) <= PASSWORD_MAX else None
    return _verify(stored or _NOBODY, password[:PASSWORD_MAX])


class _Tries:
    """Failures are counted under the name as typed, whether it exists or not: the lock must not tell which names do."""

    def __init__(self, ctx: Context, name: str, address: str) -> None:
        from chalicelib.usecases import securitylog

        self._ctx, self._address = ctx, address
        place = securitylog.source(address)
        self._now = int(ctx.clock.wall().timestamp())
        self._name = ctx.keys.mac("sign_in", name).hex()[:32]
        self.here = f"TRY#{ctx.keys.mac('sign_in', name, place).hex()[:32]}"
        self._wide = {f"TRY#N#{self._name}": NAME_FAILURES}
        if place:
            self._wide[f"TRY#A#{ctx.keys.mac('sign_in', 'address', place).hex()[:32]}"] = ADDRESS_FAILURES

    def begin(self) -> None:
        """Counts one more from here before the password is looked at: parallel guesses get no more than their share."""
        counted = staff.count_try(self.here, self._now, LOCK_S) > FAILURES
        if counted or any(staff.tries(row, self._now, LOCK_S) >= most for row, most in self._wide.items()):
            note(self._ctx, "sign_in_limited", self._address, name=self._name[:16])
            raise Limited("sign_in", params={"minutes": LOCK_S // 60})

    def failed(self) -> None:
        for row in self._wide:
            staff.count_try(row, self._now, LOCK_S)
        note(self._ctx, "sign_in_failed", self._address, name=self._name[:16])


def open_session(ctx: Context, person: StaffItem) -> str:
    """A new session's id, which is stored as a hash alone."""
    session = secrets.token_urlsafe(16)
    digest, now = _hash(session), int(ctx.clock.wall().timestamp())
    row = StaffItem(
        f"SS#{digest}",
        "SESSION",
        staff_id=person.staff_id,
        name=person.name,
        grants=set(person.grants or ()),
        started=now,
        seen=now,
        ttl=now + ABSOLUTE_S,
    )
    staff.open_session(row, StaffItem(f"S#{person.staff_id}", f"SS#{digest}", ttl=now + ABSOLUTE_S))
    return session


def session(ctx: Context, session_id: str) -> Session:
    """Who this session is. Raises `Unauthenticated("session")` when it has ended, was revoked, or never was."""
    row = staff.get(f"SS#{_hash(session_id)}", "SESSION") if session_id else None
    now = int(ctx.clock.wall().timestamp())
    if row is None or now >= int(row.started or 0) + ABSOLUTE_S or now >= int(row.seen or 0) + IDLE_S:
        raise Unauthenticated("session")
    if now - int(row.seen or 0) >= TOUCH_S:
        staff.touch(row, now)
    actor = Actor(id=f"staff:{row.staff_id}", name=row.name or "", grants=tuple(sorted(row.grants or ())))
    return Session(actor=actor, csrf=ctx.keys.mac("csrf", session_id).hex()[:32], hash=_hash(session_id))


def sign_out(ctx: Context, found: Session) -> None:
    note(ctx, "signed_out", who=found.actor.staff_id)
    staff.end_sessions(found.actor.staff_id, [found.hash])


def revoke(staff_id: str) -> int:
    """Ends every session of that person at once."""
    return staff.end_sessions(staff_id)
