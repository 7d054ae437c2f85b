"""A strict provider that goes wrong in every way a provider can: refuses, throttles, loses its answer, and lies when asked."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from chalicelib.casework.messages import fill
from chalicelib.ports import Sms, SmsRefused, SmsRetry, SmsUnknown

PHONE = re.compile(r"\+86[0-9]{10,11}")
# How a send ends. `lost`: it went out and the answer did not come back; `silent`: neither.
WAYS = ("fine", "lost", "silent", "refused", "throttled")
# How the provider answers when asked for a reference.
MEMORIES = ("honest", "mute", "denies", "claims")

Said = tuple[str, str, tuple[str, ...]]


def said(message: Sms) -> Said:
    """What a person's phone would show: (number, template, parameters)."""
    return message.phone, message.template, message.params


@dataclass
class FaultySms:
    """`ways` are taken in turn, then everything is fine. `out` is what went out, `wrong` what no provider would have taken.

    `lied` are messages about which a question was answered with the opposite of the truth after an answer was lost.
    """

    ways: list[str] = field(default_factory=list)
    memory: str = "honest"
    out: list[Sms] = field(default_factory=list)
    refs: set[str] = field(default_factory=set)
    by_ref: dict[str, Sms] = field(default_factory=dict)
    refused: list[Sms] = field(default_factory=list)
    lied: set[Said] = field(default_factory=set)
    lied_refs: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def send(self, message: Sms) -> str:
        if not message.ref or message.ref in self.refs:
            self.wrong.append(f"the reference {message.ref!r} was used before")
        self.refs.add(message.ref)
        if not PHONE.fullmatch(message.phone):
            self.wrong.append(f"{message.template} went to no written number")
        fill(message.template, message.params, "示例小街道")
        way = self.ways.pop(0) if self.ways else "fine"
        if way == "refused":
            self.refused.append(message)
            raise SmsRefused("said by a test")
        if way == "throttled":
            raise SmsRetry("said by a test")
        self.by_ref[message.ref] = message
        if way == "silent":
            raise SmsUnknown("said by a test")
        self.out.append(message)
        if way == "lost":
            raise SmsUnknown("said by a test")
        return f"id-{message.ref}"

    def sent(self, ref: str, phone: str, *_: object) -> bool | None:
        went = any((message.ref, message.phone) == (ref, phone) for message in self.out)
        if self.memory == "mute":
            return None
        answer = {"honest": went, "denies": False, "claims": True}[self.memory]
        if answer != went:
            self.lied_refs.add(ref)
            if ref in self.by_ref:
                self.lied.add(said(self.by_ref[ref]))
        return answer

    def counted(self) -> Counter[Said]:
        return Counter(map(said, self.out))

    def state(self) -> tuple[object, ...]:
        """Everything, for `back_to`."""
        return tuple(type(value)(value) if isinstance(value, list | set | dict) else value for value in vars(self).values())

    def back_to(self, state: tuple[object, ...]) -> None:
        for name, value in zip(vars(self), state, strict=True):
            setattr(self, name, type(value)(value) if isinstance(value, list | set | dict) else value)
