"""Other systems, for operators: the secrets that we share with them, and the events that they have not taken.

    python -m infra.webhooks secret make NAME      shown once; NAME is a subscription's `secret`, or a source of orders
    python -m infra.webhooks secret rotate NAME    a new one beside the old one: both hold until
    python -m infra.webhooks secret retire NAME    … the old one is retired
    python -m infra.webhooks list                  how each target answers, and what is parked
    python -m infra.webhooks replay TARGET [CASE]  what is parked is sent again, in order, under the same ids

Sources of orders are `hotline_12345` and `petition`. Region and tables come from the environment (DOORSTEP_*), as the functions
have them.
"""

from __future__ import annotations

import argparse
import sys

from chalicelib import wiring
from chalicelib.casework.hooks import event_id
from chalicelib.casework.orders import SOURCES
from chalicelib.errors import ConfigError
from chalicelib.models import hooks
from chalicelib.street import Street
from chalicelib.usecases.webhooks import replay
from infra.errors import InfraError
from infra.say import say

# Why an event was not taken, and what an operator can do about it.
WHY = {
    "behind": "an earlier event of the case is parked",
    "no_secret": "there is no secret to sign with: `secret make`",
    "inside": "its name leads into a network, which is refused",
    "scheme": "it is not https",
    "address": "its address can't be read",
    "name": "its name has no address",
    "certificate": "its certificate is not valid",
    "time_out": "it did not answer within five seconds",
    "broken": "the connection was refused or broke",
}


def names(street: Street) -> set[str]:
    return {hook.secret for hook in street.webhooks} | set(SOURCES)


def listing(street: Street) -> list[str]:
    lines = []
    for hook in street.webhooks:
        standing = hooks.target(hook.id)
        state = (
            f"{standing.fails} failures in a row since {standing.since}: {_why(standing.why)}" if standing.fails else "answers"
        )
        lines.append(f"{hook.id}: {state}; {hooks.waiting(hook.id)} waiting")
        lines += [f"  {event_id(row.no, row.seq):<20}{row.at}  {row.event:<20}{_why(row.why)}" for row in hooks.parked(hook.id)]
    return lines


def _why(why: str | None) -> str:
    found = why or ""
    return WHY.get(found) or found.replace("status_", "it answered ")


def _secret(options: argparse.Namespace) -> None:
    house = wiring.house()
    known = names(house.context.street)
    if options.name not in known:
        raise InfraError(f"nothing uses a secret called {options.name!r}; there are {', '.join(sorted(known))}")
    if options.what == "retire":
        house.shared_secrets.retire(options.name)
        say(f"{options.name}: only the new secret holds")
        return
    made = house.shared_secrets.make(options.name) if options.what == "make" else house.shared_secrets.rotate(options.name)
    say(f"{options.name}: {made}")
    say("hand it over by a safe way; it is not shown again")


def run(options: argparse.Namespace) -> None:
    ctx = wiring.context()
    if options.command == "secret":
        _secret(options)
    elif options.command == "list":
        for line in listing(ctx.street) or ["this street has no [[webhooks]]"]:
            say(line)
    else:
        if options.target not in {hook.id for hook in ctx.street.webhooks}:
            raise InfraError(f"there is no subscription {options.target!r}; `list` shows them")
        say(f"{replay(ctx, options.target, options.case)} events wait again; the next minute sends them")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.webhooks", description="Other systems: secrets, and what waits.")
    commands = parser.add_subparsers(dest="command", required=True)
    secret = commands.add_parser("secret", help="makes, exchanges or retires a shared secret")
    secret.add_argument("what", choices=("make", "rotate", "retire"))
    secret.add_argument("name", help="a subscription's secret, or a source of orders")
    commands.add_parser("list", help="how targets answer, and parked events")
    again = commands.add_parser("replay", help="sends parked events again")
    again.add_argument("target", help="the subscription's id")
    again.add_argument("case", nargs="?", default="", help="one case's alone")
    try:
        run(parser.parse_args(argv))
    except (InfraError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
