"""Messages that need a person, for operators: `python -m infra.messages list`, `… undelivered`, `… revive ID`, `… revive --all`;
and `… templates`, the fourteen texts as the street's providers want them when they are asked to approve them.

Listed are parked messages and those of which nobody knows whether they went out; never a number or anybody's words. Reviving a
parked message has it sent by the next sweep with all its tries before it. One parked for `unknown` may have gone out: reviving it
is the decision to send it again. Region and tables come from the environment (DOORSTEP_*), as the functions have them.
"""

from __future__ import annotations

import argparse
import sys

from chalicelib import wiring
from chalicelib.casework import messages as words
from chalicelib.errors import ConfigError
from chalicelib.models import outbox
from chalicelib.models.outbox import OutboxRow
from infra.errors import InfraError
from infra.say import say

# Why a message was parked, and what an operator can do about it.
WHY = {
    "nobody": "nobody is behind it: give somebody the office, or the contact a number",
    "refused": "the provider refuses this number or text",
    "retry": "the provider said no five times: look at its account",
    "failed": "something broke five times: look at the log",
    "text": "the text breaks a carrier's rule",
    "unknown": "it may have gone out: ask the provider before it is sent again",
    "unsent": "five attempts got no answer and did not go out",
    "restored": "it was waiting when the backup was taken and may have gone out since",
    "cap": "the provider's limit for this number was full on five days",
    # The provider will take nothing like it before this is mended; its own code is printed behind.
    "keys": "the provider does not take our keys: `python -m infra.secrets set sms PROVIDER`",
    "account": "the provider's account: money, limits, rights or application; see its console",
    "network": "the provider does not take calls from here: its allowed addresses, or this machine's clock",
    "sign": "the provider does not know the signature: `sign` in [sms] or of the template must be the approved one",
    "template": "the provider does not know the template: `code` and `names` in [sms.templates] must be the approved ones",
}


def line(row: OutboxRow) -> str:
    """One message without anything personal: `reporter` stands for whoever reported, staff for their id."""
    why = _why(row.why or "") if row.state == "parked" else "asked for with the provider every half hour"
    return f"{outbox.id_of(row)}  {row.state:<8}{row.at}  {row.case or '-':<12}{row.template:<11}{row.to:<28}{why}"


def _why(why: str) -> str:
    """`sign isv.X` is the remedy for `sign`, with the provider's code behind it."""
    head, _, code = why.partition(" ")
    return WHY.get(head, head) + (f" ({code})" if code else "")


def undelivered() -> list[str]:
    """What the carriers say did not arrive, with their code."""
    return [
        f"{outbox.id_of(row)}  {row.reported_at}  {row.case or '-':<12}{row.template:<11}{row.to:<28}{row.report_code}"
        for row in outbox.undelivered()
    ]


def templates() -> list[str]:
    """Every text with its holes in the provider's notation (Aliyun names them, Tencent Cloud numbers them), and its code here."""
    sms = wiring.context().street.sms
    lines = []
    for name, template in words.TEMPLATES.items():
        mapped = sms.templates.get(name)
        provider = mapped.provider if mapped else sms.provider
        names = mapped.names if mapped and mapped.names else [f"p{number}" for number in range(1, template.count + 1)]
        text = template.text
        if provider == "aliyun":
            for number, variable in enumerate(names, start=1):
                text = text.replace(f"{{{number}}}", f"${{{variable}}}")
        code = mapped.code if mapped else "no code in the street file"
        lines.append(f"{template.number:>2} {name:<11}{provider:<8}{code:<14}【{mapped.sign if mapped else sms.sign}】{text}")
    return lines


def listing() -> list[str]:
    return [line(row) for row in outbox.stuck()]


def revive(wanted: str | None) -> int:
    """Revives the message of that id, or all parked ones for None. Returns how many. Raises `InfraError` for an unknown id."""
    parked = [row for row in outbox.stuck() if row.state == "parked" and wanted in {None, outbox.id_of(row)}]
    if wanted is not None and not parked:
        raise InfraError(f"no parked message is called {wanted!r}; `list` shows them")
    now = wiring.context().clock.civil()
    return sum(outbox.revive(row, now) for row in parked)


def run(options: argparse.Namespace) -> None:
    wiring.context()
    if options.command == "list":
        found = listing()
        for entry in found:
            say(entry)
        say(f"{len(found)} messages need a person")
    elif options.command == "templates":
        for entry in templates():
            say(entry)
    elif options.command == "undelivered":
        failed = undelivered()
        for entry in failed:
            say(entry)
        say(f"{len(failed)} messages did not arrive; look at the numbers, nothing is sent again")
    else:
        if options.all == bool(options.id):
            raise InfraError("name one message, or --all")
        say(f"{revive(None if options.all else options.id)} revived; the next sweep sends them")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.messages", description="Messages that need a person.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="parked and unknown messages, oldest first")
    commands.add_parser("templates", help="the texts as the street's providers want them for approval")
    commands.add_parser("undelivered", help="what the carriers say did not arrive, oldest first")
    again = commands.add_parser("revive", help="lets a parked message be sent after all")
    again.add_argument("id", nargs="?", default="", help="as `list` prints it")
    again.add_argument("--all", action="store_true", help="every parked message")
    try:
        run(parser.parse_args(argv))
    except (InfraError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
