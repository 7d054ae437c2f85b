"""A provider stricter than any: it refuses what a carrier would refuse, and remembers everything that went out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from threading import Lock

from chalicelib.casework.messages import fill
from chalicelib.ports import Sms

PHONE = re.compile(r"\+86[0-9]{10,11}")


class StrictSms:
    """Implements `ports.SmsProvider`. `answers` are given in turn: an exception to raise, or "lost" for a message that goes out
    and whose answer is an exception all the same; when they are used up everything goes through. `asked` of it, it knows what
    went out, unless it is `mute`.
    """

    def __init__(self, answers: Iterable[Exception | tuple[str, Exception]] = (), *, mute: bool = False) -> None:
        self._answers = list(answers)
        self._lock = Lock()
        self._refs: set[str] = set()
        self.mute = mute
        self.calls = 0
        self.asked = 0
        self.out: list[Sms] = []

    def send(self, message: Sms) -> str:
        with self._lock:
            self.calls += 1
            if not message.ref or message.ref in self._refs:
                raise AssertionError("a reference is used once")
            self._refs.add(message.ref)
            if not PHONE.fullmatch(message.phone):
                raise AssertionError("no number in its written form")
            fill(message.template, message.params, "示例街道")
            answer = self._answers.pop(0) if self._answers else None
            if isinstance(answer, Exception):
                raise answer
            self.out.append(message)
            if answer is not None:
                raise answer[1]
            return f"id-{message.ref}"

    def sent(self, ref: str, phone: str) -> bool | None:
        with self._lock:
            self.asked += 1
            return None if self.mute else any((message.ref, message.phone) == (ref, phone) for message in self.out)

    @property
    def to(self) -> list[tuple[str, str]]:
        """(phone, template) of everything that went out."""
        return [(message.phone, message.template) for message in self.out]
