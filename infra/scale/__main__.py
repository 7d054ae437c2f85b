"""`python -m infra.scale`: writes docs/scale.md, its words from page.md beside this file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from infra.say import say
from infra.scale.figures import CASES, CITY, COUNTRY, HERE, REPORTING, Scale

PAGE = HERE.parent.parent / "docs" / "scale.md"
# Waves of an update: how many streets, and how long they are looked at before the next.
WAVES = ((1, "a day"), (10, "a day"), (0.05, "a day"), (0.3, "some hours"), (1.0, ""))


def rendered() -> str:
    scale = Scale()
    return (HERE / "page.md").read_text("utf-8").format(**words(scale), **tables(scale))


def words(scale: Scale) -> dict[str, object]:
    """Figures within sentences."""
    calls = scale.quotas["calls"]
    rate, burst = scale.flood
    per = scale.per_account
    return {
        "resources": len(scale.template["Resources"]),
        "resources_most": scale.quotas["stack"]["resources"],
        "first": scale.first.what,
        "first_streets": scale.first.streets,
        "last": scale.last.what,
        "last_each": scale.last.each,
        "last_most": f"{scale.last.most:,}",
        "last_streets": scale.last.streets_raised,
        "per": per,
        "city_accounts": scale.accounts(CITY),
        "country_accounts": scale.accounts(COUNTRY),
        "idle": f"{scale.idle:.2f}",
        "a_thousand": f"{scale.a_case * 1000:.2f}",
        "sweeps": f"{scale.runs['Sweep']:,.0f}",
        "city_sweeps": f"{scale.runs['Sweep'] * CITY / 1e6:.1f}",
        "city_sweep_cost": f"{scale.run_cost('Sweep') * CITY:,.0f}",
        "sweep_cost": f"{scale.run_cost('Sweep'):.3f}",
        "sweeping": f"{scale.sweeping:.1f}",
        "executions": f"{scale.rate('function executions'):,}",
        "rate": rate,
        "burst": burst,
        "reporting": f"{rate * REPORTING:,}",
        "storming": scale.storming,
        "flooding": scale.flooding,
        "requests": f"{scale.rate('API requests'):,}",
        "kms": f"{scale.rate('KMS operations'):,}",
        "deployments": f"{per * calls['CreateDeployment'] / 60:.0f}",
        "apis": f"{per * calls['CreateRestApi'] / 60:.0f}",
        "domains": f"{per * calls['CreateDomainName'] / 3600:.1f}",
        "calls": ", ".join(f"`{name}` every {value} s" for name, value in calls.items() if isinstance(value, int)),
        "calls_source": calls["source"],
        "due": scale.units["due"],
    }


def tables(scale: Scale) -> dict[str, str]:
    return {
        "holds": _holds(scale),
        "rates": _rates(scale),
        "costs": _costs(scale),
        "runs": _runs(scale),
        "units": _units(scale),
        "waves": _waves(scale),
    }


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _holds(scale: Scale) -> str:
    head = ("of an account", "a street has", "at first", "streets", "at most", "streets then", "from")
    rows = [
        (
            one.what,
            f"{one.each}",
            f"{one.first:,}",
            f"{one.streets:,}",
            f"{one.most:,}" if one.most else "as agreed",
            "" if one.streets_raised is None else f"{one.streets_raised:,}",
            f"[{one.basis}]({one.source})",
        )
        for one in sorted(scale.holds, key=lambda hold: hold.streets)
    ]
    return _table(head, rows)


def _rates(scale: Scale) -> str:
    rows = [
        (one["what"], f"{one['first']:,}{one['unit']}", f"[{one['basis']}]({one['source']})") for one in scale.quotas["rates"]
    ]
    return _table(("of an account", "at first", "from"), rows)


def _costs(scale: Scale) -> str:
    head = ("streets", "accounts", *(f"{cases:,} cases each" if cases else "idle" for cases in CASES), "a year, the last")
    rows = [
        (
            f"{streets:,}",
            f"{scale.accounts(streets):,}",
            *(f"{scale.cost(streets, cases):,.2f}" if streets == 1 else f"{scale.cost(streets, cases):,.0f}" for cases in CASES),
            f"{scale.cost(streets, CASES[-1]) * 12:,.0f}",
        )
        for streets in (1, CITY, COUNTRY)
    ]
    return _table(head, rows)


def _runs(scale: Scale) -> str:
    head = ("schedule", "runs a month", "USD a month", f"runs of {CITY:,} streets", "USD", f"runs of {COUNTRY:,}", "USD")
    rows = []
    for name, runs in sorted(scale.runs.items(), key=lambda item: -item[1]):
        cost = scale.run_cost(name)
        more = [text for streets in (CITY, COUNTRY) for text in (f"{runs * streets / 1e6:,.2f} M", f"{cost * streets:,.0f}")]
        rows.append((name, f"{runs:,.0f}", f"{cost:.3f}", *more))
    return _table(head, rows)


def _units(scale: Scale) -> str:
    head = ("open cases", "sweep, none due", f"sweep, {scale.units['due']} due", "my queue", "whole street", "a case", "figures")
    names = ("sweep_idle", "sweep_due", "my_queue", "whole_street", "case", "figures")
    rows = [(f"{one['open']:,}", *(f"{one[name]:,g}" for name in names)) for one in scale.units["among"]]
    return _table(head, rows)


def _waves(scale: Scale) -> str:
    head = ("wave", f"of {CITY:,} streets", f"of {COUNTRY:,}", "then wait")
    rows = []
    for number, (share, wait) in enumerate(WAVES, 1):
        amounts = [share if share >= 1 and isinstance(share, int) else int(streets * share) for streets in (CITY, COUNTRY)]
        rows.append((f"{number}", *(f"{amount:,}" for amount in amounts), wait))
    return _table(head, rows)


def main(path: Path = PAGE) -> int:
    path.write_text(rendered(), "utf-8")
    say(f"written to docs/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
