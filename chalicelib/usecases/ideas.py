"""Suggestions (金点子) adopted and published: noted with the step, listed for the street's public page (mission A10)."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.models import ideas
from chalicelib.models.cases import CaseItem
from chalicelib.usecases.context import Context


def rows_for(ctx: Context, case: Case, events: Sequence[Event]) -> list[CaseItem]:
    """What is stored beside the case when the sentence of an adopted suggestion is published. `case` is as before the events."""
    if case.outcome != "adopted":
        return []
    now, days = ctx.clock.civil(), ctx.street.retention.case_days
    return [ideas.row(case.no, event.at, now, days) for event in events if event.type == "published"]
