"""`[register]` and `[[forms]]`: terms of the registers, and what each form tells before it asks for personal data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chalicelib.street import FormTerms, Kind, Label, RegisterTerms
from infra.streetfile.locate import Lines
from infra.streetfile.problems import Problems
from infra.streetfile.reader import Table, duplicates
from infra.streetfile.tables import TIME

KINDS = ("rental", "population")
BASES = ("statutory", "consent")
_DEFAULTS = Path(__file__).with_name("forms.toml")
_AREA = re.compile(r"[1-9][0-9]?(\.[0-9])?")
_HOLE = re.compile(r"\{([^}]*)\}")
_HOLES = {"room", "people", "rooms", "area"}
_NOTICE_MAX, _PURPOSE_MAX, _VERSION_MAX = 600, 120, 20


def terms(table: Table | None) -> RegisterTerms:
    usual = RegisterTerms(suspicion=_suspicion())
    if table is None:
        return usual
    found = RegisterTerms(
        digest_at=table.text("digest_at", usual.digest_at, like=TIME, remedy='write a time as "17:00"'),
        ending_days=table.whole("ending_days", 1, 180, usual.ending_days),
        min_area=table.text("min_area", usual.min_area, like=_AREA, remedy='write square metres for each person as "5" or "7.5"'),
        per_room=table.whole("per_room", 1, 10, usual.per_room),
        suspicion=table.label("suspicion", usual.suspicion, longest=_PURPOSE_MAX),
    )
    for text in (found.suspicion.zh, found.suspicion.en):
        if text and set(_HOLE.findall(text)) != _HOLES:
            table.wrong(
                "suspicion", "does not name the flat and its figures", "use {room}, {people}, {rooms} and {area}, each once"
            )
            break
    table.done()
    return found


def forms(tables: list[Table], kinds: Sequence[Kind]) -> tuple[FormTerms, ...]:
    """One for each enabled register: the street's own words, or the usual ones where it has none."""
    found = [_form(table) for table in tables]
    if tables:
        duplicates(
            [(form.kind, (*table.path, "kind")) for form, table in zip(found, tables, strict=True)], tables[0].problems, "kind"
        )
    enabled = {kind.id for kind in kinds}
    for form, table in zip(found, tables, strict=True):
        if form.kind and form.kind not in enabled:
            table.wrong("kind", "is a form that this street does not offer", f'add [[kinds]] id = "{form.kind}", or take it out')
    own = {form.kind: form for form in found}
    return tuple(own.get(kind) or form for kind, form in _usual().items() if kind in enabled)


def _form(table: Table) -> FormTerms:
    basis = table.choice("basis", BASES)
    consent = _long(table, "consent", _NOTICE_MAX) if table.has("consent") else None
    if basis == "consent" and consent is None:
        remedy = 'add consent = { zh = "…", en = "…" }, the sentence that people agree to'
        table.wrong("consent", "is missing: the basis is consent, and nothing is there to agree to", remedy)
    if basis == "statutory" and consent is not None:
        remedy = 'take it out, or write basis = "consent"'
        table.wrong("consent", "asks for what the basis does not need: agreeing must be free where it is asked for", remedy)
    form = FormTerms(
        kind=table.choice("kind", KINDS),
        basis=basis,
        version=table.text("version", remedy='name the version of the text, e.g. "2026-11"'),
        purpose=_long(table, "purpose", _PURPOSE_MAX),
        notice=_long(table, "notice", _NOTICE_MAX),
        consent=consent,
    )
    if len(form.version) > _VERSION_MAX:
        table.wrong(
            "version", f"has {len(form.version)} characters", f"use at most {_VERSION_MAX}; it is kept with every registration"
        )
    table.done()
    return form


def _long(table: Table, key: str, longest: int) -> Label:
    """A text in both languages: who reads English has to know as well what happens to the data."""
    label = table.label(key, longest=longest)
    if label.zh and not label.en:
        table.wrong(key, "has no English text", f'write {key} = {{ zh = "…", en = "…" }}')
    return label


def _suspicion() -> Label:
    found = tomllib.loads(_DEFAULTS.read_text("utf-8"))["suspicion"]
    return Label(found["zh"], found["en"])


def _usual() -> dict[str, FormTerms]:
    """The forms of `forms.toml`, read with the same checks."""
    text = _DEFAULTS.read_text("utf-8")
    raw: dict[str, Any] = tomllib.loads(text)
    problems = Problems(str(_DEFAULTS), Lines(text), raw)
    found = [_form(table) for table in Table(raw, (), problems).tables("forms")]
    if problems.found:
        raise ValueError(f"the usual forms are wrong: {problems.found[0]}")
    return {form.kind: form for form in found}
