"""What rises beyond its own past is shown before it is a wave: rarely for nothing in a quiet year, soon for a real one."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest

from chalicelib.casework import warning
from chalicelib.casework.similar import matters_in
from chalicelib.casework.warning import Came, Warning
from chalicelib.models import warnings
from chalicelib.usecases import patterns
from chalicelib.usecases import warning as use
from chalicelib.web import i18n
from tests import steps
from tests.test_clusters import say
from tests.world import World

DAY = timedelta(days=1)
BEGAN, FROM, TO = date(2024, 10, 1), date(2025, 11, 1), date(2026, 11, 1)
COMMITTEES, A_DAY = 33, 33.0
# Category or matter → its share of all reports, and by how much its season swells it (peak in that month).
SHARES: dict[str, tuple[float, float, int]] = {
    "category:hardware": (0.34, 0.1, 7),
    "category:property": (0.26, 0.1, 1),
    "category:greening": (0.10, 0.8, 6),
    "category:livelihood": (0.18, 0.0, 1),
    "category:surroundings": (0.12, 0.2, 8),
    "word:电梯": (0.06, 0.3, 7),
    "word:漏水": (0.05, 1.5, 7),
    "word:停车": (0.07, 0.2, 2),
    "word:噪声": (0.05, 0.4, 8),
    "word:电动车": (0.04, 0.1, 9),
    "word:充电": (0.03, 0.0, 1),
    "word:垃圾": (0.06, 0.5, 8),
    "word:路灯": (0.02, 0.4, 12),
    "word:老鼠": (0.01, 0.8, 10),
}


def poisson(chance: random.Random, mean: float) -> int:
    floor, count, product = math.exp(-mean), 0, chance.random()
    while product > floor:
        count += 1
        product *= chance.random()
    return count


def season(name: str, day: date) -> float:
    share, swell, peak = SHARES[name]
    turn = 2 * math.pi * (day.timetuple().tm_yday / 365.25 - peak / 12)
    return share * (1 + swell * max(0.0, math.cos(turn)))


@cache
def quiet(seed: int) -> tuple[Came, ...]:
    """Two years of a street in which nothing happens: seasons, week-ends, lively and quiet committees, and chance."""
    chance = random.Random(seed)  # noqa: S311 - a simulation has to be the same each time
    names = list(SHARES)
    found, day = [], BEGAN
    while day < TO:
        busy = A_DAY * (0.55 if day.weekday() > 4 else 1.15)
        for name in names:
            for _ in range(poisson(chance, busy * season(name, day))):
                committee = int(COMMITTEES * chance.random() ** 1.6)
                found.append(Came(day, (f"{name}@street", f"{name}@committee:c{committee}")))
        day += DAY
    return tuple(found)


def looks(came: tuple[Came, ...], first: date, last: date) -> list[tuple[date, Warning]]:
    """Every warning of every day, as the daily look would make it."""
    by_day: dict[date, list[Came]] = {}
    for one in came:
        by_day.setdefault(one.day, []).append(one)
    found, today = [], first
    while today <= last:
        window = [one for back in [*warning.weeks_back(), 0] for one in _week(by_day, today, back)]
        found += [(today, one) for one in warning.warnings(window, today, BEGAN)]
        today += DAY
    return found


def _week(by_day: dict[date, list[Came]], today: date, back: int) -> list[Came]:
    first = today - DAY * 7 * (back + 1)
    return [one for n in range(7) for one in by_day.get(first + DAY * n, ())]


def waves(found: list[tuple[date, Warning]]) -> set[tuple[str, date]]:
    """(series, its first day): warnings of days that follow each other are one."""
    last: dict[str, date] = {}
    begun = set()
    for day, one in found:
        if one.series not in last or day - last[one.series] > 7 * DAY:
            begun.add((one.series, day))
        last[one.series] = day
    return begun


def test_false_alarms_in_a_quiet_year_are_rare(capsys: pytest.CaptureFixture[str]) -> None:
    found = waves(looks(quiet(7), FROM, TO - DAY))
    series = len({name for one in quiet(7) for name in one.series})
    say(capsys, f"a quiet year of {A_DAY * 365:.0f} reports, {series} series looked at every day: {len(found)} false alarms")
    assert len(found) <= 12


def test_a_planted_wave_is_found_within_days(capsys: pytest.CaptureFixture[str]) -> None:
    begins = date(2026, 3, 2)
    found = {}
    # Lifts in one committee: one a fortnight before, now one a day; and charging in the whole street, three times the usual.
    plans = {
        "word:电梯@committee:c20": [Came(begins + DAY * n, ("word:电梯@committee:c20", "word:电梯@street")) for n in range(14)],
        "word:充电@street": [Came(begins + DAY * (n // 3), ("word:充电@street",)) for n in range(42)],
    }
    for series, planted in plans.items():
        seen = looks((*quiet(7), *planted), begins, begins + DAY * 13)
        found[series] = next(((day - begins).days for day, one in seen if one.series == series), 99)
    say(capsys, *(f"{series}: found after {days} days" for series, days in found.items()))
    assert max(found.values()) <= 8


def test_tiny_counts_are_no_wave_and_a_season_is_no_surprise() -> None:
    today = date(2026, 7, 6)

    def past(name: str, counts: dict[int, int], now: int) -> list[Came]:
        weeks = {0: now, **counts}
        return [Came(today - DAY * (7 * back + 1 + n % 7), (name,)) for back, count in weeks.items() for n in range(count)]

    since = today - DAY * 420
    assert warning.warnings(past("x@street", {}, 4), today, since) == []
    (never,) = warning.warnings(past("x@street", {}, 5), today, since)
    assert (never.count, never.usual) == (5, 0.0)
    # Every July it comes to twenty; last July too.
    season = {52 + n: 20 for n in range(-2, 3)} | dict.fromkeys(range(1, 9), 4)
    assert warning.warnings(past("rain@street", season, 20), today, since) == []
    (more,) = warning.warnings(past("rain@street", dict.fromkeys(range(1, 9), 4), 20), today, since)
    assert more.usual < 4
    # What went up and down before is expected to.
    wild = {back: 12 * (back % 2) for back in warning.weeks_back()}
    assert warning.warnings(past("wild@street", wild, 14), today, since) == []
    # A street of three weeks has no past to speak of.
    assert warning.warnings(past("x@street", {}, 9), today, today - DAY * 21) == []


@pytest.mark.parametrize("mean", [0.2, 1.0, 5.0, 30.0])
def test_the_tail_is_a_probability_that_falls(mean: float) -> None:
    past = [round(mean)] * 13
    values = [warning.tail(count, past) for count in range(60)]
    assert values[0] == 1.0
    assert all(1.0 >= one >= other >= 0.0 for one, other in pairwise(values))


def test_a_matter_is_known_by_its_words() -> None:
    assert matters_in("电瓶车在走廊充电桩旁坏了") == {"电动车", "楼道", "充电"}
    assert matters_in("灯不亮，谁来修") == frozenset()


def test_overseers_see_what_rises_say_what_they_do_and_it_is_learned(world: World, roomy: None) -> None:
    for _ in range(3):
        steps.reported(world, text="楼道灯不亮", phone="")
        world.clock.advance(days=14)
    for _ in range(6):
        steps.reported(world, text="电梯又停了", phone="")
    world.clock.advance(days=1)
    with i18n.strict():
        done = patterns.look(world.context, lambda: 110.0)
        assert done["warned"]["standing"] >= 2
        # Once a day.
        assert patterns.look(world.context, lambda: 110.0)["warned"] is None
        clerk, other = world.signed_in("dispatcher", "street"), world.signed_in("committee", "committee:c03")
        page = clerk.get("/desk/warnings")
        assert "电梯：7天6件，往常每周0.0件" in page.words
        assert "楼道" not in page.words
        assert "电梯" not in other.get("/desk/warnings").words.split("正在多起来")[1]
        assert world.signed_in("property", "community:c01a").get("/desk/warnings").status == 403

        def press(act: str, text: str) -> None:
            form = next(
                form
                for form in clerk.get("/desk/warnings").forms
                if form.fields.get("series") == "word:电梯@street" and form.fields["act"] == act
            )
            assert form.fill(text=text).submit().status in {200, 422}

        press("dismissed", "")
        press("dismissed", "住户13800138000说的")
        assert warnings.get(world.street.id, "word:电梯@street").state == "new"  # type: ignore[union-attr]  # it is there
        press("seen", "请物业今天查")
        assert "请物业今天查" in clerk.get("/desk/warnings").words
        press("dismissed", "换电梯，已通知")
        rising, before = clerk.get("/desk/warnings").words.split("看过的和不用管的")
        assert "电梯：" not in rising
        assert "换电梯，已通知" in before
        # It stays so while it goes on, and comes back when it has grown by half.
        world.clock.advance(days=1)
        use.look(world.context)
        assert "电梯：" not in clerk.get("/desk/warnings").words.split("看过的和不用管的")[0]
        for _ in range(4):
            steps.reported(world, text="电梯坏了", phone="")
        world.clock.advance(days=1)
        use.look(world.context)
        assert "电梯：7天10件" in clerk.get("/desk/warnings").words.split("看过的和不用管的")[0]
        stale = next(form for form in page.forms if form.fields.get("series") == "word:电梯@street").fill(text="晚了")
        assert stale.submit().status == 409
