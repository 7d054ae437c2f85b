"""Somebody floods the street with reports under another person's number: the person gets one message that day, no more."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib import wiring
from chalicelib.usecases import limits, send
from chalicelib.usecases.submit import Report, submit
from tests import steps
from tests.strict_sms import StrictSms
from tests.test_limits import solved_by

if TYPE_CHECKING:
    from tests.world import World

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

REPORTS = 1000
VICTIM = "138 0000 0042"


def test_a_thousand_reports_under_one_number_from_many_addresses_are_at_most_one_message(
    engine_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EFFORT", 20)
    sms = StrictSms()
    wiring.use(clock=engine_world.clock, sms=sms)
    ctx = wiring.context()
    codes = [engine_world.code(number) for number in range(3)]

    def flood(number: int) -> None:
        """Each from its own network, each with the proof that a hot page asks for."""
        key = secrets.token_hex(16)
        report = Report(key=key, code=codes[number % 3], text=f"第{number}件事", phone=VICTIM)
        report = replace(report, address=f"10.{number // 250}.{number % 250}.7", proof=solved_by(limits.challenge(ctx, key)))
        submit(ctx, report)

    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(flood, range(REPORTS)))) == REPORTS
    for _ in range(3):
        send.sweep(ctx)
        engine_world.clock.advance(hours=1)
    assert len(sms.out) <= 1
    waiting = [row for row in steps.rows(engine_world, "OutboxTable") if row.get("to", {}).get("S") == "reporter"]
    assert len(waiting) == REPORTS
    assert [row["state"]["S"] for row in waiting if row["state"]["S"] in {"pending", "sending", "unknown"}] == []
