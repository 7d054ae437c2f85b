"""Scenarios performed: every step over HTTP by the person it names, time moved through each due instant, messages as sent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import parse
from chalicelib.models import cases
from chalicelib.web.i18n import t
from infra.serve.advance import Mover
from tests import steps
from tests.client import FORM
from tests.scenario_book import Scenario, fields

if TYPE_CHECKING:
    from tests.client import Page, Visitor
    from tests.world import World

REFUSED = {403, 404, 409, 422}
RESIDENT = "resident"


class Failed(AssertionError):
    """A step that did not come out as written: says the line."""


@dataclass
class About:
    """One case of a scenario."""

    no: str
    token: str = ""


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
class Stage:
    world: World
    people: dict[str, str]
    visitors: dict[str, Visitor] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    known: dict[str, About] = field(default_factory=dict)
    now: About | None = None
    seen: set[tuple[str, str]] = field(default_factory=set)

    def perform(self, scenario: Scenario) -> None:
        for line in scenario.lines:
            try:
                getattr(self, f"_{line.kind}")(**line.said)
            except Exception as error:
                raise Failed(f"{scenario.street}.md:{line.number}: {line.text}\n  {error}{self._standing()}") from error

    # ---- who and what ------------------------------------------------------------------------------------------------------

    def _standing(self) -> str:
        if self.now is None:
            return ""
        case = self.case
        runs = [f"{run.key}→{run.due[5:16]}{' late' if run.lapsed else ''}" for run in case.clocks if run.stopped is None]
        return f"\n  it is {case.state} at {case.rung}@{case.unit}, UTC {self.world.clock.instant:%m-%d %H:%M}, clocks {runs}"

    def visitor(self, person: str) -> Visitor:
        if person not in self.visitors:
            role, _, unit = self.people[person].partition("@")
            name = person.replace(" ", ".")
            self.world.hire(role, unit, username=name)
            visitor = self.world.client()
            visitor.get("/desk/signin").form().fill(username=name, password=self.world.passwords[name]).submit()
            self.visitors[person] = visitor
        return self.visitors[person]

    def hire_all(self) -> None:
        """Before anything happens: messages go to whoever is there."""
        from chalicelib.models import staff

        for person, grant in self.people.items():
            role, _, unit = grant.partition("@")
            self.world.hire(role, unit, username=person.replace(" ", "."))
            for row in staff.holders(grant):
                if row.staff_id and f"staff:{row.staff_id}" not in self.ids:
                    self.ids[f"staff:{row.staff_id}"] = person

    @property
    def case(self) -> Case:
        stored = cases.get(self.now.no) if self.now else None
        if stored is None:
            raise AssertionError("no case has been made yet")
        return stored.case

    @property
    def no(self) -> str:
        return self.case.no

    def _local(self, when: str) -> datetime:
        return datetime.strptime(when, "%Y-%m-%d %H:%M").replace(tzinfo=self.world.street.tz)

    def _place(self, place: str | None) -> str:
        for number, found in enumerate(self.world.places):
            if not found.retired and place in {None, found.id, found.community, found.committee, found.kind}:
                return self.world.code(number)
        raise AssertionError(f"no place {place!r}")

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

    def _values(self, said: str | None) -> dict[str, str]:
        return {name: self.known[value].no if value in self.known else value for name, value in fields(said).items()}

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

    def _party(self, named: str) -> str:
        """A person of the list by the office they hold, else the value itself."""
        return self.people.get(named.strip(), named.strip())

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

    # ---- what has to be so -------------------------------------------------------------------------------------------------

    def _same(self, is_so: Any, wanted: Any) -> None:
        if is_so != wanted:
            raise AssertionError(f"it is {is_so!r}, not {wanted!r}")

    def _state(self, state: str) -> None:
        self._same(self.case.state, state)

    def _stands(self, rung: str, unit: str) -> None:
        self._same((self.case.rung, self.case.unit), (rung, unit))

    def _outcome(self, outcome: str) -> None:
        self._same(str(self.case.outcome), outcome)

    def _listed(self, how: str) -> None:
        self._same(self.case.supervised, how == "on")

    def _fact(self, name: str, value: str) -> None:
        self._same(str(getattr(self.case, name)), self._values(f"x: {value}")["x"])

    def _run(self, clock: str, party: str = "") -> ClockRun | None:
        whose = self._party(party) if party else ""
        if clock not in self.world.street.clocks:
            raise AssertionError(f"the street has no clock {clock}")
        runs = [run for run in self.case.clocks if run.id == clock and (not whose or run.party == whose)]
        return runs[-1] if runs else None

    def _ends(self, clock: str, when: str, party: str = "") -> None:
        run = self._run(clock, party)
        if run is None:
            raise AssertionError("it never ran")
        self._same(f"{parse(run.due).astimezone(self.world.street.tz):%Y-%m-%d %H:%M}", when)

    def _clock(self, clock: str, how: str, party: str = "") -> None:
        run = self._run(clock, party)
        found = {
            "absent": run is None,
            "stopped": run is not None and run.stopped is not None,
            "paused": run is not None and run.paused is not None and run.stopped is None,
            "running": run is not None and run.running and run.lapsed is None,
            "late": run is not None and run.lapsed is not None,
            "not late": run is None or run.lapsed is None,
        }
        if not found[how]:
            raise AssertionError(f"it is {[name for name, so in found.items() if so]}")

    def _messages(self) -> list[tuple[tuple[str, str], str, str]]:
        """(key, template, person) of each SMS about this case that went out, oldest first."""
        rows = [row for row in steps.rows(self.world, "OutboxTable") if row["state"]["S"] == "sent"]
        rows = [row for row in rows if row.get("case", {}).get("S") == self.no]
        rows.sort(key=lambda row: row["sent_at"]["S"])
        return [((row["pk"]["S"], row["sk"]["S"]), row["template"]["S"], self._name(row["to"]["S"])) for row in rows]

    def _name(self, to: str) -> str:
        return RESIDENT if to == "reporter" else self.ids.get(to, to.replace("contact:", "contact "))

    def _told(self, list: str) -> None:
        """Exactly these since the last time that anybody asked."""
        wanted = sorted(" ".join(part.split()) for part in list.split(","))
        new = [message for message in self._messages() if message[0] not in self.seen]
        self.seen |= {message[0] for message in new}
        self._same(sorted(f"{template} to {person}" for _, template, person in new), wanted)

    def _nobody(self) -> None:
        new = [message for message in self._messages() if message[0] not in self.seen]
        self._same([f"{template} to {person}" for _, template, person in new], [])

    def _sms(self, person: str, how: str, template: str) -> None:
        name = RESIDENT if person in {"the resident", "the reporter", "resident"} else person
        if name != RESIDENT and name not in self.people and not name.startswith("contact "):
            raise AssertionError(f"nobody is called {name}")
        count = sum((found, who) == (template, name) for _, found, who in self._messages())
        right = {"was told": count > 0, "was told once": count == 1, "was not told": count == 0}[how]
        if not right:
            raise AssertionError(f"{count} times; all messages: {[message[1:] for message in self._messages()]}")

    def _page_of(self, person: str, path: str = "") -> Page:
        if person in {"the resident", "the reporter", "resident"}:
            return self.world.client().get(f"/t/{self.now.token if self.now else ''}")
        return self.visitor(person).get(f"/desk/cases/{self.no}{path}")

    def _reads(self, person: str, how: str, text: str) -> None:
        page = self._page_of(person)
        self._same(page.status, 200)
        if (text in page.words) != (how == "reads"):
            raise AssertionError(f"the page says: {page.words[:1500]}")

    def _sheet(self, sheet: str, person: str, text: str) -> None:
        page = self.visitor(person).get("/desk/handover") if sheet == "handover" else self._page_of(person, f"/{sheet}")
        self._same(page.status, 200)
        if text not in page.words:
            raise AssertionError(f"the sheet says: {page.words[:1500]}")

    def _hidden(self, person: str) -> None:
        self._same(self.visitor(person).get(f"/desk/cases/{self.no}").status, 404)

    def _desk(self, person: str, how: str) -> None:
        page = self.visitor(person).get("/desk")
        if (self.no in page.text) != (how == "on"):
            raise AssertionError(f"the desk says: {page.words[:600]}")
