"""Streets by the hundred: valid street files of many sizes and ladders, and `python -m tests.many_streets 100` to package them.

Street number N is always the same. Each has the ladder of one of the shipped streets with other lengths of its clocks, other
terms, other codes at its doors, and 50 to 2,000 places. Names and numbers are samples, as in the shipped ones.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from chalicelib.casework.numbers import ALPHABET
from infra.package.build import Places
from infra.package.many import Run, package_many
from infra.say import say

Table = dict[str, Any]
STREETS = Path(__file__).parent.parent / "infra" / "streets"
BASES = ("changqiao", "huajing", "tianping", "yuejincun", "zhujing-jinlai")
FEWEST, MOST = 50, 2000
PLACES_A_COMMITTEE = 60  # or fewer, where a zone would have none
# China's two regions, and now and then one elsewhere, where messages go through SNS.
REGIONS = ("cn-north-1", "cn-northwest-1", "cn-north-1", "cn-northwest-1", "ap-southeast-1")
# Which cards hang where: the first committee and community instead of the ladder's own street's.
UNIT = re.compile(r"(committee|community):\w+")
FIRST = {"committee": "committee:c01", "community": "community:c01a"}
LENGTH = re.compile(r"(\d+)(m|h|d|wd)")


def write_street(folder: Path, number: int) -> str:
    """Writes `s0007.toml` and its CSV into `folder`. Returns the street's id."""
    chance = random.Random(f"street {number}")  # noqa: S311 - always the same streets, no secrets
    base = BASES[number % len(BASES)]
    street = tomllib.loads((STREETS / f"{base}.toml").read_text("utf-8"))
    street_id = f"s{number:04d}"
    _identity(street, street_id, number)
    _ladder(street, chance)
    rows = _doors(street, number, chance)
    file = folder / f"{street_id}.toml"
    file.write_text("".join(f"{key} = {written(value)}\n" for key, value in street.items()), "utf-8")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([("id", "kind", "name", "en", "committee", "community"), *rows])
    file.with_suffix(".csv").write_text(text.getvalue(), "utf-8")
    return street_id


def _identity(street: Table, street_id: str, number: int) -> None:
    region = REGIONS[number // len(BASES) % len(REGIONS)]
    street["street"] |= {
        "id": street_id,
        "name": {"zh": f"示例{number}街道", "en": f"Sample {number}"},
        "brand": {"zh": f"示例{number}码", "en": f"Code {number}"},
        "city": {"zh": "示例市", "en": "Sample City"},
        "district": {"zh": f"第{number % 16 + 1}区", "en": f"District {number % 16 + 1}"},
        "phone": f"021-0012 {number % 10_000:04d}",
        "domain": f"{street_id}.example",
        "region": region,
    }
    street["sms"]["sign"] = f"示例{number}"
    if not region.startswith("cn-"):
        street["sms"] |= {"provider": "sns"}
        street["sms"].pop("tencent", None)


def _ladder(street: Table, chance: random.Random) -> None:
    """Slower or as quick: a clock's reminder never comes after its end."""
    for clock in street["clocks"].values():
        factor = chance.choice((1, 1, 2, 3))
        if "late" in clock:
            clock["late"] = longer(clock["late"], factor)
        if "late_for" in clock:
            clock["late_for"] = {case_class: longer(late, factor) for case_class, late in clock["late_for"].items()}
    if chance.random() < 0.5:
        street["kinds"] = [kind for kind in street["kinds"] if kind["id"] == "issue"]
        street.pop("forms", None)
    for card in street.get("cards", ()):
        card["units"] = [UNIT.sub(lambda unit: FIRST[unit[1]], unit) for unit in card.get("units", ())] or ["street"]
    street["terms"] = {**street.get("terms", {}), "refusals": chance.randint(1, 4), "recurrence_days": chance.choice((30, 60))}
    street["follow_up"] = {**street["follow_up"], "visit": chance.random() < 0.8}
    street["retention"] = {**street["retention"], "case_days": chance.choice((730, 1095, 1825))}


def longer(length: str, factor: int) -> str:
    found = LENGTH.fullmatch(length)
    if found is None:
        raise ValueError(f"{length!r} is no length")
    return f"{int(found[1]) * factor}{found[2]}"


def _doors(street: Table, number: int, chance: random.Random) -> list[tuple[str, ...]]:
    """Committees, their communities, and every door of them; as many doors as the street has places."""
    wanted = round(FEWEST * (MOST / FEWEST) ** chance.random())
    zones = [zone["id"] for zone in street["zones"]]
    each = min(PLACES_A_COMMITTEE, wanted // len(zones))
    street["committees"] = []
    rows: list[tuple[str, ...]] = []
    for place in range(wanted):
        committee, inside = f"c{place // each + 1:02d}", place % each
        community = f"{committee}{'ab'[inside * 2 // each]}"
        if inside == 0:
            street["committees"].append({"id": committee, "zone": zones[len(street["committees"]) % len(zones)]})
            street["committees"][-1] |= {"name": f"示例第{len(street['committees'])}居委会", "communities": []}
        communities = street["committees"][-1]["communities"]
        if not any(known["id"] == community for known in communities):
            communities.append({"id": community, "name": f"示例{committee}{community[-1]}小区"})
        kind = "lift" if inside % 20 == 19 else "building"
        name = f"{inside + 1}号楼电梯" if kind == "lift" else f"{inside + 1}号楼"
        rows.append((place_id(number, place), kind, name, f"Building {inside + 1}", committee, community))
    return rows


def place_id(street: int, place: int) -> str:
    """Six characters; no two places of any of these streets have the same."""
    value, text = street * MOST + place + 32**5, ""
    for _ in range(6):
        value, rest = divmod(value, 32)
        text = ALPHABET[rest] + text
    return text


def written(value: Any) -> str:
    """As TOML, in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, (bool, int, str)):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"a street file holds no {type(value).__name__}")


def package(count: int, folder: Path, partition: str | None = None) -> Run:
    """Writes `count` streets below `folder` and packages them all, as `make package STREET=all` does."""
    streets = folder / "streets"
    streets.mkdir()
    names = [write_street(streets, number) for number in range(1, count + 1)]
    return package_many(names, say, partition, Places(build=folder / "build", streets=streets))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.many_streets", description="Package generated streets.")
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--partition", choices=("aws", "aws-cn"))
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="doorstep-streets-") as scratch:
        run = package(options.count, Path(scratch), options.partition)
        say(f"{run.total()}; {sum(built.places for built in run.built)} places")
    for one in run.failed:
        sys.stderr.write(f"{one.wrong}\n")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
