"""Random lives of cases for figures: people do what they may, time goes by in all lengths, some things are left lying."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import msgspec

from chalicelib.casework.access import Actor
from chalicelib.casework.figures import Figures, figures_of, row_of
from chalicelib.casework.figures_count import Count, count
from chalicelib.casework.ladder import STEPS, allowed
from chalicelib.errors import NotAllowed
from chalicelib.street import Clock, Duration, Label, Street, Supervision
from tests.ladder_situations import PEOPLE, inputs
from tests.ladder_street import NOW, ladder_street, with_clock, with_rung
from tests.ladder_walks import Walk, began

MINUTES = (0, 0, 1, 7, 45, 240, 1440, 1440, 4320, 9000, 44640)
CHANNELS = ("qr", "qr", "visit", "hotline_12345")
FEEDBACK = ("accepted", "answered", "asked", "contacted", "prelim_given")
SAID = ("satisfied", "basic", "unsatisfied")


def counted_street() -> Street:
    """Promises of every kind: first feedback, the whole case, an office's own, a return visit; and rules that supervise."""
    street = ladder_street(visit=True, visitors=("station_head",), micro_grid=True, supervision=Supervision(late=2, reopened=2))
    street = with_clock(street, "contact", start="submitted", stop=FEEDBACK, late=Duration(4, "h"), action=("flag",))
    street = with_clock(street, "accept", stop=FEEDBACK, late=Duration(30, "m"), action=("flag",))
    visit = Clock(id="visit", name=Label("回访"), start="handled_confirmed", stop=("visited", "reopened"), late=Duration(1, "wd"))
    street = with_rung(street, "zone", clocks=("zone_accept", "handle"))
    return _plus(street, visit)


def _plus(street: Street, clock: Clock) -> Street:
    return msgspec.structs.replace(street, clocks={**street.clocks, clock.id: clock})


def of_offices(street: Street) -> Street:
    """The same without a promise for the whole case: the offices' own deadlines count, or what is mirrored."""
    return msgspec.structs.replace(street, clocks={name: clock for name, clock in street.clocks.items() if name != "whole"})


def lives(count: int, seed: int) -> list[Walk]:
    dice = random.Random(seed)  # noqa: S311 - a seeded sample, no secret
    street = counted_street()
    streets = (street, street, of_offices(street))
    return [_life(dice, dice.choice(streets), number) for number in range(count)]


def _life(dice: random.Random, street: Street, number: int) -> Walk:
    begin = NOW + timedelta(minutes=dice.randrange(3 * 1440))
    phone = {} if dice.random() < 0.8 else {"phone_mask": "", "phone_mac": ""}
    facts = {"category": dice.choice(("facility", "")), "active": dice.random() < 0.3, "place": f"AAAAA{number % 4}"}
    rung = dice.choice(("committee", "centre", "zone"))
    walk = began(street, rung=rung, channel=dice.choice(CHANNELS), now=begin, no=f"K7M3-{number:04d}-C", **facts, **phone)
    for _ in range(dice.randrange(16)):
        _step(dice, walk)
        walk.later(minutes=dice.choice(MINUTES))
    return walk


# Steps that make figures are drawn more often than those that only stand in the timeline.
OFTEN = {"accept", "assign", "dispatch", "allocate", "sign", "refuse", "prelim", "propose", "confirm", "visit", "close", "rate"}
OFTEN |= {"approve", "long_run", "invalid", "extend", "merge", "withdraw", "reopen", "observe", "answer", "contact", "weigh"}


def _step(dice: random.Random, walk: Walk) -> None:
    ways: list[tuple[Actor, str]] = []
    for actor in PEOPLE.values():
        ways += [(actor, step.action) for step, held in allowed(walk.case, actor, walk.street, walk.now) if held is None]
    if not ways:
        return
    # Who is asked for a yes mostly says it: nothing is extended or put off otherwise.
    if dice.random() < 0.6:
        ways = [way for way in ways if way[1] == "approve"] or ways
    often = [way for way in ways if way[1] in OFTEN]
    actor, action = dice.choice(often if often and dice.random() < 0.8 else ways)
    data = {spec.name: value for spec in STEPS[action].fields if (value := inputs(action, walk).get(spec.name)) is not None}
    if action == "visit":
        said = dice.choice(SAID)
        reached = dice.choice(("yes", "yes", "no"))
        data |= {"reached": reached, "said": said, "solved": dice.choice(("yes", "partly", "no", "")), "cause": "not_done"}
    elif action == "dispatch" and dice.random() < 0.5:
        data["until"] = (walk.now + timedelta(days=1)).date().isoformat()
    elif action == "rate":
        data["satisfied"] = dice.choice(("yes", "no"))
    elif action == "propose":
        data["outcome"] = dice.choice(("solved", "mediated", "explained", "out_of_scope", "duplicate", "not_confirmed"))
    elif action == "weigh":
        data["verdict"] = dice.choice(("adopted", "not_adopted"))
    elif action == "accept":
        data["class"] = dice.choice(("simple", "parking", "urgent", "idea", ""))
    elif action == "close" and walk.case.state in {"handled", "visiting"}:
        data["outcome"] = dice.choice(("solved", "mediated", "duplicate", "out_of_scope"))
    elif action in {"approve", "reject"}:
        data["request"] = dice.choice(walk.case.requests).kind
    try:
        walk.do(actor, action, data, after=timedelta(minutes=dice.choice((0, 1, 30))))
    except NotAllowed:
        return


def row(walk: Walk) -> Figures:
    """As the ledger holds it: through its text."""
    return row_of(msgspec.json.encode(figures_of(walk.case, walk.street)))


def counted(walks: list[Walk], now: datetime) -> Count:
    return count([row(walk) for walk in walks], now, (), walks[0].street.tz)
