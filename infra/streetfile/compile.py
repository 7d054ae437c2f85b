"""Reads, checks and compiles a street: TOML and CSV in, `street.json` and `places.json` out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.street import Place, Street
from infra.streetfile import clocks as clock_tables
from infra.streetfile import kept, ladder, others, register, tables, workings
from infra.streetfile.cards import cards
from infra.streetfile.holidays import calendar
from infra.streetfile.locate import Lines
from infra.streetfile.places import Rows
from infra.streetfile.problems import Problem, Problems, StreetFileError, shown
from infra.streetfile.reader import Table
from infra.streetfile.vocabulary import SCHEMA

STREET_JSON = "street.json"
PLACES_JSON = "places.json"

_WHERE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def load(path: Path) -> tuple[Street, list[Place]]:
    """The street of `path` and the places of the CSV beside it. Raises `StreetFileError` with every problem of both files."""
    text = _read(path)
    raw = _parse(path, text)
    problems = Problems(str(path), Lines(text), raw)
    street = _street(raw, path.stem, problems)
    places = _places(path.with_suffix(".csv"), street, problems)
    if problems.found:
        raise StreetFileError(problems.found)
    return street, places


def write(path: Path, out_dir: Path) -> tuple[Path, Path]:
    """Compiles into `out_dir`; the same files give the same bytes. Returns the paths of street.json and places.json."""
    street, places = load(path)
    out_dir.mkdir(parents=True, exist_ok=True)
    street_json, places_json = out_dir / STREET_JSON, out_dir / PLACES_JSON
    street_json.write_bytes(msgspec.json.encode(street, order="deterministic"))
    places_json.write_bytes(msgspec.json.encode(places, order="deterministic"))
    return street_json, places_json


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StreetFileError([_whole(path, f"can't be read: {error.strerror}", "name a file of infra/streets")]) from error
    try:
        # Windows editors put a mark in front of UTF-8 and end lines with CR LF.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        broken = repr(data[error.start : error.start + 2])
        raise StreetFileError([Problem(str(path), line, "text", broken, "is not UTF-8", "save the file as UTF-8")]) from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        where = _WHERE.search(message)
        lines = text.split("\n")
        number = int(where[1]) if where and where[1] else len(lines)
        key, _, value = lines[number - 1].partition("=")
        what = f"is not TOML: {message[: where.start()] if where else message}"
        remedy = 'write key = "text" with straight quotes on both sides, each key once in its table, lists in [ ]'
        raise StreetFileError([Problem(str(path), number, key.strip() or "line", shown(value.strip()), what, remedy)]) from error


def _whole(path: Path, what: str, remedy: str) -> Problem:
    return Problem(str(path), 1, "file", path.name, what, remedy)


def _street(raw: dict[str, Any], stem: str, problems: Problems) -> Street:
    top = Table(raw, (), problems)
    schema = top.whole("schema", 0, 10**6)
    if top.has("schema") and schema != SCHEMA:
        top.wrong("schema", "is not the schema that this version reads", f"write schema = {SCHEMA}, and bring the file to it")
    own = top.table("street")
    identity = tables.Identity(own or Table({}, ("street",), problems, quiet=True), stem)
    kinds = tables.kinds(top.tables("kinds"))
    categories = tables.categories(top.tables("categories"))
    zones = tables.zones(top.tables("zones"))
    committees, communities = tables.committees(top.tables("committees"), zones)
    units = [
        "street",
        *(f"zone:{zone.id}" for zone in zones),
        *(f"committee:{committee.id}" for committee in committees),
        *(f"community:{community.id}" for community in communities),
    ]
    exits = workings.exits(top.tables("exits", required=False))
    class_tables = top.tables("classes")
    clocks = clock_tables.clocks(top.table("clocks"), [str(table.raw.get("id")) for table in class_tables])
    classes = ladder.classes(class_tables, clocks)
    rungs = ladder.rungs(top.tables("rungs"), clocks, classes, exits, problems)
    sms = tables.sms(top.table("sms"), identity.region)
    street = Street(
        schema=schema,
        id=identity.id,
        name=identity.name,
        brand=identity.brand,
        city=identity.city,
        district=identity.district,
        phone=identity.phone,
        domain=identity.domain,
        region=identity.region,
        timezone=identity.timezone,
        languages=identity.languages,
        plate=identity.plate,
        kinds=kinds,
        categories=categories,
        zones=zones,
        committees=committees,
        communities=communities,
        rungs=rungs,
        classes=classes,
        clocks=clocks,
        notices=tables.notices(top.tables("notices"), sms),
        sms=sms,
        retention=tables.retention(top.table("retention")),
        follow_up=workings.follow_up(top.table("follow_up"), {rung.role for rung in rungs}),
        calendar=calendar(top.table("calendar", required=False)),
        notice_version=identity.notice_version,
        contacts=tables.contacts(top.tables("contacts", required=False), units),
        cards=cards(top.tables("cards", required=False), units),
        departments=workings.departments(top.tables("departments", required=False), zones),
        exits=exits,
        reasons=workings.reasons(top.table("reasons", required=False)),
        approvals=workings.approvals(top.table("approvals", required=False)),
        terms=workings.terms(top.table("terms", required=False)),
        supervision=workings.supervision(top.table("supervision", required=False)),
        property=workings.property_terms(top.table("property", required=False)),
        register=register.terms(top.table("register", required=False)),
        forms=register.forms(top.tables("forms", required=False), kinds),
        webhooks=others.webhooks(top.tables("webhooks", required=False)),
        orders=others.orders(top.table("orders", required=False)),
    )
    top.done()
    if not problems.found:  # a mistyped name would be reported again as a promise that nobody keeps
        kept.check(street, problems)
    return street


def _places(path: Path, street: Street, problems: Problems) -> list[Place]:
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.found.append(
            _whole(path, f"can't be read: {error.strerror}", "put the places beside the street file, under the same name")
        )
        return []
    rows = Rows(path, street.committees, street.communities)
    places = rows.read(data)
    problems.found += rows.found
    if not rows.readable:
        return places
    live = {place.committee for place in places if not place.retired}
    hanging = {place.id for place in places if not place.retired}
    if street.orders.place and street.orders.place not in hanging:
        problems.add(("orders", "place"), f"hangs nowhere in {path.name}", "name the id of a place that is not retired")
    for number, committee in enumerate(street.committees):
        if committee.id and committee.id not in live:
            problems.add(("committees", number, "id"), f"has no place in {path.name}", "add a row for at least one place of it")
    inside = [rung for rung in street.rungs if rung.scope == "community" and rung.enters]
    if inside and any(not place.community for place in places):
        number = street.rungs.index(inside[0])
        remedy = "let reports enter at a committee, or give every place a community"
        problems.add(("rungs", number, "scope"), "is a level that places outside the walls don't have", remedy)
    return places
