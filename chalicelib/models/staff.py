"""The Staff table: people, their names for signing in, their grants, sessions and activation links.

Rows: `S#<id>`/`STAFF` the person; `U#<username>`/`NAME` points to it; `G#<grant>`/`S#<id>` finds who holds a grant;
`R#<grant>`/`<weekday 1-7>#<from>#<to>#<id>` somebody's duty hours in that office; `SS#<hash>`/`SESSION` a session under the hash
of its id, and `S#<id>`/`SS#<hash>` its shadow by which all of a person's sessions are ended; `AC#<hash>`/`ACTIVATION` a one-time
link. Sessions and activations live by wall time and carry `ttl`; they are checked against the clock too, because DynamoDB
deletes late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import ClassVar

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from chalicelib.models.base import Row, code_of, transaction


class StaffItem(Row):
    class Meta:
        store: ClassVar[str] = "staff"
        table_name: ClassVar[str] = ""
        region: ClassVar[str] = ""
        host: ClassVar[str | None] = None

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    staff_id = UnicodeAttribute(null=True)
    username = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    password = UnicodeAttribute(null=True)
    grants = UnicodeSetAttribute(null=True)
    sealed = BinaryAttribute(null=True, legacy_encoding=False)
    phone_mask = UnicodeAttribute(null=True)
    phone_mac = BinaryAttribute(null=True, legacy_encoding=False)
    failures = NumberAttribute(null=True)
    csrf = UnicodeAttribute(null=True)
    started = NumberAttribute(null=True)
    seen = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)


@dataclass(frozen=True)
class Sealed:
    """A number as it is kept: ciphertext, what may be shown of it, and what finds it."""

    sealed: bytes
    mask: str
    mac: bytes


def get(pk: str, sk: str, *, consistent: bool = True) -> StaffItem | None:
    try:
        return StaffItem.get(pk, sk, consistent_read=consistent)
    except StaffItem.DoesNotExist:
        return None


def person(staff_id: str) -> StaffItem | None:
    return get(f"S#{staff_id}", "STAFF")


def by_username(username: str) -> StaffItem | None:
    name = get(f"U#{username}", "NAME")
    return person(name.staff_id) if name and name.staff_id else None


def holders(grant: str) -> list[StaffItem]:
    """Who holds a grant: rows with `staff_id` and `name`."""
    return list(StaffItem.query(f"G#{grant}"))


def roster(grant: str) -> list[tuple[int, str, str, str]]:
    """Duty hours of an office: (weekday 1 to 7, from, to, staff id), times as HH:MM of the street. Empty where there is none."""
    return [_span(row.sk) for row in StaffItem.query(f"R#{grant}")]


def _span(sk: str) -> tuple[int, str, str, str]:
    weekday, begin, end, staff_id = sk.split("#", 3)
    return int(weekday), begin, end, staff_id


def rosters() -> dict[str, list[tuple[int, str, str, str]]]:
    """All rosters by grant: a scan, for operators."""
    found: dict[str, list[tuple[int, str, str, str]]] = {}
    for row in StaffItem.scan(filter_condition=StaffItem.pk.startswith("R#")):
        found.setdefault(row.pk.removeprefix("R#"), []).append(_span(row.sk))
    return {grant: sorted(spans) for grant, spans in sorted(found.items())}


def replace_roster(grant: str, spans: Iterable[tuple[int, str, str, str]]) -> None:
    """The new hours come before the old ones go: at no moment is there nobody on the roster."""
    wanted = {f"{weekday}#{begin}#{end}#{staff_id}": staff_id for weekday, begin, end, staff_id in spans}
    for sk, staff_id in sorted(wanted.items()):
        StaffItem(f"R#{grant}", sk, staff_id=staff_id).save()
    for row in list(StaffItem.query(f"R#{grant}", consistent_read=True)):
        if row.sk not in wanted:
            row.delete()


def create(item: StaffItem) -> None:
    """A new person with name and grants, all or nothing. Raises TransactWriteError when the name is taken."""
    with transaction() as write_all:
        write_all.save(item, condition=StaffItem.pk.does_not_exist())
        write_all.save(StaffItem(f"U#{item.username}", "NAME", staff_id=item.staff_id), condition=StaffItem.pk.does_not_exist())
        for grant in sorted(item.grants or ()):
            write_all.save(StaffItem(f"G#{grant}", item.pk, staff_id=item.staff_id, name=item.name))


def set_password(staff_id: str, password_hash: str, activation: str) -> bool:
    """Uses up the activation link and sets the password together. False when the link was used already.

    Raises what the write raised when it says neither: the link still opens then.
    """
    from pynamodb.exceptions import TransactWriteError

    link = StaffItem(activation, "ACTIVATION")
    try:
        with transaction() as write_all:
            write_all.delete(link, condition=StaffItem.pk.exists())
            write_all.update(
                StaffItem(f"S#{staff_id}", "STAFF"),
                actions=[StaffItem.password.set(password_hash)],
                condition=StaffItem.pk.exists(),
            )
    except Exception as error:
        standing = person(staff_id)
        if standing is not None and standing.password == password_hash:
            return True  # only the reply was lost
        reasons = error.cancellation_reasons if isinstance(error, TransactWriteError) else ()
        if any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in reasons):
            return False
        raise
    return True


def change(item: StaffItem, name: str, grants: Collection[str], phone: Sealed | None) -> None:
    """Another name, other offices, another number; None leaves the number as it is. Can be done again until it is done."""
    for grant in sorted(grants):
        StaffItem(f"G#{grant}", item.pk, staff_id=item.staff_id, name=name).save()
    actions: list[Action] = [StaffItem.name.set(name), StaffItem.grants.set(set(grants))]
    if phone is not None:
        actions += [StaffItem.sealed.set(phone.sealed), StaffItem.phone_mask.set(phone.mask), StaffItem.phone_mac.set(phone.mac)]
    item.update(actions=actions)
    _leave(item, grants)


def dismiss(item: StaffItem) -> None:
    """Takes password and grants, and whatever rows say that somebody holds an office or is on duty there."""
    item.update(actions=[StaffItem.password.remove(), StaffItem.grants.remove()])
    _leave(item, ())


def _leave(item: StaffItem, kept: Collection[str]) -> None:
    """By a scan, for operators: what a change that broke off has left behind stands in no list."""
    theirs = (StaffItem.pk.startswith("G#") | StaffItem.pk.startswith("R#")) & (StaffItem.staff_id == item.staff_id)
    for row in list(StaffItem.scan(filter_condition=theirs, consistent_read=True)):
        if row.pk[2:] not in kept:
            row.delete()


def replace_password(staff_id: str, was: str, password_hash: str) -> bool:
    """False when it is not what it was any more. Raises what the write raised when it says neither."""
    try:
        StaffItem(f"S#{staff_id}", "STAFF").update(
            actions=[StaffItem.password.set(password_hash)], condition=StaffItem.password == was
        )
    except UpdateError as error:
        standing = person(staff_id)
        if standing is not None and standing.password == password_hash:
            return True  # only the reply was lost
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        return False
    return True


def sessions(staff_id: str) -> list[StaffItem]:
    """A person's sessions that were not ended, the newest first: `started` and `seen` by wall time."""
    rows = StaffItem.query(f"S#{staff_id}", StaffItem.sk.startswith("SS#"), consistent_read=True)
    found = [get(row.sk, "SESSION") for row in rows]
    return sorted((row for row in found if row is not None), key=lambda row: -int(row.started or 0))


def open_session(item: StaffItem, shadow: StaffItem) -> None:
    with transaction() as write_all:
        write_all.save(item)
        write_all.save(shadow)


def touch(session: StaffItem, now: int) -> None:
    """Moves the idle clock of a session that still exists."""
    try:
        session.update(actions=[StaffItem.seen.set(now)], condition=StaffItem.pk.exists())
    except UpdateError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise


def end_sessions(staff_id: str, hashes: Iterable[str] | None = None) -> int:
    """Ends the sessions with these hashes, or all of that person. Returns how many rows went."""
    if hashes is None:
        hashes = [row.sk.removeprefix("SS#") for row in StaffItem.query(f"S#{staff_id}", StaffItem.sk.startswith("SS#"))]
    count = 0
    for session_hash in hashes:
        StaffItem(f"SS#{session_hash}", "SESSION").delete()
        StaffItem(f"S#{staff_id}", f"SS#{session_hash}").delete()
        count += 1
    return count


def end_everything() -> tuple[int, int]:
    """Ends every session and withdraws every activation link: a scan, for operators. Returns how many of each."""
    sessions = list(StaffItem.scan(StaffItem.sk == "SESSION", attributes_to_get=["pk", "sk"], consistent_read=True))
    shadows = list(StaffItem.scan(StaffItem.sk.startswith("SS#"), attributes_to_get=["pk", "sk"], consistent_read=True))
    links = list(StaffItem.scan(StaffItem.sk == "ACTIVATION", attributes_to_get=["pk", "sk"], consistent_read=True))
    for row in (*sessions, *shadows, *links):
        row.delete()
    return len(sessions), len(links)


def count_try(row: str, now: int, seconds: int) -> int:
    """Counts one more try under a name and returns how many there were in the `seconds` since the first."""
    item = StaffItem(row, "TRY")
    fresh = StaffItem.pk.does_not_exist() | (StaffItem.started > now - seconds)
    actions: list[Action] = [
        StaffItem.failures.add(1),
        StaffItem.started.set(StaffItem.started | now),
        StaffItem.ttl.set(now + 2 * seconds),
    ]
    try:
        item.update(actions=actions, condition=fresh)
    except UpdateError as error:
        if code_of(error) != "ConditionalCheckFailedException":
            raise
        item = StaffItem(row, "TRY", failures=1, started=now, ttl=now + 2 * seconds)
        item.save()
    return int(item.failures or 0)


def tries(row: str, now: int, seconds: int) -> int:
    """How many tries were counted under that row in the `seconds` since the first."""
    item = get(row, "TRY")
    return 0 if item is None or int(item.started or 0) <= now - seconds else int(item.failures or 0)


def forget_tries(row: str) -> None:
    StaffItem(row, "TRY").delete()
