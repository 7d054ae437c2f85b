"""Figures as the JSON of the API: identifiers instead of words, counts beside every share, lengths in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from chalicelib.casework.events import stamp
from chalicelib.casework.figures_count import Line, Rate, Spread
from chalicelib.usecases.figures import Report

Json = dict[str, Any]


def as_json(found: Report) -> Json:
    """`period.to` is the last day in it; a share is null when there is nothing to divide by; rungs are by level."""
    count, sums = found.count, found.count.sums
    return {
        "unit": found.unit,
        "period": {"from": found.period.first.isoformat(), "to": (found.period.last - timedelta(days=1)).isoformat()},
        "at": stamp(found.at),
        **line(count.all),
        "rates": {name: rate(one) for name, one in count.rates.items()},
        "first_response": _spread(count.first_response),
        "closing": _spread(count.closing),
        "partly_solved": sums.partly,
        "supervised": sums.supervised,
        "reopened": sums.redone,
        "sent_by_code": sums.scanned,
        "scans": dict(found.scans),
        "by": {group: {value: line(one) for value, one in lines.items()} for group, lines in count.by.items()},
        "course": [{"from": day.isoformat(), **line(one)} for day, one in count.course],
        "hotline_12345": _calls(found.calls),
    }


def rate(one: Rate) -> Json:
    return {"part": one.part, "whole": one.whole, "value": None if one.value is None else round(one.value, 6)}


def line(one: Line) -> Json:
    return {"received": one.received, "valid": one.valid, "handled": one.handled, "late": one.late} | {
        "on_time": rate(one.on_time_rate),
        "three_days": rate(one.quick_rate),
    }


def _spread(one: Spread) -> Json:
    return asdict(one)


def _calls(calls: Mapping[str, tuple[int | None, int | None]]) -> Json:
    return {month: {"calls": now, "last_year": then} for month, (now, then) in calls.items()}
