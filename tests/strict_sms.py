"""A provider stricter than any: it refuses what a carrier would refuse, and remembers everything that went out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from threading import Lock

from chalicelib.casework.messages import fill
from chalicelib.ports import Sms

PHONE = re.compile(r"\+86[0-9]{10,11}")


class StrictSms:
    """Implements `ports.SmsProvider`. `answers` are given in turn: an exception to raise, or "lost" for a message that goes out
    and whose answer is an exception all the same; when they are used up everything goes through. `asked` of it, it knows what
    went out, unless it is `mute` (it can't say) or `denies` (it says no, whatever went out). `wrong` is what no provider takes.
    """

    def __init__(
        self, answers: Iterable[Exception | tuple[str, Exception]] = (), *, mute: bool = False, denies: bool = False
    ) -> None:
        self._answers = list(answers)
        self._lock = Lock()
        self.refs: Counter[str] = Counter()
        self.mute, self.denies = mute, denies
        self.calls = 0
        self.asked = 0
        self.out: list[Sms] = []
        self.wrong: list[str] = []

    def send(self, message: Sms) -> str:
        with self._lock:
            self.calls += 1
            self.refs[message.ref] += 1
            if not message.ref or self.refs[message.ref] > 1:
                self.wrong.append("a reference was used again")
            if not PHONE.fullmatch(message.phone):
                self.wrong.append("no number in its written form")
            fill(message.template, message.params, "示例街道")
            answer = self._answers.pop(0) if self._answers else None
            if isinstance(answer, Exception):
                raise answer
            self.out.append(message)
            if answer is not None:
                raise answer[1]
            return f"id-{message.ref}"

    def sent(self, ref: str, phone: str, *_: object) -> bool | None:
        with self._lock:
            self.asked += 1
            if self.mute:
                return None
            return not self.denies and any((message.ref, message.phone) == (ref, phone) for message in self.out)

    @property
    def to(self) -> list[tuple[str, str]]:
        """(phone, template) of everything that went out."""
        return [(message.phone, message.template) for message in self.out]

    @property
    def said(self) -> Counter[tuple[str, str, tuple[str, ...]]]:
        """What people's phones show, and how often: (phone, template, parameters)."""
        return Counter((message.phone, message.template, message.params) for message in self.out)
