"""What an operator has to hear of, once an hour: the function fails when there is something, which is the alarm.

A metric of our own would cost more each month than everything else of an idle street; an error of a function costs nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.casework import calendar
from chalicelib.casework.events import parse
from chalicelib.models import cases, hooks, outbox
from chalicelib.usecases.context import Context

# The sweep comes every minute and catches up for a quarter of an hour at most.
STEPS_LATE = timedelta(minutes=30)
# Longer than any quiet night, any lease and any look-up with the provider.
UNSENT = timedelta(hours=12)
CALENDAR_DAYS = 60


class Attention(Exception):
    """Something needs a person; the message says what, and what to do. Nothing personal is in it."""


def watch(ctx: Context) -> None:
    """Raises `Attention` with everything that was found."""
    found = [line for line in (_steps(ctx), _unsent(ctx), _parked(), _others(ctx), _calendar(ctx)) if line]
    if found:
        raise Attention("; ".join(found))


def _steps(ctx: Context) -> str:
    first = cases.next_instant()
    late = _late(ctx.clock.civil(), first)
    if late <= STEPS_LATE:
        return ""
    return f"steps are due since {first}: look at the log of the sweep, and whether its schedule is on"


def _unsent(ctx: Context) -> str:
    first = outbox.oldest()
    late = _late(ctx.clock.civil(), first)
    if late <= UNSENT:
        return ""
    return f"a message waits since {first}: look at the log of notify and at the provider's account"


def _late(now: datetime, instant: str | None) -> timedelta:
    return now - parse(instant) if instant else timedelta()


def _parked() -> str:
    count = outbox.count_parked()
    return f"{count} messages are parked: `python -m infra.messages list` says why and revives them" if count else ""


def _others(ctx: Context) -> str:
    """Other systems that have not taken events for a day."""
    parked = {hook.id: count for hook in ctx.street.webhooks if (count := hooks.count_parked(hook.id))}
    named = ", ".join(f"{count} for {name}" for name, count in parked.items())
    return f"events are parked, {named}: `python -m infra.webhooks list` says why, `replay` sends them" if parked else ""


def _calendar(ctx: Context) -> str:
    left = calendar.days_left(ctx.clock.civil(), ctx.street.calendar, ctx.street.tz)
    if left >= CALENDAR_DAYS:
        return ""
    return (
        f"days off are known for {left} days more ({ctx.street.calendar.known_to}): update chinesecalendar or add them to "
        "[calendar] with known_to, then deploy"
    )
