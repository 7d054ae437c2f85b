"""What an action is decided on, and the small things that several actions share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from chalicelib.casework import calendar
from chalicelib.casework.access import Actor
from chalicelib.casework.case import Case, Party
from chalicelib.casework.events import parse, stamp
from chalicelib.errors import FieldError, NotAllowed
from chalicelib.street import CaseClass, Duration, Rung, Street

Made = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Situation:
    """`data` holds the fields as typed; it is empty while a page only asks what is open."""

    case: Case
    data: Mapping[str, Any]
    actor: Actor
    now: datetime
    street: Street

    def text(self, name: str = "text") -> str:
        return str(self.data.get(name, ""))

    @property
    def rung(self) -> Rung:
        return self.street.rung_by_id[self.case.rung]

    @property
    def case_class(self) -> CaseClass | None:
        return self.street.class_by_id.get(self.case.case_class)

    @property
    def hazard(self) -> bool:
        return self.case_class is not None and self.case_class.hazard

    def in_working_days(self, count: int) -> str:
        end = calendar.due(self.now, Duration(count, "wd"), self.street.calendar, self.street.tz)
        return stamp(end)

    def closing_time(self, typed: str) -> str:
        """The end of office hours on the day typed as `2026-12-01`."""
        end = datetime.combine(date.fromisoformat(typed), time.fromisoformat(self.street.calendar.day_end), self.street.tz)
        return stamp(end)

    def ahead(self, name: str) -> str:
        """The closing time of the day typed into that input, which must be to come."""
        end = self.closing_time(self.text(name))
        if parse(end) <= self.now:
            raise NotAllowed("fields", fields=[FieldError(name, "past")])
        return end

    def is_over(self, since: str | None, term: Duration) -> bool:
        """Whether a term that began at that instant has passed."""
        return since is not None and calendar.due(parse(since), term, self.street.calendar, self.street.tz) < self.now


def note(s: Situation) -> dict[str, Any]:
    return {"note": s.text("note")} if s.text("note") else {}


def named(party: Party) -> dict[str, str]:
    return {"id": party.id, "name": party.name, "grant": party.grant}


def move_data(case: Case, rung_id: str, unit: str, street: Street, reason: str) -> dict[str, Any]:
    """Data of an event that brings a case to another office."""
    return {
        "rung": rung_id,
        "unit": unit,
        "level": street.rung_by_id[rung_id].level,
        "from_rung": case.rung,
        "from_unit": case.unit,
        "reason": reason,
    }
