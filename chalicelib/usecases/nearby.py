"""Who is called to a hazard at once: parties without an account that the street file names, and the nearest grid workers.

Contacts' numbers are printed in the street file. Colleagues' are kept like anybody's, so the function `reveal` opens them: for an
open hazard alone, and for those who work on it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import msgspec

from chalicelib.casework import access
from chalicelib.casework.access import Actor, units_around
from chalicelib.casework.case import Case
from chalicelib.models import cases, staff
from chalicelib.ports import VaultBusy, VaultClosed
from chalicelib.street import Street
from chalicelib.usecases import signin
from chalicelib.usecases.context import Context
from chalicelib.usecases.recipients import told

log = logging.getLogger("doorstep")

NEAREST = ("grid_worker",)
# Deputies and people in the street's offices elsewhere may read a hazard; they call nobody to it.
AT_WORK = frozenset({"office", "assignee", "lead", "co", "addressee", "origin", "supervisor"})
CREW_MAX = 6


@dataclass(frozen=True)
class Helper:
    """`role` is empty for a contact."""

    name: str
    role: str
    phone: str


def is_hazard(case: Case, street: Street) -> bool:
    case_class = street.class_by_id.get(case.case_class)
    return case.open and case_class is not None and case_class.hazard


def helpers(ctx: Context, actor: Actor, session_id: str, case: Case) -> list[Helper]:
    """Everybody to call now, contacts first; empty for a case that is no open hazard, or for those who do not work on it."""
    if not is_hazard(case, ctx.street) or not access.relations(actor, case, ctx.street) & AT_WORK:
        return []
    around = set(units_around(case))
    found = [Helper(one.name.zh, "", one.phone) for one in ctx.street.contacts if around & set(one.units)]
    answer = ctx.reveal({"session": session_id, "case": case.no, "crew": "1"})
    if "crew" not in answer:
        # Without them the page still has the contacts, and the message has gone out to both.
        log.warning("numbers of colleagues nearby could not be opened")
        return found
    return found + msgspec.json.decode(answer["crew"], type=list[Helper])


def crew(ctx: Context, session_id: str, no: str) -> list[Helper]:
    """The colleagues nearest to an open hazard who are on duty, with their numbers. Runs where numbers may be opened.

    It trusts nobody: session, scope and class are looked at again. Nobody is found for anything but a hazard.
    """
    actor = signin.session(ctx, session_id).actor
    stored = cases.get(no)
    if stored is None or not is_hazard(stored.case, ctx.street):
        return []
    if not access.relations(actor, stored.case, ctx.street) & AT_WORK:
        return []
    units = ",".join(units_around(stored.case))
    ids = [staff_id for role in NEAREST for staff_id in told(ctx, f"nearest:{role}@{units}")]
    people = [staff.person(staff_id) for staff_id in ids[:CREW_MAX]]
    return [_helper(ctx, person) for person in people if person is not None]


def _helper(ctx: Context, person: staff.StaffItem) -> Helper:
    try:
        phone = ctx.vault.open(f"staff:{person.staff_id}", person.sealed)["phone"] if person.sealed else ""
    except (VaultClosed, VaultBusy):
        phone = ""
    return Helper(person.name or "", NEAREST[0], phone)
