"""People at the desk while it storms: each opens the list, then a case of it, and takes the next step that it offers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.client import FORM, Form, Page
from tests.http_visitor import HttpVisitor

STEPS = ("accept", "assign", "answer")
CASES = "/desk/cases/"


@dataclass(frozen=True)
class Step:
    """A post at the desk, and how it was answered: 303 is done."""

    no: str
    action: str
    status: int
    seconds: float


@dataclass
class Clerk:
    """A person with a session, at work in a thread of its own until told to stop."""

    visitor: HttpVisitor
    seed: int
    # What everybody has done or tried, so that nobody assigns a case for ever.
    tried: set[tuple[str, str]]
    untouched: Collection[str]
    done: list[Step] = field(default_factory=list)
    pages: list[tuple[int, float]] = field(default_factory=list)
    wrong: list[BaseException] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - a storm to be had again
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Raises what went wrong in the thread."""
        self.ended.set()
        self._thread.join()
        if self.wrong:
            raise self.wrong[0]

    def _work(self) -> None:
        try:
            while not self.ended.is_set():
                self._turn()
        except BaseException as error:
            self.wrong.append(error)

    def _turn(self) -> None:
        shown = self._look("/desk")
        links = {link for link in shown.links if link.startswith(CASES)} if shown.status == 200 else set()
        cases = sorted(links - {CASES + no for no in self.untouched})
        if not cases:
            self.ended.wait(0.2)
            return
        path = self._dice.choice(cases)
        page = self._look(path)
        # Somebody may have closed it meanwhile.
        forms = page.forms if page.status == 200 else []
        offered = {form.action.rpartition("/")[2]: form for form in forms if form.method == "post"}
        no = path.removeprefix(CASES)
        action = next((step for step in STEPS if step in offered and (no, step) not in self.tried), None)
        if action:
            self._act(no, action, offered[action])
            self.tried.add((no, action))

    def _look(self, path: str) -> Page:
        began = time.perf_counter()
        page = self.visitor.get(path)
        self.pages.append((page.status, time.perf_counter() - began))
        return page

    def _act(self, no: str, action: str, form: Form) -> None:
        if action == "assign":
            form.fill(to=self._dice.choice([choice for choice in form.choices["to"] if choice]))
        if action == "answer":
            form.fill(text="已经换了灯泡，谢谢您告诉我们。")
        sent = {"Content-Type": FORM, "Origin": self.visitor.origin}
        began = time.perf_counter()
        page = self.visitor.call("POST", form.action, urlencode(form.fields).encode("ascii"), sent)
        self.done.append(Step(no, action, page.status, time.perf_counter() - began))


def at_work(visitors: Sequence[HttpVisitor], seed: int, untouched: Collection[str]) -> list[Clerk]:
    """Everybody begins; these cases are let lie."""
    tried: set[tuple[str, str]] = set()
    clerks = [Clerk(visitor, seed + number, tried, untouched) for number, visitor in enumerate(visitors)]
    for clerk in clerks:
        clerk.start()
    return clerks
