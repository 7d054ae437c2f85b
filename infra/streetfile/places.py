"""The places CSV: where codes hang. One row a place, its errors by row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from chalicelib.casework.numbers import ALPHABET, is_text
from chalicelib.street import Committee, Community, Place
from infra.streetfile.problems import MISSING, Problem, one_of, shown
from infra.streetfile.reader import unreadable
from infra.streetfile.vocabulary import PLACE_KINDS

REQUIRED = ("id", "kind", "name", "committee")
OPTIONAL = ("community", "en", "plate", "retired")
_NAME_MAX = 30


class Rows:
    """Reads one CSV; problems are collected in `found`."""

    def __init__(self, path: Path, committees: Iterable[Committee], communities: Iterable[Community]) -> None:
        self.file = str(path)
        self.found: list[Problem] = []
        self.readable = False
        self._committees = {committee.id for committee in committees}
        self._communities = {community.id: community.committee for community in communities}

    def _add(self, line: int, column: str, value: str, what: str, remedy: str) -> None:
        text = shown(value) if value else MISSING
        self.found.append(Problem(self.file, line, f"row {line}, column {column}", text, what, remedy))

    def read(self, data: bytes) -> list[Place]:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._add(line, "?", repr(data[error.start : error.start + 2]), "is not UTF-8", "save the sheet as “CSV UTF-8”")
            return []
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        places: list[tuple[int, Place]] = []
        try:
            header = [column.strip() for column in next(reader, [])]
            if not self._header(header):
                return []
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) > len(header):
                    self._add(
                        reader.line_num,
                        str(len(header) + 1),
                        row[len(header)],
                        "is one column too many",
                        "put quotes around a name with a comma",
                    )
                    continue
                cells = dict(zip(header, map(str.strip, row), strict=False))
                places.append((reader.line_num, self._place(reader.line_num, cells)))
        except csv.Error as error:
            self._add(reader.line_num, "?", "…", f"is not CSV: {error}", 'close every quote; write " inside a name as ""')
        else:
            self.readable = True
        self._twins(places)
        return [place for _, place in places]

    def _header(self, header: list[str]) -> bool:
        before = len(self.found)
        for column in header:
            if column not in REQUIRED + OPTIONAL:
                self._add(1, column or "?", column, "is not a known column", one_of(column, REQUIRED + OPTIONAL))
            elif header.count(column) > 1:
                self._add(1, column, column, "stands twice", "keep one of them")
        for column in REQUIRED:
            if column not in header:
                self._add(1, column, "", "is required but missing", f"add the column; there are {', '.join(REQUIRED + OPTIONAL)}")
        return len(self.found) == before

    def _place(self, line: int, cells: dict[str, str]) -> Place:
        for column, cell in cells.items():
            bad = unreadable(cell)
            if bad:
                self._add(line, column, cell, bad, "save the sheet as “CSV UTF-8” and write the cell again")
        place = Place(
            id=cells.get("id", ""),
            kind=cells.get("kind", ""),
            name=cells.get("name", ""),
            committee=cells.get("committee", ""),
            community=cells.get("community", ""),
            en=cells.get("en", ""),
            plate=cells.get("plate", ""),
            retired=cells.get("retired", "") in {"yes", "true", "1"},
        )
        if not is_text(place.id, 6):
            self._add(line, "id", place.id, "is not a place id", f"use six characters of {ALPHABET}")
        if place.kind not in PLACE_KINDS:
            self._add(line, "kind", place.kind, "is no kind of place", one_of(place.kind, PLACE_KINDS))
        if not place.name:
            self._add(line, "name", "", "is empty", "write what people call the place")
        elif len(place.name) > _NAME_MAX:
            self._add(
                line,
                "name",
                place.name,
                f"has {len(place.name)} characters",
                f"use at most {_NAME_MAX}, it stands on the door plate",
            )
        if place.committee not in self._committees:
            self._add(
                line,
                "committee",
                place.committee,
                "is no committee of the street",
                one_of(place.committee, sorted(self._committees)),
            )
        elif place.community and place.community not in self._communities:
            own = [community for community, committee in self._communities.items() if committee == place.committee]
            self._add(line, "community", place.community, "is no community of the street", one_of(place.community, own))
        elif place.community and self._communities[place.community] != place.committee:
            right = self._communities[place.community]
            self._add(
                line,
                "community",
                place.community,
                f"belongs to committee {right}",
                f'write committee = "{right}" or another community',
            )
        if cells.get("retired", "") not in {"", "yes", "no", "true", "false", "0", "1"}:
            self._add(line, "retired", cells["retired"], "is neither yes nor no", "write yes, or leave it empty")
        return place

    def _twins(self, places: list[tuple[int, Place]]) -> None:
        """Ids are printed and must be unique; two doors of one name in one community can't be told apart by anybody."""
        ids: dict[str, int] = {}
        names: dict[tuple[str, str, str], int] = {}
        for line, place in places:
            if place.id in ids:
                self._add(
                    line,
                    "id",
                    place.id,
                    f"is the id of row {ids[place.id]} too",
                    "give each place its own; never reuse a retired one",
                )
            ids.setdefault(place.id, line)
            name = (place.committee, place.community, place.name)
            if place.name and name in names:
                self._add(
                    line,
                    "name",
                    place.name,
                    f"is the name of row {names[name]} too",
                    "tell the two apart: number, entrance or side",
                )
            names.setdefault(name, line)
