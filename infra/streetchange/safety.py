"""What of a change would cut off something that is under way: each with its key, how much hangs on it, and the remedy.

Safe by itself is what only speaks to what comes: texts, notices, numbers to call, brand, days off, spans and steps of clocks
(running ones keep the instants that were promised), and whatever is added. What is taken away is safe once nothing stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from chalicelib.casework.case import Case
from chalicelib.street import Place, Street
from infra.streetchange.standing import Standing

NAMED = 3
WAIT = "bring them to an end first, or leave it in the file"

Test = Callable[[Case], bool]


def blockers(old: Street, new: Street, old_places: Iterable[Place], new_places: Iterable[Place], now: Standing) -> list[str]:
    """Why it must not be published now; empty when it may."""
    return [
        *_rungs(old, new, now),
        *_clocks(old, new, now),
        *_vocabulary(old, new, now),
        *_units(old, new, now),
        *_parties(old, new, now),
        *_queues(old, new, now),
        *_places(old_places, new_places),
    ]


def _held(now: Standing, key: str, what: str, test: Test, remedy: str = WAIT) -> Iterator[str]:
    found = [case.no for case in now.cases if test(case)]
    if found:
        named = ", ".join(found[:NAMED]) + (", …" if len(found) > NAMED else "")
        hang = "open case ({}) hangs" if len(found) == 1 else "open cases ({}) hang"
        yield f"{key}: {what}, and {len(found)} {hang.format(named)} on it: {remedy}"


def _gone(old: Iterable[str], new: Iterable[str]) -> list[str]:
    return sorted(set(old) - set(new))


def _rungs(old: Street, new: Street, now: Standing) -> Iterator[str]:
    for one in old.rungs:
        kept = new.rung_by_id.get(one.id)
        before, after = ((rung.role, rung.scope, rung.level) if rung else () for rung in (one, kept))
        if before != after:
            said = f"{before} → {after}" if kept else "is gone"
            yield from _held(now, f"rungs.{one.id}", said, _with("rung", one.id))


def _clocks(old: Street, new: Street, now: Standing) -> Iterator[str]:
    for name, clock in old.clocks.items():
        kept = new.clocks.get(name)
        if kept is None:
            said, remedy = "is gone", "let them run out first; a clock that no rung starts any more does no harm in the file"
        elif (clock.party, clock.until) != (kept.party, kept.until):
            said, remedy = "has another party or end", "give the new clock another name"
        else:
            continue
        yield from _held(now, f"clocks.{name}", said, _running(name), remedy)


def _vocabulary(old: Street, new: Street, now: Standing) -> Iterator[str]:
    """Names that cases carry."""
    for key, attribute, before, after in (
        ("classes", "case_class", old.class_by_id, new.class_by_id),
        ("categories", "category", old.category_by_id, new.category_by_id),
        ("exits", "exit", old.exit_by_id, new.exit_by_id),
    ):
        for one in _gone(before, after):
            yield from _held(now, f"{key}.{one}", "is gone", _with(attribute, one))


def _units(old: Street, new: Street, now: Standing) -> Iterator[str]:
    """Zones, committees, communities: their cases, their people, their registrations; and to which zone a committee belongs."""
    for key, kind, before, after in (
        ("zones", "zone", old.zone_by_id, new.zone_by_id),
        ("committees", "committee", old.committee_by_id, new.committee_by_id),
        ("communities", "community", old.community_by_id, new.community_by_id),
    ):
        for one in _gone(before, after):
            yield from _held(now, f"{key}.{one}", "is gone", _with(kind, one))
            yield from _people(now, f"{key}.{one}", f"@{kind}:{one}")
    count = sum(now.registers.values())
    for kind in _gone((one.id for one in old.kinds), (one.id for one in new.kinds)):
        if count and old.form(kind) is not None:
            yield f"kinds.{kind}: is gone, and {count} registrations stand, whose links need its form: leave it in the file"
    for name in _gone(old.committee_by_id, new.committee_by_id):
        if name in now.registers:
            count = now.registers[name]
            yield f"committees.{name}: is gone, and {count} registrations are its own: a committee with registrations stays"
    for name, committee in old.committee_by_id.items():
        kept = new.committee_by_id.get(name)
        if kept is not None and kept.zone != committee.zone:
            said = f"zone {committee.zone} → {kept.zone}"
            yield from _held(now, f"committees.{name}.zone", said, _with("committee", name))
    for name in _gone(old.department_by_id, new.department_by_id):
        yield from _people(now, f"departments.{name}", f"@dept:{name}")
        yield from _held(now, f"departments.{name}", "is gone", _calls(f"department@dept:{name}"))


def _people(now: Standing, key: str, ending: str) -> Iterator[str]:
    count = sum(number for grant, number in now.grants.items() if grant.endswith(ending))
    if count:
        yield f"{key}: is gone, and {count} of the staff hold an office of it ({ending[1:]}): take that from them first"


def _parties(old: Street, new: Street, now: Standing) -> Iterator[str]:
    for name in _gone((one.id for one in old.contacts), (one.id for one in new.contacts)):
        yield from _held(now, f"contacts.{name}", "is gone", _calls(f"contact:{name}"))
    for name in _gone((one.id for one in old.webhooks), (one.id for one in new.webhooks)):
        if name in now.events:
            yield (
                f"webhooks.{name}: is gone, and {now.events[name]} events wait for it: let it take them, or drop them with "
                "`python -m infra.webhooks`"
            )


def _queues(old: Street, new: Street, now: Standing) -> Iterator[str]:
    """Rows that stand under the role of who has to look at them."""
    if old.follow_up.visitors[:1] != new.follow_up.visitors[:1]:
        said = f"{list(old.follow_up.visitors)} → {list(new.follow_up.visitors)}"
        yield from _held(now, "follow_up.visitors", said, _with("state", "visiting"))
    for kind in sorted({request.kind for case in now.cases for request in case.requests}):
        before, after = old.approvals.roles(kind), new.approvals.roles(kind)
        if set(before) - set(after):
            said = f"{list(before)} → {list(after)}"
            yield from _held(now, f"approvals.{kind}", said, _asks(kind), "have them decided first")


def _places(before: Iterable[Place], after: Iterable[Place]) -> Iterator[str]:
    gone = _gone((place.id for place in before), (place.id for place in after))
    if gone:
        named = ", ".join(gone[:NAMED]) + (", …" if len(gone) > NAMED else "")
        are = "is" if len(gone) == 1 else "are"
        are = "is" if len(gone) == 1 else "are"
        yield f"places: {named} {are} gone from the CSV: a code hangs there; write retired in its row instead"


def _with(attribute: str, value: str) -> Test:
    return lambda case: getattr(case, attribute) == value


def _running(clock: str) -> Test:
    return lambda case: any(run.id == clock and run.stopped is None for run in case.clocks)


def _calls(party: str) -> Test:
    return lambda case: any(one.party.id == party and one.released is None for one in case.partners)


def _asks(kind: str) -> Test:
    return lambda case: case.request(kind) is not None
