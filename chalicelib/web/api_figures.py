"""The shape of figures as JSON (`usecases.figures_json` writes it)."""

from __future__ import annotations

import msgspec

from chalicelib.web.api_shapes import Instant


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """`value` is null when there is nothing to divide by."""

    part: int
    whole: int
    value: float | None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    received: int
    valid: int
    handled: int
    late: int
    on_time: Share
    three_days: Share


class Course(Counts, frozen=True, kw_only=True):
    first: str = msgspec.field(name="from")


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """In seconds."""

    count: int
    median: float | None
    p90: float | None


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """Both days are in it."""

    first: str = msgspec.field(name="from")
    last: str = msgspec.field(name="to")


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    calls: int | None
    last_year: int | None


class Figures(Counts, frozen=True, kw_only=True):
    """`by` holds the same counts by category, source, class, rung and part of the street."""

    unit: str
    period: Days
    at: Instant
    rates: dict[str, Share]
    first_response: Lengths
    closing: Lengths
    partly_solved: int
    supervised: int
    reopened: int
    sent_by_code: int
    scans: dict[str, int]
    by: dict[str, dict[str, Counts]]
    course: tuple[Course, ...]
    hotline_12345: dict[str, Calls]
