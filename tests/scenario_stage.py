"""Scenarios performed: every step over HTTP by the person it names, time moved through each due instant, messages as sent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from chalicelib.models import cases
from chalicelib.web.i18n import t
from infra.serve.advance import Mover
from tests import steps
from tests.client import FORM
from tests.scenario_book import Scenario
from tests.scenario_claims import About, Claims

if TYPE_CHECKING:
    from tests.world import World

REFUSED = {403, 404, 409, 422}
RESIDENT = "resident"


class Failed(AssertionError):
    """A step that did not come out as written: says the line."""


class MovedClock:
    """The world's clock as the mover wants it."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock

    def civil(self) -> datetime:
        return self._clock.civil()

    def advance_to(self, instant: datetime) -> datetime:
        self._clock.instant = max(self._clock.instant, instant)
        return self._clock.instant

    @contextmanager
    def hold(self) -> Iterator[None]:
        yield


@dataclass
class Stage(Claims):
    """Performs: each step by whom it names, through the pages' own forms."""

    def perform(self, scenario: Scenario) -> None:
        for line in scenario.lines:
            try:
                getattr(self, f"_{line.kind}")(**line.said)
            except Exception as error:
                raise Failed(f"{scenario.street}.md:{line.number}: {line.text}\n  {error}{self._standing()}") from error

    # ---- time --------------------------------------------------------------------------------------------------------------

    def _at(self, when: str) -> None:
        self.world.clock.instant = self._local(when)

    def _until(self, when: str) -> None:
        target = self._local(when)
        if target < self.world.clock.instant:
            raise AssertionError("that has passed already")
        Mover(MovedClock(self.world), self._sweep).move(lambda now: target)

    def _pass(self, count: str, unit: str) -> None:
        parts = {unit if unit.endswith("s") else unit + "s": int(count)}
        Mover(MovedClock(self.world), self._sweep).move(lambda now: now + timedelta(**parts))

    def _sweep(self) -> None:
        from chalicelib.usecases import send, sweeping

        sweeping.sweep(self.world.context, lambda: 60.0)
        send.sweep(self.world.context)

    # ---- steps -------------------------------------------------------------------------------------------------------------

    def _report(self, kind: str, text: str, who: str = "", place: str | None = None, rest: str = "") -> None:
        more = {part.strip() for part in rest.split(",") if part.strip()}
        phone = "" if "without a phone" in more else next((one.split()[-1] for one in more if one.startswith("phone")), "")
        category = next((one.split()[-1] for one in more if one.startswith("category")), "")
        values = {"text": text, "reporter": kind, "code": self._place(place), "category": category}
        values["phone"] = "" if "without a phone" in more else f"021-0012 {phone or 7788}"
        sent = steps.report(self.world, **values)
        token = steps.token_of(steps.send(self.world.client(), sent))
        self._take(steps.number_of(token), token, who)

    def _intake(
        self,
        person: str,
        channel: str,
        text: str,
        place: str | None = None,
        external: str = "",
        rest: str = "",
        **more: str,
    ) -> None:
        extras = {part.strip() for part in rest.split(",") if part.strip()}
        phone = "" if "without a phone" in extras else "021-0012 7799"
        form = self.visitor(person).get("/desk/new").form("/desk/new")
        found = self.world.context.scanned(self._place(place), "issue")[1].id
        values = {"channel": channel, "place": found, "text": text, "phone": phone, "external": external, **more}
        answer = form.fill(**{name: value for name, value in values.items() if value}).submit()
        no = self._newest(text)
        if answer.status != 200 or not no:
            raise AssertionError(f"{answer.status} {answer.path}: {answer.words[:300]}")
        self._take(no, "", next((one for one in extras if len(one) == 1), ""))

    def _newest(self, text: str) -> str:
        """The case with that text; intake may lead to a queue when the case stands elsewhere."""
        for item in self.world.stored_items():
            if item["sk"]["S"] == "CASE":
                stored = cases.get(item["pk"]["S"].removeprefix("C#"))
                if stored is not None and stored.case.text == text:
                    return stored.case.no
        return ""

    def _take(self, no: str, token: str, name: str) -> None:
        self.now = About(no, token)
        self.known.setdefault("the first case", self.now)
        if name:
            self.known[name] = self.now
        self.world.deliver()

    def _case(self, name: str) -> None:
        self.now = self.known[name]

    def _act(self, person: str, action: str, fields: str | None = None) -> None:
        visitor = self.visitor(person)
        before = self.case.version
        page = visitor.get(f"/desk/cases/{self.no}")
        form = page.form(f"/{action}")
        values = self._values(fields)
        posted = {**form.fields}
        many: list[tuple[str, str]] = []
        for name, value in values.items():
            if name == "co":
                many += [("co", self._party(one)) for one in value.split(" and ")]
            elif name in form.choices:
                posted[name] = self._choice(form.choices[name], value)
            elif name in form.fields:
                posted[name] = value
            else:
                raise AssertionError(f"{action} has no field {name}; it has {sorted({*form.fields, *form.choices})}")
        sent = {"Content-Type": FORM, "Origin": visitor.origin}
        answer = visitor.call("POST", form.action, urlencode([*posted.items(), *many]).encode("ascii"), sent)
        if answer.status != 303:
            raise AssertionError(f"answered {answer.status}: {answer.words[:400]}")
        if self.case.version <= before:
            raise AssertionError("nothing was recorded")
        self.world.deliver()

    def _choice(self, choices: list[str], value: str) -> str:
        wanted = self._party(value)
        exact = [choice for choice in choices if choice == wanted]
        found = exact or [choice for choice in choices if wanted in choice or (f"~{wanted}~" in choice)]
        if len(found) != 1:
            raise AssertionError(f"{value!r} fits {found} of {choices}")
        return found[0]

    def _refused(self, person: str, action: str, fields: str | None = None, reason: str = "") -> None:
        visitor, before = self.visitor(person), msgspec.json.encode(self.case)
        values = {name: self._party(value) for name, value in self._values(fields).items()}
        visitor.get("/desk")
        csrf = visitor.get("/desk").form("/signout").fields["csrf"]
        body = {**values, "csrf": csrf, "attempt": secrets.token_hex(16), "version": str(self.case.version)}
        sent = {"Content-Type": FORM, "Origin": visitor.origin}
        answer = visitor.call("POST", f"/desk/cases/{self.no}/{action}", urlencode(body).encode("ascii"), sent)
        if answer.status not in REFUSED:
            raise AssertionError(f"it was not refused: {answer.status}")
        if msgspec.json.encode(self.case) != before:
            raise AssertionError("it was refused, yet something changed")
        if reason and t("zh-CN", f"error.{reason}.title") not in answer.words:
            raise AssertionError(f"the page does not say why ({reason}): {answer.words[:300]}")

    def _reporter(self, action: str, fields: str | None = None) -> None:
        if self.now is None or not self.now.token:
            raise AssertionError("nobody has a link to this case")
        visitor = self.world.client()
        page = visitor.get(f"/t/{self.now.token}{'/rate' if action == 'rate' else ''}")
        form = page.form(f"/{action}").fill(**self._values(fields))
        answer = form.submit()
        if answer.status != 200:
            raise AssertionError(f"answered {answer.status}: {answer.words[:300]}")
        self.world.deliver()
