"""Registrations for tests: people whose ID numbers are right and belong to nobody, and a street that has both registers.

A number is made of a region's code, a date of birth and the order code 000, which no office gives out, with its check character.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.casework.registering import Typed, TypedPerson
from tests.world import SMALL, World, open_world

if TYPE_CHECKING:
    from chalicelib.casework.register import Register

REGION = "310104"
_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_BORN = date(1960, 1, 1)

GROUP_RENTAL = """
[[classes]]
id = "group_rental"
name = { zh = "疑似群租", en = "Suspected group let" }
clocks = ["rental_verify", "rental_correct"]

[[rungs]]
id = "verifier"
level = 1
name = { zh = "群租核实", en = "Group let check" }
role = "verifier"
scope = "committee"
enters = [{ channels = ["register"], classes = ["group_rental"] }]
pass_up = "centre"

[clocks.rental_verify]
name = { zh = "当日核实", en = "Verified that day" }
basis = "stated"
start = "submitted"
stop = ["prelim_given", "handled_proposed", "handled_confirmed"]
late = "1d"
warn = "1h"
action = ["flag"]

[clocks.rental_correct]
name = { zh = "次日整改", en = "Corrected next day" }
basis = "stated"
start = "submitted"
stop = ["handled_confirmed"]
late = "2d"
warn = "1h"
action = ["flag"]

[[kinds]]
id = "population"
name = { zh = "实有人口登记", en = "Register residents" }

[[rungs]]
id = "committee"
"""


def id_number(number: int = 0, born: date | None = None, region: str = REGION) -> str:
    """The `number`-th synthetic ID number; each has its own date of birth."""
    day = born or _BORN + timedelta(days=number)
    return with_check(f"{region}{day:%Y%m%d}000")


def with_check(body: str) -> str:
    """Seventeen digits with their check character."""
    check = (12 - sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11) % 11
    return body + ("X" if check == 10 else str(check))


def phone(number: int = 0) -> str:
    """From the range that belongs to nobody."""
    return f"021-0012 {1000 + number % 9000:04d}"


def tenant(number: int = 0, **changes: Any) -> TypedPerson:
    return replace(TypedPerson(name=f"租客{chr(0x4E00 + number)}", id=id_number(number), phone=phone(number)), **changes)


LANDLORD = TypedPerson(name="房东甲", phone="021-0012 8800")


def rental(count: int = 1, first: int = 0, **changes: Any) -> Typed:
    """A rental form for so many tenants, with room enough for them."""
    usual = Typed(
        room="101室",
        area="120",
        rooms="6",
        lease_from="2026-11-01",
        lease_to="2027-10-31",
        by="landlord",
        landlord=LANDLORD,
        people=tuple(tenant(first + number) for number in range(count)),
    )
    return replace(usual, **changes)


def household(count: int = 2, first: int = 0, **changes: Any) -> Typed:
    usual = Typed(
        room="202室",
        slot_day="2026-11-20",
        slot_part="evening",
        agree="2026-11",
        people=tuple(tenant(first + number, name=f"住户{chr(0x4E00 + number)}") for number in range(count)),
    )
    return replace(usual, **changes)


def street_file(folder: Path) -> Path:
    """The small street with both registers, and the class, rung and clocks of suspected group lets."""
    head, committee = SMALL.read_text("utf-8").split('\n[[rungs]]\nid = "committee"\n', 1)
    path = folder / "small.toml"
    path.write_text(head + GROUP_RENTAL.rstrip("\n") + "\n" + committee, "utf-8")
    path.with_suffix(".csv").write_bytes(SMALL.with_suffix(".csv").read_bytes())
    return path


@contextmanager
def register_world(aws: Callable[[str], Any], folder: Path, endpoint: str = "", file: Path | None = None) -> Iterator[World]:
    own = folder / "street"
    own.mkdir()
    with open_world(aws, folder, endpoint=endpoint, street_file=file or street_file(own)) as world:
        yield world


def send(world: World, typed: Typed, kind: str = "rental", key: str = "", place: int = 0) -> Register:
    from chalicelib.usecases.register_submit import Sent, submit

    return submit(world.context, Sent(key=key or secrets.token_hex(16), code=world.code(place, kind), kind=kind, typed=typed))


def rows(world: World) -> list[dict[str, Any]]:
    """Every raw row of the registers' table."""
    pages = world.aws("dynamodb").get_paginator("scan").paginate(TableName=world.outputs["RegistersTable"], ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]
