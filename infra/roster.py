"""The duty roster, for operators: `python -m infra.roster import FILE.csv`, `… list [GRANT]`, `… clear GRANT`.

A CSV of `grant,weekdays,from,to,username` says who of an office is told by SMS, and when, in the street's own time:

    grant,weekdays,from,to,username
    committee@committee:c01,1-5,08:00,18:00,li.committee
    committee@committee:c01,"6,7",18:00,08:00,wang.committee

Weekdays are 1 (Monday) to 7. A duty that ends before it begins ends on the next day; one that ends when it begins lasts a whole
day. Importing replaces the roster of every grant in the file and leaves the others. Where nobody is on duty, everybody who holds
the grant is told. Region and tables come from the environment (DOORSTEP_*), as the functions have them.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from chalicelib import wiring
from chalicelib.errors import ConfigError
from chalicelib.models import staff
from chalicelib.street import Street
from infra.errors import InfraError
from infra.say import say
from infra.staff import check_grant

COLUMNS = ("grant", "weekdays", "from", "to", "username")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
# Nobody's is longer, and a table refuses to be asked for a key of kilobytes.
USERNAME_MAX = 128
_DAYS = re.compile(r"([1-7])(?:-([1-7]))?")

Span = tuple[int, str, str, str]


def read(path: Path, street: Street) -> dict[str, list[Span]]:
    """The file's rosters by grant. Raises `InfraError` naming row and column of everything that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            header = tuple(name.strip() for name in rows.fieldnames or ())
            if header != COLUMNS:
                raise InfraError(f"{path.name}: row 1 is {','.join(header)!r}; write {','.join(COLUMNS)}")
            rows.fieldnames = header
            lines = [(rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InfraError(f"{path.name}: can't be read as CSV in UTF-8: {error}") from error
    wrong: list[str] = []
    found: dict[str, list[Span]] = {}
    people: dict[str, staff.StaffItem | None] = {}
    for number, row in lines:
        _line(number, row, street, people, found, wrong)
    if not lines:
        wrong.append("row 2: there is none; `clear GRANT` removes a roster")
    if wrong:
        raise InfraError("\n".join(f"{path.name}: {problem}" for problem in wrong))
    return found


def _line(
    number: int,
    row: Mapping[str, str | None],
    street: Street,
    people: dict[str, staff.StaffItem | None],
    found: dict[str, list[Span]],
    wrong: list[str],
) -> None:
    """Adds a row's duties to `found`, or what is wrong with it to `wrong`."""
    before = len(wrong)
    if None in row or None in row.values():
        wrong.append(f"row {number}: it has not {len(COLUMNS)} columns; put a list of weekdays into quotes")
        return
    cell = {name: str(row[name]).strip() for name in COLUMNS}
    try:
        check_grant(cell["grant"], street)
    except InfraError as error:
        wrong.append(f"row {number}, grant: {error}")
    days = weekdays(cell["weekdays"])
    if not days:
        wrong.append(f"row {number}, weekdays: {cell['weekdays']!r}; write 1 (Monday) to 7, such as 1-5 or 6,7")
    wrong += [
        f"row {number}, {name}: {cell[name]!r}; write a time as 08:00"
        for name in ("from", "to")
        if not _TIME.fullmatch(cell[name])
    ]
    username = cell["username"].lower()
    if username not in people:
        people[username] = staff.by_username(username) if 0 < len(username) <= USERNAME_MAX else None
    person = people[username]
    if person is None or not person.staff_id:
        wrong.append(f"row {number}, username: there is nobody called {cell['username']!r}")
    elif cell["grant"] not in (person.grants or ()):
        wrong.append(f"row {number}, username: {cell['username']!r} does not hold {cell['grant']}")
    elif len(wrong) == before:
        spans = [(day, cell["from"], cell["to"], person.staff_id) for day in days]
        found.setdefault(cell["grant"], []).extend(spans)


def weekdays(text: str) -> list[int]:
    """`1-5`, `6,7`, `5-1` (Friday to Monday) as days; empty when it is none of these."""
    days: set[int] = set()
    for part in re.split(r"[,，、;\s]+", text.strip()):
        match = _DAYS.fullmatch(part)
        if match is None:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        days.update((first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1))
    return sorted(days)


def _listing(wanted: str) -> Sequence[str]:
    names: dict[str, str] = {}
    lines = []
    for grant, spans in staff.rosters().items():
        if wanted not in {"", grant}:
            continue
        for weekday, begin, end, staff_id in spans:
            if staff_id not in names:
                person = staff.person(staff_id)
                names[staff_id] = (person.username if person else None) or f"(gone: {staff_id})"
            lines.append(f"{grant},{weekday},{begin},{end},{names[staff_id]}")
    return lines


def run(options: argparse.Namespace) -> None:
    street = wiring.context().street
    if options.command == "import":
        for grant, spans in read(options.file, street).items():
            staff.replace_roster(grant, spans)
            say(f"{grant}: {len(set(spans))} duties")
    elif options.command == "clear":
        staff.replace_roster(check_grant(options.grant, street), ())
        say(f"{options.grant}: no roster; everybody who holds it is told")
    else:
        say(",".join(COLUMNS))
        for line in _listing(options.grant):
            say(line)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.roster", description="Who of an office is told, and when.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("import", help="replaces the roster of every grant in the file")
    new.add_argument("file", type=Path, help=f"CSV in UTF-8 with {','.join(COLUMNS)}")
    shown = commands.add_parser("list", help="prints rosters as such a file")
    shown.add_argument("grant", nargs="?", default="", help="role@unit; all when left out")
    gone = commands.add_parser("clear", help="removes a roster: everybody who holds the grant is told")
    gone.add_argument("grant", help="role@unit")
    try:
        run(parser.parse_args(argv))
    except (InfraError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
