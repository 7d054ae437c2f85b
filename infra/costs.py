"""`python -m infra.costs STREET [--region us-east-1]`: what a street costs in a month, idle and for a thousand cases.

Computed from the template that is deployed (which functions run how often, with how much memory; keys, alarms), from what calls
were metered (`infra/metered.toml`) and from list prices (`infra/prices.toml`, dated). Free tiers are left out, SMS too: their
price is the provider's.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.errors import InfraError
from infra.say import say

HERE = Path(__file__).parent
DAYS = 365.25 / 12
# A case with its messages, and a photo as it is kept (full and thumbnail).
CASE_GB, PHOTO_GB, LOG_GB = 12e-6, 0.4e-3, 1.5e-6
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """An item of the month's bill."""

    what: str
    how_many: str
    money: float


def prices(region: str) -> dict[str, Any]:
    """Raises `InfraError` for a region that the file has no prices of."""
    known = tomllib.loads((HERE / "prices.toml").read_text("utf-8"))
    if region not in known:
        have = ", ".join(name for name, entry in known.items() if "lambda_request" in entry)
        raise InfraError(
            f"infra/prices.toml has no prices for {region}; it has {have}: add a table [{region}] with the same keys"
        )
    found: dict[str, Any] = known[region]
    return found


def runs_a_month(template: Json) -> dict[str, float]:
    """How often each function is called by its schedule."""
    found: dict[str, float] = {}
    for resource in template["Resources"].values():
        expression = resource.get("Properties", {}).get("ScheduleExpression", "")
        if expression:
            for target in resource["Properties"]["Targets"]:
                name = target["Arn"]["Fn::GetAtt"][0]
                found[name] = found.get(name, 0.0) + _a_day(expression) * DAYS
    return found


def _a_day(expression: str) -> float:
    """Runs a day of `rate(1 minute)`, `rate(1 hour)` or a daily `cron(a/b h,h …)`."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate:
        return {"minute": 1440, "hour": 24, "day": 1}[rate[2]] / int(rate[1])
    minutes, hours = expression.removeprefix("cron(").split()[:2]
    step = minutes.partition("/")[2]
    return (60 / int(step) if step else minutes.count(",") + 1) * (hours.count(",") + 1)


def _kind(template: Json, kind: str) -> int:
    return sum(one["Type"] == kind and "Condition" not in one for one in template["Resources"].values())


def idle(template: Json, price: Json, metered: Json) -> list[Line]:
    """A month in which nobody reports anything."""
    runs = runs_a_month(template)
    known = {name: metered["idle"][name] for name in runs if name in metered["idle"]}
    seconds = {name: runs[name] * entry["ms"] / 1000 * _memory_gb(template, name) for name, entry in known.items()}
    reads = sum(runs[name] * entry["read_units"] for name, entry in known.items())
    writes = sum(runs[name] * entry["write_units"] for name, entry in known.items())
    keys, alarms, calls = _kind(template, "AWS::KMS::Key"), _kind(template, "AWS::CloudWatch::Alarm"), sum(runs.values())
    return [
        Line("key", f"{keys}", keys * price["key_month"]),
        Line("alarms", f"{alarms}", alarms * price["alarm_month"]),
        Line("functions, calls", f"{calls:,.0f}", _millions(calls, price["lambda_request"])),
        Line(
            "functions, time", f"{sum(seconds.values()):,.0f} GB-s", _millions(sum(seconds.values()), price["lambda_gb_second"])
        ),
        Line("tables, reads", f"{reads:,.0f} units", _millions(reads, price["read_unit"])),
        Line("tables, writes", f"{writes:,.0f} units", _millions(writes, price["write_unit"])),
        Line("logs", f"{calls * 0.5e-6:.2f} GB", calls * 0.5e-6 * price["log_gb"]),
    ]


def thousand(template: Json, price: Json, metered: Json) -> list[Line]:
    """What a thousand cases add, from the scan to the rating, and a month of keeping them."""
    life, n = metered["life"], 1000
    seconds = n * life["requests"] * life["ms"] / 1000 * _memory_gb(template, "APIHandler")
    photos = n * life["photos"]
    return [
        Line(
            "requests",
            f"{n * life['requests']:,}",
            _millions(n * life["requests"], price["api_request"] + price["lambda_request"]),
        ),
        Line("functions, time", f"{seconds:,.0f} GB-s", _millions(seconds, price["lambda_gb_second"])),
        Line("tables, reads", f"{n * life['read_units']:,} units", _millions(n * life["read_units"], price["read_unit"])),
        Line("tables, writes", f"{n * life['write_units']:,} units", _millions(n * life["write_units"], price["write_unit"])),
        Line("key, calls", f"{n * life['kms']:,}", _millions(n * life["kms"], price["kms_request"])),
        Line("photos", f"{photos:,}", _millions(photos * 3, price["s3_put"]) + _millions(photos * 4, price["s3_get"])),
        Line("logs", f"{n * life['requests'] * LOG_GB:.2f} GB", n * life["requests"] * LOG_GB * price["log_gb"]),
        Line(
            "keeping, a month",
            f"{n * CASE_GB + photos * PHOTO_GB:.2f} GB",
            n * CASE_GB * (price["storage_gb_month"] + price["backup_gb_month"]) + photos * PHOTO_GB * price["photo_gb_month"],
        ),
    ]


def _millions(count: float, price: float) -> float:
    return count / 1e6 * price


def _memory_gb(template: Json, name: str) -> float:
    return float(template["Resources"][name]["Properties"]["MemorySize"]) / 1024


def table(region: str, quiet: Sequence[Line], busy: Sequence[Line]) -> str:
    """Both bills, as text."""
    lines = [f"A month in {region}, list prices, without free tiers, SMS and the dashboard", ""]
    for title, bill in (("idle", quiet), ("each 1,000 cases on top", busy)):
        lines.append(title)
        lines += [f"  {line.what:<20}{line.how_many:>18}{line.money:>10.3f} USD" for line in bill]
        lines += [f"  {'together':<38}{sum(line.money for line in bill):>10.2f} USD", ""]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    from infra.package.build import build

    parser = argparse.ArgumentParser(prog="python -m infra.costs", description="What a street costs in a month.")
    parser.add_argument("street")
    parser.add_argument("--region", default="us-east-1")
    options = parser.parse_args(argv)
    try:
        price = prices(options.region)
        template = json.loads(build(options.street, say).template.read_text("utf-8"))
    except InfraError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    metered = tomllib.loads((HERE / "metered.toml").read_text("utf-8"))
    say(table(options.region, idle(template, price, metered), thousand(template, price, metered)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
