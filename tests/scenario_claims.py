"""What a scenario may claim: the case as it stands, who was told, what pages and papers say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import parse
from chalicelib.models import cases
from tests import steps
from tests.scenario_book import fields

if TYPE_CHECKING:
    from tests.client import Page, Visitor
    from tests.world import World

RESIDENT = "resident"
REPORTER = {"the resident", "the reporter", "resident"}


@dataclass
class About:
    """One case of a scenario."""

    no: str
    token: str = ""


@dataclass
class Claims:
    """The street, its people signed in, and the cases that a scenario has made; `now` is the one that it speaks of."""

    world: World
    people: dict[str, str]
    visitors: dict[str, Visitor] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    known: dict[str, About] = field(default_factory=dict)
    now: About | None = None
    seen: set[tuple[str, str]] = field(default_factory=set)

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

    def _values(self, said: str | None) -> dict[str, str]:
        return {name: self.known[value].no if value in self.known else value for name, value in fields(said).items()}

    def _party(self, named: str) -> str:
        """A person of the list by the office they hold, else the value itself."""
        return self.people.get(named.strip(), named.strip())

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
        name = RESIDENT if person in REPORTER else person
        if name != RESIDENT and name not in self.people and not name.startswith("contact "):
            raise AssertionError(f"nobody is called {name}")
        count = sum((found, who) == (template, name) for _, found, who in self._messages())
        right = {"was told": count > 0, "was told once": count == 1, "was not told": count == 0}[how]
        if not right:
            raise AssertionError(f"{count} times; all messages: {[message[1:] for message in self._messages()]}")

    def _page_of(self, person: str, path: str = "") -> Page:
        if person in REPORTER:
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
