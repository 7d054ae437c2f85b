"""What one table promises another has to keep: no way leads nowhere, no clock waits for what can't happen."""

from __future__ import annotations

from chalicelib.street import Street
from infra.streetfile import vocabulary as words
from infra.streetfile.problems import Problems


def check(street: Street, problems: Problems) -> None:
    """Asked of a street whose tables are right one by one."""
    _dispatch(street, problems)
    _exits(street, problems)
    _sorting(street, problems)
    _clocks(street, problems)


def _dispatch(street: Street, problems: Problems) -> None:
    for number, rung in enumerate(street.rungs):
        at = ("rungs", number)
        if rung.triage and not rung.dispatch:
            remedy = 'add dispatch = ["department"], or take triage out'
            problems.add((*at, "triage"), "decides who leads, but the rung dispatches to nobody", remedy)
        if rung.dispatch == (words.CONTACT,):
            remedy = 'add a role: dispatch = ["department", "contact"]'
            problems.add((*at, "dispatch"), "names nobody who can lead: a contact has no account", remedy)
        if "department" in rung.dispatch and not street.departments:
            problems.add((*at, "dispatch"), "names departments, and there are none", "write one [[departments]] for each")
        if words.CONTACT in rung.dispatch and not street.contacts:
            problems.add((*at, "dispatch"), "names contacts, and there are none", "write one [[contacts]] for each")
    if street.departments and not any("department" in rung.dispatch for rung in street.rungs):
        remedy = 'add "department" to dispatch of a rung'
        problems.add(("departments", 0, "id"), "is a department that no rung dispatches to", remedy)


def _exits(street: Street, problems: Problems) -> None:
    used = {way for rung in street.rungs for way in rung.exits}
    for number, way in enumerate(street.exits):
        if way.id not in used:
            remedy = f'add "{way.id}" to exits of a rung'
            problems.add(("exits", number, "id"), "is an exit that no rung leads to", remedy)


def _sorting(street: Street, problems: Problems) -> None:
    for number, rung in enumerate(street.rungs):
        others = [one for one in street.rungs if one.id != rung.id]
        if rung.sorts and not any(entry.classes for one in others for entry in one.enters):
            remedy = 'let a class enter at another rung by its name, { classes = ["…"] }, or take sorts out'
            problems.add(("rungs", number, "sorts"), "sorts by class, but no other rung takes a class by name", remedy)


def _clocks(street: Street, problems: Problems) -> None:
    """A clock that starts at what this street never does would never run; an extension needs somebody to grant it."""
    sends = any(rung.dispatch for rung in street.rungs)
    watches = any(one.observe is not None for one in street.classes)
    triages = any(rung.triage for rung in street.rungs)
    lacking = {
        "dispatched": (sends, "a rung with dispatch"),
        "released": (sends, "a rung with dispatch"),
        "observed": (watches, "a class with observe"),
        "triaged": (triages, "a rung with triage = true"),
        "triage_agreed": (triages, "a rung with triage = true"),
        "referred": (bool(street.exits), "a rung with exits"),
        "answered_back": (bool(street.exits), "a rung with exits"),
        "extended": (bool(street.approvals.extend), "extend in [approvals]"),
        "long_run_started": (bool(street.approvals.long_run), "long_run in [approvals]"),
        "invalidated": (bool(street.approvals.invalid), "invalid in [approvals]"),
    }
    for clock_id, clock in street.clocks.items():
        possible, needs = lacking.get(clock.start, (True, ""))
        if not possible:
            problems.add(("clocks", clock_id, "start"), "never happens in this street", f"add {needs}, or take the clock out")
        if clock.extend and not street.approvals.extend:
            remedy = 'add extend = ["supervisor"] to [approvals], or take extend out'
            problems.add(("clocks", clock_id, "extend"), "can be extended, but nobody approves it", remedy)
