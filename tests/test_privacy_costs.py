"""docs/privacy.md counts KMS calls; here each is metered, and the money follows from the dated prices."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.casework.access import Actor
from chalicelib.casework.registering import TypedPerson
from chalicelib.usecases import privacy, privacy_cases, register_link
from infra.template.data import FULL_DAYS, LISTS_DAYS
from tests import steps, wire
from tests.register_people import register_world, rental, send, tenant
from tests.world import World

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "privacy.md").read_text("utf-8")
PRICES = tomllib.loads((ROOT / "infra" / "prices.toml").read_text("utf-8"))["kms"]
KEEPER = Actor("staff:KEEPER", "隐私专员", ("street_admin@street",))


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


def told() -> dict[str, list[str]]:
    """The table's rows by what they are of: calls, and the money in each region."""
    lines = PAGE.split("## What KMS costs")[1].splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| a") or line.startswith("| e")
    ]
    return {row[0]: row[1:] for row in rows}


def test_what_the_page_says_of_calls_is_what_is_called(town: World) -> None:
    metered: dict[str, int] = {}

    def meter(what: str, work: Callable[[], Any]) -> Any:
        with wire.counted() as calls:
            made = work()
        metered[what] = sum(call in {"GenerateDataKey", "Decrypt"} for call in calls)
        return made

    centre = town.signed_in("dispatcher", "street")
    verifier = town.signed_in("verifier", "committee:c01")
    no = meter("a report with a phone", lambda: steps.reported(town))[0]
    meter("an SMS to a person", town.deliver)
    sent = [row for row in steps.rows(town, "OutboxTable") if row["state"]["S"] == "sent"]
    metered["an SMS to a person"] //= len(sent)
    meter("a report without", lambda: steps.reported(town, phone=""))
    many = meter("a registration, whatever the number of people", lambda: send(town, rental(3)))
    token = register_link.token_for(town.context, many)
    people = (TypedPerson(key="p1", phone="021-0012 4455"), TypedPerson(key="p2"), TypedPerson(key="p3"), tenant(8))
    typed = rental(0, landlord=TypedPerson(key="l"), people=people)
    changed = "a change of a registration that types values anew"
    meter(changed, lambda: register_link.edit(town.context, token, typed, "e" * 32))
    revealed = "a phone or a person revealed"
    steps.act(centre, no, "accept")
    meter(revealed, lambda: steps.act(centre, no, "reveal", reason="contact"))
    single = send(town, rental(1, first=20, room="102"))
    form = next(form for form in verifier.get(f"/desk/registers/{single.no}").forms if form.fields.get("person") == "p1")
    before = metered[revealed]
    meter(revealed, lambda: form.fill(reason="verify").submit())
    assert metered[revealed] == before
    erasing = "erasing a person, a registration, a report"
    meter(erasing, lambda: privacy.erase(town.context, KEEPER, many.no, ["p2"], "要求", "a" * 32))
    assert metered[erasing] == 0
    meter(erasing, lambda: privacy.erase(town.context, KEEPER, many.no, (), "要求", "b" * 32))
    assert metered[erasing] == 0
    meter(erasing, lambda: privacy_cases.erase_case(town.context, KEEPER, no, "要求", "c" * 32))
    town.clock.advance(minutes=5)
    clerk = town.signed_in("street_admin", "committee:c01")
    asking = clerk.get("/desk/exports").form("/exports").fill(reason="区里要底册", numbers="full")
    meter("a registration in an export with whole numbers", asking.submit)
    assert metered == {what: int(row[0]) for what, row in told().items()}


def test_the_money_follows_from_the_calls_and_the_dated_prices() -> None:
    assert len(told()) == 8
    for what, (calls, *money) in told().items():
        for region, shown in zip(("us-east-1", "cn-north-1"), money, strict=True):
            price = PRICES[region]
            assert shown == f"{int(calls) * 1000 / 10_000 * price['requests_10000']:.4f} {price['currency']}", what
    assert f"{PRICES['us-east-1']['key_month']:.2f} USD or {PRICES['cn-north-1']['key_month']:.2f} CNY a month" in PAGE
    assert all(price["source"].startswith("https://") and price["basis"] for price in PRICES.values())
    assert "As of 20" in (ROOT / "infra" / "prices.toml").read_text("utf-8")


@pytest.mark.parametrize("file", sorted((ROOT / "infra" / "streets").glob("*.toml")), ids=lambda file: str(file.stem))
def test_the_lengths_on_the_page_are_those_of_the_streets(file: Path) -> None:
    kept = tomllib.loads(file.read_text("utf-8"))["retention"]
    for name, words in (
        ("case_days", "{:,} days after the case"),
        ("register_days", "{:,} days after the lease"),
        ("photo_days", "{:,} days after they came"),
        ("message_days", "operators | {:,} days |"),
    ):
        assert words.format(kept[name]) in PAGE, name
    assert f"{2 * kept['case_days']:,} days after the report" in PAGE
    assert f"five minutes | {LISTS_DAYS} days |" in PAGE
    assert FULL_DAYS == 1
