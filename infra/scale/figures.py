"""What many streets need and cost, computed from the template that is deployed, metered calls, list prices and quotas."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from chalicelib.street import Street
from infra import costs
from infra.streetfile.compile import load
from infra.template.api import REQUESTS_AT_ONCE, REQUESTS_PER_S
from infra.template.assemble import RUNTIMES, AppFacts, full_template
from infra.template.functions import SIZES

HERE = Path(__file__).parent
STREETS = HERE.parent / "streets"
REGION = "us-east-1"
CITY, COUNTRY = 1_000, 40_000
# A month's cases of a street: none, of a quiet one, of a busy one.
CASES = (0, 200, 1_000)
# Methods of the API that a report needs: the form, sending it, the receipt.
REPORTING = 3
Json = Mapping[str, Any]


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text("utf-8"))


def template_of(street: Street, partition: str = "aws") -> dict[str, Any]:
    """As it is deployed, but for the API's own document, which holds no resource of the stack."""
    facts = AppFacts(dict.fromkeys(SIZES, "app.app"), {"info": {}, "paths": {}}, RUNTIMES[-1])
    return full_template(street, partition, facts, "code")


@dataclass(frozen=True)
class Hold:
    """A quota of things, how many of them a street has, and how many streets that makes in an account."""

    what: str
    each: int
    first: int
    most: int
    source: str
    basis: str

    @property
    def streets(self) -> int:
        return self.first // self.each

    @property
    def streets_raised(self) -> int | None:
        """None where there is no ceiling to asking for more."""
        return self.most // self.each if self.most else None


class Scale:
    """Everything that the page says, once."""

    def __init__(self) -> None:
        self.street, _ = load(min(STREETS.glob("*.toml")))
        self.template = template_of(self.street)
        self.price = costs.prices(REGION)
        self.metered = tomllib.loads((Path(costs.__file__).parent / "metered.toml").read_text("utf-8"))
        self.quotas = read("quotas.toml")
        self.units = read("metered.toml")

    @cached_property
    def resources(self) -> dict[str, int]:
        found: dict[str, int] = {"stack": 1}
        for resource in self.template["Resources"].values():
            found[resource["Type"]] = found.get(resource["Type"], 0) + 1
        return found

    @cached_property
    def holds(self) -> list[Hold]:
        return [
            Hold(one["what"], self.resources[one["type"]], one["first"], one["most"], one["source"], one["basis"])
            for one in self.quotas["holds"]
        ]

    @property
    def first(self) -> Hold:
        """What is full first in an account that nobody asked anything for."""
        return min(self.holds, key=lambda hold: hold.streets)

    @property
    def last(self) -> Hold:
        """What can't be raised any further."""
        return min((hold for hold in self.holds if hold.most), key=lambda hold: hold.streets_raised or 0)

    @property
    def per_account(self) -> int:
        """Streets of an account, with quotas raised: a round number below the last."""
        return (self.last.streets_raised or 0) // 100 * 100

    def accounts(self, streets: int) -> int:
        return math.ceil(streets / self.per_account)

    @cached_property
    def idle(self) -> float:
        return sum(line.money for line in costs.idle(self.template, self.price, self.metered))

    @cached_property
    def a_case(self) -> float:
        return sum(line.money for line in costs.thousand(self.template, self.price, self.metered)) / 1000

    def cost(self, streets: int, cases: int) -> float:
        """A month of so many streets with so many cases each."""
        return streets * (self.idle + cases * self.a_case)

    @cached_property
    def runs(self) -> dict[str, float]:
        return costs.runs_a_month(self.template)

    def run_cost(self, name: str) -> float:
        """A street's month of one function's schedule: calls, time and what it reads and writes when there is nothing to do."""
        asked = self.metered["idle"].get(name, {"read_units": 0, "write_units": 0, "ms": 0})
        runs, memory = self.runs[name], self.template["Resources"][name]["Properties"]["MemorySize"] / 1024
        million = self.price["lambda_request"] + asked["ms"] / 1000 * memory * self.price["lambda_gb_second"]
        million += asked["read_units"] * self.price["read_unit"] + asked["write_units"] * self.price["write_unit"]
        return float(runs * million / 1e6)

    def rate(self, what: str) -> int:
        return next(int(one["first"]) for one in self.quotas["rates"] if one["what"].startswith(what))

    @property
    def storming(self) -> int:
        """Streets of an account that may take as many reports as their own throttles let them before the account's is reached."""
        return self.rate("API requests") // (REQUESTS_PER_S * REPORTING)

    @property
    def flooding(self) -> int:
        """How many methods of one street have to be flooded at once until the account's requests are used up."""
        return self.rate("API requests") // REQUESTS_PER_S

    @property
    def flood(self) -> tuple[int, int]:
        """Requests a second of one method of a street, and at once."""
        return REQUESTS_PER_S, REQUESTS_AT_ONCE

    @property
    def sweeping(self) -> float:
        """Sweeps under way at the same time in a full account, on average."""
        return float(self.per_account * self.metered["idle"]["Sweep"]["ms"] / 1000 / 60)
