"""Messages put straight into the outbox, for tests of what sending makes of them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from chalicelib import wiring
from chalicelib.casework.events import stamp
from chalicelib.casework.messages import TEMPLATES
from chalicelib.casework.notices import Message
from chalicelib.models import outbox
from tests import steps
from tests.strict_sms import StrictSms
from tests.world import SMALL

if TYPE_CHECKING:
    from tests.world import World

PHONE = "138 0000 0001"
MOBILE = "+8613800000001"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def provider(world: World, *answers: Any, **ways: bool) -> StrictSms:
    made = StrictSms(answers, **ways)
    wiring.use(clock=world.clock, sms=made)
    return made


def person(world: World, *grants: str, phone: str = PHONE) -> str:
    """Somebody of the staff; their recipient's name `staff:<id>`."""
    from chalicelib.usecases import signin

    name = f"user.{secrets.token_hex(4)}"
    return "staff:" + signin.create_staff(world.context, username=name, name=name, grants=grants, phone=phone)


def resident(world: World, phone: str = PHONE) -> str:
    """A case whose reporter left that number and has got the receipt; its number."""
    no, _ = steps.reported(world, phone=phone)
    return no


def tell(world: World, to: str, template: str, case: str = "", seq: int = 1) -> outbox.OutboxRow:
    """One message for that recipient, caused now."""
    from chalicelib.models import cases

    params = tuple(str(number) for number in range(1, TEMPLATES[template].count + 1))
    no = case or f"CASE-{secrets.token_hex(3)}"
    message = Message(case=no, seq=seq, template=template, to=to, params=params, at=stamp(world.clock.civil()))
    named = to
    if to == "reporter":
        stored = cases.get(no)
        if stored is None:
            raise AssertionError(f"there is no case {no}")
        named = stored.case.phone_mac
    row = outbox.row_of(message, world.context.keys.mac("recipient", named))
    row.save()
    return row


def messages(world: World, to: str = "") -> list[outbox.OutboxRow]:
    """The outbox's rows in the order of their causes, checked against the index: in it stands exactly what has not ended."""
    found = sorted(outbox.every(), key=lambda row: (row.at, row.sk))
    wrong = [(row.sk, row.state) for row in found if bool(row.pending) != (row.state in outbox.WAITING)]
    wrong += [(row.sk, row.state) for row in found if bool(row.ttl) != (row.state in outbox.ENDED)]
    if wrong:
        raise AssertionError(f"the index or the end of these is not their state's: {wrong}")
    return [row for row in found if not to or row.to == to]


def states(world: World, to: str = "") -> list[str]:
    return [row.state for row in messages(world, to)]


def templates(sms: StrictSms) -> list[str]:
    if sms.wrong:
        raise AssertionError(f"the provider took offence: {sms.wrong}")
    return [message.template for message in sms.out]


def leases(world: World) -> int:
    items = world.aws("dynamodb").scan(TableName=world.outputs["OutboxTable"], ConsistentRead=True)["Items"]
    return sum(item["sk"]["S"] == "LEASE" for item in items)


def at(world: World, day: int, clock: str) -> None:
    """Sets civil time to that day of November 2026 in Shanghai; the 18th is a Wednesday."""
    hour, minute, second = (*map(int, clock.split(":")), 0)[:3]
    world.clock.instant = datetime(2026, 11, day, hour, minute, second, tzinfo=SHANGHAI).astimezone(UTC)


def street_with(folder: Path, more: str) -> Path:
    """The small street's file with more at its end."""
    file = folder / "street" / SMALL.name
    file.parent.mkdir()
    file.write_text(SMALL.read_text("utf-8") + more, "utf-8")
    file.with_suffix(".csv").write_text(SMALL.with_suffix(".csv").read_text("utf-8"), "utf-8")
    return file
