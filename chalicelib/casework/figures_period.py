"""Which cases figures are of: a period of the street's civil days, and a unit of the street."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.casework.access import split_grant
from chalicelib.casework.events import stamp
from chalicelib.casework.figures import Figures
from chalicelib.street import Place, Street

LEVELS = ("zone", "committee", "community", "place")
# Days up to which a period is shown day by day, and then week by week.
BY_DAY, BY_WEEK = 15, 190


@dataclass(frozen=True)
class Period:
    """[first, last) in days of the street's calendar."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days

    @property
    def before(self) -> Period:
        """The same time before it: a whole month's is the month before, else as many days."""
        if self.first.day == 1 and self.last.day == 1:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
            back = self.first.year * 12 + self.first.month - 1 - months
            return Period(date(back // 12, back % 12 + 1, 1), self.first)
        return Period(self.first - timedelta(days=self.days), self.first)

    def bounds(self, tz: ZoneInfo) -> tuple[str, str]:
        """Its two ends as stored text; what is stamped with the second is no longer in it."""
        first, last = (stamp(datetime.combine(day, time(), tz)) for day in (self.first, self.last))
        return first, last

    def months(self) -> list[str]:
        """The months that it touches, as the ledger names them."""
        found, day = [], self.first.replace(day=1)
        while day < self.last:
            found.append(f"{day.year:04d}-{day.month:02d}")
            day = (day + timedelta(days=32)).replace(day=1)
        return found

    def parts(self) -> list[date]:
        """The first days of the parts that a course of time is shown in: days, weeks from Monday, or months."""
        if self.days <= BY_DAY:
            return [self.first + timedelta(days=n) for n in range(self.days)]
        if self.days <= BY_WEEK:
            monday = self.first - timedelta(days=self.first.weekday())
            return [max(monday + timedelta(days=n), self.first) for n in range(0, (self.last - monday).days, 7)]
        return [max(date.fromisoformat(f"{month}-01"), self.first) for month in self.months()]


def month_to_date(today: date) -> Period:
    return Period(today.replace(day=1), today + timedelta(days=1))


def inside(unit: str, row: Figures) -> bool:
    """Whether the case came in within that unit (`street`, `zone:z1`, `committee:…`, `community:…`, `place:…`)."""
    level, _, unit_id = unit.partition(":")
    return level == "street" or (level in LEVELS and bool(unit_id) and getattr(row, level) == unit_id)


def around(unit: str, street: Street, places: dict[str, Place]) -> list[str]:
    """The units that a unit lies in, itself first. Empty for one that the street does not have."""
    level, _, unit_id = unit.partition(":")
    if level == "street":
        return ["street"]
    if level == "place" and unit_id in places:
        place = places[unit_id]
        above = f"community:{place.community}" if place.community else f"committee:{place.committee}"
        return [unit, *around(above, street, places)]
    if level == "community" and unit_id in street.community_by_id:
        return [unit, *around(f"committee:{street.community_by_id[unit_id].committee}", street, places)]
    if level == "committee" and unit_id in street.committee_by_id:
        return [unit, *around(f"zone:{street.committee_by_id[unit_id].zone}", street, places)]
    return [unit, "street"] if level == "zone" and unit_id in street.zone_by_id else []


def units_of(grants: Sequence[str]) -> list[str]:
    """The units of the street whose figures these grants open, the widest first; a department has none."""
    order = ("street", *LEVELS)
    units = {unit for _, unit in map(split_grant, grants) if unit.partition(":")[0] in order}
    return sorted(units, key=lambda unit: (order.index(unit.partition(":")[0]), unit))
