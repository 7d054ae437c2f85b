"""The ladder: classes and rungs, and whether they hang together."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.street import CaseClass, Clock, Entry, Exit, Rung
from infra.streetfile import vocabulary as words
from infra.streetfile.problems import Problems, one_of
from infra.streetfile.reader import Table, duplicates
from infra.streetfile.tables import no_twins


def classes(tables: list[Table], known: Mapping[str, Clock]) -> tuple[CaseClass, ...]:
    found = []
    for table in tables:
        found.append(
            CaseClass(
                id=table.id(),
                name=table.label("name", longest=words.NAME_MAX),
                answers=table.flag("answers", False),
                hazard=table.flag("hazard", False),
                idea=table.flag("idea", False),
                observe=table.duration("observe", required=False),
                clocks=table.texts("clocks", list(known)),
            )
        )
        table.done()
    no_twins(found, tables)
    return tuple(found)


def rungs(
    tables: list[Table],
    known: Mapping[str, Clock],
    known_classes: tuple[CaseClass, ...],
    known_exits: tuple[Exit, ...],
    problems: Problems,
) -> tuple[Rung, ...]:
    ids = [str(table.raw.get("id")) for table in tables]
    class_ids = [case_class.id for case_class in known_classes if case_class.id]
    before = len(problems.found)
    exit_ids = [way.id for way in known_exits if way.id]
    found = [_rung(table, ids, list(known), class_ids, exit_ids) for table in tables]
    if not tables:
        return ()
    duplicates([(rung.id, (*table.path, "id")) for rung, table in zip(found, tables, strict=True)], problems)
    for rung, table in zip(found, tables, strict=True):
        late_actions = [clock for clock in rung.clocks if "escalate" in known[clock].action]
        if late_actions and not table.has("late"):
            table.wrong("clocks", f"has {late_actions[0]}, which escalates, but leads nowhere", 'say where: late = "<rung>"')
    for key in ("pass_up", "late"):
        _check_loops(found, tables, key)
    if len(problems.found) == before:  # a mistyped name would be reported again as a way that leads nowhere
        _check_entries(found, tables, class_ids, problems)
    _check_owners(found, known_classes, problems)
    return tuple(found)


def _rung(table: Table, rung_ids: list[str], clock_ids: list[str], class_ids: list[str], exit_ids: list[str]) -> Rung:
    def other(key: str) -> str | None:
        value = table.choice(key, rung_ids, "") if table.has(key) else ""
        if value and value == table.raw.get("id"):
            table.wrong(key, "is this rung itself", "name another rung, or leave the key out")
            return None
        return value or None

    enters = []
    for entry in table.tables("enters", required=False):
        enters.append(Entry(entry.texts("channels", words.CHANNELS), entry.texts("classes", class_ids)))
        entry.done()
    rung = Rung(
        id=table.id(),
        level=table.whole("level", 1, 9),
        name=table.label("name", longest=words.NAME_MAX),
        role=table.choice("role", words.ROLES),
        scope=table.choice("scope", words.SCOPES),
        enters=tuple(enters),
        clocks=table.texts("clocks", clock_ids),
        pass_up=other("pass_up"),
        late=other("late"),
        allocate=table.texts("allocate", rung_ids),
        assign=table.texts("assign", words.ROLES),
        lead=table.texts("lead", words.ROLES),
        dispatch=table.texts("dispatch", words.PARTNERS),
        sorts=table.flag("sorts", False),
        triage=table.flag("triage", False),
        exits=table.texts("exits", exit_ids),
    )
    if rung.id and rung.id in rung.allocate:
        table.wrong("allocate", "names this rung itself", "name the rungs that cases are handed down to")
    table.done()
    return rung


def _check_loops(found: list[Rung], tables: list[Table], key: str) -> None:
    """Following one lead must end; each loop is reported once, where it closes."""
    leads = {rung.id: (rung.pass_up if key == "pass_up" else rung.late) for rung in found}
    reported: set[str] = set()
    for rung, table in zip(found, tables, strict=True):
        way = [rung.id]
        following = leads.get(rung.id)
        while following and following not in way:
            way.append(following)
            following = leads.get(following)
        if following == rung.id and rung.id not in reported:
            reported.update(way)
            table.wrong(key, f"goes round in a circle: {' → '.join([*way, rung.id])}", "let the highest rung lead nowhere")


def _check_entries(found: list[Rung], tables: list[Table], class_ids: list[str], problems: Problems) -> None:
    """Every channel enters somewhere with every class, and before it has one; every rung can be reached."""

    def enters(channel: str, case_class: str) -> bool:
        return any(
            (not entry.channels or channel in entry.channels) and (not entry.classes or case_class in entry.classes)
            for rung in found
            for entry in rung.enters
        )

    for channel in words.CHANNELS:
        lost = [case_class or "(no class yet)" for case_class in ["", *class_ids] if not enters(channel, case_class)]
        if lost:
            which = "" if len(lost) > len(class_ids) else f" with {', '.join(lost)}"
            problems.add(
                ("rungs",),
                f"nothing takes channel {channel}{which}",
                f'add {{ channels = ["{channel}"] }} to enters of a rung',
                channel,
            )
    for number, case_class in enumerate(class_ids):
        if not any(enters(channel, case_class) for channel in words.CHANNELS):
            problems.add(
                ("classes", number, "id"),
                "is a class that enters nowhere",
                f'add {{ classes = ["{case_class}"] }} to enters of a rung',
            )
    reached = {rung.id for rung in found if rung.enters}
    for rung in found:
        reached |= {rung.pass_up or "", rung.late or "", *rung.allocate} - {rung.id}
    for rung, table in zip(found, tables, strict=True):
        if rung.id and rung.id not in reached:
            table.wrong(
                "id", "is a rung that no case ever reaches", "give it enters, or name it in another's pass_up, late or allocate"
            )


def _check_owners(found: list[Rung], known_classes: tuple[CaseClass, ...], problems: Problems) -> None:
    """A clock belongs to rungs, to classes, or (named by none) to every case; never to both kinds at once."""
    of_rungs = {clock for rung in found for clock in rung.clocks}
    for number, case_class in enumerate(known_classes):
        for place, clock in enumerate(case_class.clocks):
            if clock in of_rungs:
                remedy = one_of(clock, ["a clock of its own for the class, under another id"])
                problems.add(("classes", number, "clocks", place), "is a rung's clock too", remedy, clock)
