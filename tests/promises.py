"""What must hold whatever went wrong: `broken(town)` names everything that does not.

Nothing is taken from the code under test but its pure rules: cases are folded from their stored bytes, index keys computed
again, and the messages that each stored event must cause are looked for in the outbox and at the provider.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable

import msgspec

from chalicelib.casework import people
from chalicelib.casework.card import card_of, keys_of
from chalicelib.casework.case import Case, ClockRun
from chalicelib.casework.events import Event
from chalicelib.casework.figures import figures_of
from chalicelib.casework.folds import apply
from chalicelib.casework.notices import Told, messages
from tests import refold
from tests.faulty_sms import Said
from tests.town import Row, Town

# How a message may stand when the system has come to rest, and how at any moment. `ENDED` are out of the index.
SPREAD = frozenset({"expanded", "dropped"})
ENDED = SPREAD | {"sent", "parked", "digested", "capped"}
RESTING = ENDED | {"unknown"}
WAITING = frozenset({"pending", "held", "sending", "unknown"})


def broken(town: Town, *, at_rest: bool = True) -> list[str]:
    """Every broken promise. `at_rest`: the system was let run on, so nothing may still be on its way."""
    stored = town.rows("CasesTable")
    # Leases and counts of recipients lie in the same table; a message has a template.
    outbox = [row for row in town.rows("OutboxTable") if "template" in row]
    wrong = list(town.sms.wrong)
    for line in map(json.loads, refold.lines_of(stored)):
        wrong.append(refold.problem(line["no"], base64.b64decode(line["body"]), map(base64.b64decode, line["archive"])))
    cases = {item["pk"]["S"].removeprefix("C#"): item for item in stored if item["sk"]["S"] == "CASE"}
    for no, item in cases.items():
        events = events_of(no, item, stored)
        wrong += _index_keys(town, no, item)
        wrong += _watchers(town, no, item, stored)
        wrong += _steps_once(no, events)
        wrong += _told(town, no, events, outbox)
        who = {event.by for event in events if event.type == "revealed"}
        wrong += [
            f"{no}: {staff} saw the number and no log says so"
            for case, staff in town.shown
            if case == no and f"staff:{staff}" not in who
        ]
    wrong += [f"{no}: a number was shown of a case that is not there" for no, _ in town.shown if no not in cases]
    wrong += _rows(outbox, at_rest)
    wrong += _sent(town, outbox)
    return [said for said in wrong if said]


def state_of(item: Row) -> Case:
    return msgspec.convert(json.loads(zlib.decompress(item["body"]["B"]))["state"], Case)


def events_of(no: str, item: Row, stored: Iterable[Row]) -> list[Event]:
    """All events of a case from its raw rows, archive included."""
    old = sorted(
        (row for row in stored if row["pk"] == item["pk"] and row["sk"]["S"].startswith("A#")), key=lambda row: row["sk"]["S"]
    )
    raw = [event for row in old for event in json.loads(zlib.decompress(row["body"]["B"]))]
    return msgspec.convert([*raw, *json.loads(zlib.decompress(item["body"]["B"]))["events"]], list[Event])


def people_did(town: Town) -> dict[str, list[Event]]:
    """Everything that persons have done, by case."""
    stored = town.rows("CasesTable")
    cases = {item["pk"]["S"].removeprefix("C#"): item for item in stored if item["sk"]["S"] == "CASE"}
    found = {no: events_of(no, item, stored) for no, item in cases.items()}
    return {no: [event for event in events if event.by != "system"] for no, events in found.items()}


def _index_keys(town: Town, no: str, item: Row) -> list[str]:
    """The item's own copies of its state: index keys, card, figures, version."""
    case, street = state_of(item), town.world.street
    wanted = {name: value for name, value in msgspec.structs.asdict(keys_of(case, street)).items() if value is not None}
    wanted["card"] = msgspec.json.encode(card_of(case, street, town.world.context.place_of(case))).decode()
    wanted["figures"] = msgspec.json.encode(figures_of(case, street)).decode()
    found = {
        name: item[name]["S"] for name in (*msgspec.structs.asdict(keys_of(case, street)), "card", "figures") if name in item
    }
    wrong = [
        f"{no}: {name} is not the state's" for name in sorted(wanted.keys() | found.keys()) if wanted.get(name) != found.get(name)
    ]
    return wrong + (
        [f"{no}: version {item['version']['N']} of {case.version}"] if int(item["version"]["N"]) != case.version else []
    )


def _watchers(town: Town, no: str, item: Row, stored: Iterable[Row]) -> list[str]:
    """Who works on an open case sees it, who still owes a report also when it is closed, and who is to approve something."""
    case, street = state_of(item), town.world.street
    wanted = {
        f"W#{one.party.id}" for one in case.partners if one.party.grant and one.released is None and (case.open or one.owing)
    }
    if case.open:
        wanted |= {f"W#approve:{role}" for request in case.requests for role in street.approvals.roles(request.kind)}
        wanted |= {f"W#staff:{case.assignee.id}"} if case.assignee else set()
    rows = {row["pk"]["S"]: row for row in stored if row["pk"]["S"].startswith("W#") and row["sk"]["S"] == no}
    wrong = [f"{no}: watched by {sorted(rows)} instead of {sorted(wanted)}"] if set(rows) != wanted else []
    return wrong + [f"{no}: {pk} shows an old card" for pk in rows if rows[pk]["card"] != item["card"]]


def _steps_once(no: str, events: list[Event]) -> list[str]:
    """Each attempt is one write, each of its events once; each clock's reminder and end once."""
    wrong: list[str] = []
    closed: set[str] = set()
    for before, event in zip([None, *events], events, strict=False):
        if before is not None and before.attempt != event.attempt:
            closed.add(before.attempt)
        if event.attempt in closed:
            wrong.append(f"{no}: attempt {event.attempt} came back for {event.type}")
    made = Counter((event.attempt, event.type) for event in events if event.by != "system")
    wrong += [f"{no}: {event_type} {times} times by one attempt" for (_, event_type), times in made.items() if times > 1]
    turned = Counter(_turns(no, events))
    return wrong + [f"{no}: {turn[0]} of clock {turn[1]} {times} times" for turn, times in turned.items() if times > 1]


def _turns(no: str, events: list[Event]) -> Iterable[tuple[str, str, str, str]]:
    """(type, clock, start of its run, nominal instant): a clock that was paused has another reminder ahead."""
    case = Case(no=no)
    for event in events:
        if event.type in {"reminded", "lapsed"}:
            # Where each party has a run of its own, each of them ends.
            party = event.data.get("party", "")
            key = f"{event.data['clock']}~{party}" if party else event.data["clock"]
            runs = [run for run in case.clocks if run.key == key]
            run = runs[-1] if runs else ClockRun(id="", rung="", started="", due="")
            # An end that was moved, or whose action comes again, comes once more.
            again = event.type == "reminded" or event.data.get("again")
            yield event.type, key, run.started, str(event.due) if again else run.due
        case = apply(case, event)


def _told(town: Town, no: str, events: list[Event], outbox: list[Row]) -> list[str]:
    """For each message that an event must cause: its row, and what became of it."""
    wrong: list[str] = []
    case = Case(no=no)
    for event in events:
        case = apply(case, event)
        for message in messages(Told(case, event, town.world.street, town.world.context.place_of(case))):
            # Reporters of merged cases are answered under their own numbers.
            sk = f"{message.case}#{message.seq:05d}#{message.template}"
            found = {row["to"]["S"]: row for row in outbox if row["sk"]["S"] == sk}
            row = found.get(message.to)
            if row is None:
                wrong.append(f"{sk}: no row for {message.to}")
                continue
            state = row["state"]["S"]
            if message.to.startswith(("office:", "nearest:")):
                if state in SPREAD and not any(to.startswith("staff:") for to in found):
                    wrong.append(f"{sk}: {message.to} was told through nobody")
            elif state == "dropped":
                wrong.append(f"{sk}: dropped for {message.to}, whose number stands")
    return wrong


def _rows(outbox: list[Row], at_rest: bool) -> list[str]:
    """Each row in a state of its own kind, in the index while it waits, and never out of sight."""
    wrong = []
    digests = {(row["pk"]["S"], row["sk"]["S"]) for row in outbox if row["template"]["S"] == "digest"}
    for row in outbox:
        state, waits = row["state"]["S"], "pending" in row
        name = f"{row['sk']['S']} to {row['to']['S']}"
        if state not in (RESTING if at_rest else ENDED | WAITING):
            wrong.append(f"{name} is {state}")
        if waits != (state in WAITING):
            wrong.append(f"{name} is {state} and {'still' if waits else 'not'} in the index")
        if state == "digested" and (row["pk"]["S"], row["digest"]["S"]) not in digests:
            wrong.append(f"{name} went into a digest that is not there")
        if state == "capped" and row["template"]["S"] != "received":
            wrong.append(f"{name} is no receipt and was capped")
    return wrong


def _phone(town: Town, row: Row) -> str:
    kind, _, name = row["to"]["S"].partition(":")
    if kind == "reporter":
        return town.phones.get(row["case"]["S"], "")
    if kind == "staff":
        return next((person.phone for person in town.people.values() if person.id == name), "")
    contact = next((contact.phone for contact in town.world.street.contacts if contact.id == name), "")
    return people.normalise_phone(contact) or ""


def _sent(town: Town, outbox: list[Row]) -> list[str]:
    """What went out against what is on record: nothing twice, nothing that no row asked for, nothing marked sent that was not."""
    asked: Counter[Said] = Counter()
    marked: Counter[Said] = Counter()
    for row in outbox:
        message = (_phone(town, row), row["template"]["S"], tuple(json.loads(row["params"]["S"])))
        asked[message] += 1
        if row["state"]["S"] == "sent" and row.get("ref", {}).get("S") not in town.sms.lied_refs:
            marked[message] += 1
    out = town.sms.counted()
    wrong = [
        f"{said[1]} to {said[0][-4:]} went out {times} times for {asked[said]} rows"
        for said, times in out.items()
        if times > asked[said] and said not in town.sms.lied
    ]
    return wrong + [
        f"{said[1]} to {said[0][-4:]} is marked sent {times} times and went out {out[said]}"
        for said, times in marked.items()
        if times > out[said]
    ]
