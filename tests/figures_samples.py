"""Pages of figures as tests look at them: a rich month, an empty one, an import that was refused, the public page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec

from chalicelib.casework.figures_count import count
from chalicelib.casework.figures_period import Period
from chalicelib.errors import FieldError, NotAllowed
from chalicelib.models.ledger import Summary
from chalicelib.street import Place, Street
from chalicelib.usecases.figures import Report
from chalicelib.usecases.figures_public import Deed, Public
from chalicelib.web import pages_figures as pages
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer
from tests.figures_rows import month_of_rows

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
NOW = datetime(2026, 11, 30, 5, 45, tzinfo=UTC)
WRONG = NotAllowed("fields", fields=[FieldError("calls", "months")])
SCANS = {"AAAAAA": 12, "BBBBBB": 3}
CALLS = {"2026-10": (918, 1000), "2026-11": (None, 950)}


def report(street: Street, cases: int) -> Report:
    rows = [msgspec.structs.replace(row, place="AAAAAA", solved="partly") for row in month_of_rows(cases)]
    found = count(rows, NOW, NOVEMBER.parts(), street.tz)
    before = count(rows[:100], NOW, (), street.tz)
    return Report("street", NOVEMBER, found, before, CALLS if cases else {}, SCANS if cases else {}, NOW)


def summary(cases: int) -> Summary:
    share = (cases * 9 // 10, cases)
    lines = {"facility": (cases, cases), "": (0, 0)} if cases else {}
    return Summary(
        disclosing=cases and 2,
        at="2026-11-30T05:45:00.000Z",
        first="2026-11-01",
        received=cases,
        handled=cases,
        quick=share,
        satisfied=share,
        median=1080 if cases else None,
        lines=lines,
    )


def samples(look: Look, street: Street, door: Place, me: Viewer, words: str = "") -> dict[str, Callable[[], str]]:
    """Name → page. `words` stands where a person can write."""
    desk, admin = (
        Look(look.lang, look.large, look.root, "/desk/figures"),
        Viewer(me.id, me.name, ("street_admin@street",), me.csrf),
    )
    places, deeds = {"AAAAAA": door}, [Deed(f"楼道灯换好了{words}", "m1", "c1", timedelta(hours=20))]
    return {
        "figures": lambda: pages.figures(desk, street, admin, places, report(street, 120), ["street"], may_import=True),
        "figures of nothing": lambda: pages.figures(
            desk, street, admin, places, report(street, 0), ["zone:z1"], may_import=True, error=WRONG, typed=words
        ),
        "public": lambda: pages.public(look, street, Public(summary(57), deeds, deeds[:1])),
        "public of nothing": lambda: pages.public(look, street, Public(summary(0), [])),
    }
