"""Answered questions: staff write them down once, everybody reads them (mission G3).

An entry is the street's or one committee's; whoever's unit holds that committee may write it, the whole street's only who works
for the street. What staff write is public, so a mobile number or an ID number in it is refused.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chalicelib.casework import access, numbers, personal
from chalicelib.casework.access import ANSWERERS, Actor, split_grant
from chalicelib.casework.events import stamp
from chalicelib.casework.similar import alike
from chalicelib.errors import Conflict, FieldError, Malformed, NotAllowed, Unknown
from chalicelib.models import cases, faq
from chalicelib.models.faq import Entry
from chalicelib.usecases.context import Context

QUESTION_MAX, ANSWER_MAX = 100, 1000
ID_LENGTH = 6
_ID = re.compile(rf"[{numbers.ALPHABET}]{{{ID_LENGTH}}}")


@dataclass(frozen=True)
class Written:
    """An entry as typed."""

    question: str
    answer: str
    category: str = ""
    committee: str = ""
    case: str = ""


def committees(ctx: Context, actor: Actor) -> list[str]:
    """For whom the actor may write: committees' ids, "" first for the whole street."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in ANSWERERS}
    whole = [""] if "street" in units else []
    mine = (one for one in ctx.street.committees if {"street", f"zone:{one.zone}", f"committee:{one.id}"} & units)
    return [*whole, *(one.id for one in mine)]


def _newest(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def listed(ctx: Context) -> list[Entry]:
    """For the desk: everything, what is read most first, withdrawn ones at the end."""
    return sorted(_newest(faq.every(ctx.street.id)), key=lambda entry: (not entry.published, -entry.hits))


def published(ctx: Context, committee: str | None = None) -> list[Entry]:
    """What the public reads, the newest first; with a committee what holds there, or nothing if it can't be read now."""
    found = faq.every(ctx.street.id) if committee is None else faq.at_hand(ctx.street.id)
    return _newest([entry for entry in found if entry.published and (committee is None or entry.committee in {"", committee})])


def matching(entries: Sequence[Entry], typed: str, most: int) -> list[Entry]:
    """The entries whose question is about what was typed, the nearest first."""
    found = alike(typed, [entry.question for entry in entries])
    return [entries[match.index] for match in found[:most]]


def searched(ctx: Context, typed: str) -> list[Entry]:
    """What the public page shows for a search: what is alike, then what holds the very words."""
    entries, words = published(ctx), typed.strip().lower()
    if not words:
        return entries
    found = matching(entries, words, len(entries))
    seen = {entry.id for entry in found}
    return found + [one for one in entries if one.id not in seen and words in f"{one.question} {one.answer}".lower()]


def for_case(ctx: Context, typed: str, committee: str, most: int = 3) -> list[Entry]:
    """What answers a report in the moment (mission A7)."""
    return matching(published(ctx, committee), typed, most)


def read(ctx: Context, entry_id: str) -> None:
    """Somebody opened the answer."""
    if _ID.fullmatch(entry_id):
        faq.count(ctx.street.id, entry_id)


def entry(ctx: Context, actor: Actor, entry_id: str) -> Entry:
    """One to edit. Raises `Unknown("page")` for what is not there or not theirs."""
    found = faq.get(ctx.street.id, entry_id) if _ID.fullmatch(entry_id) else None
    if found is None or found.committee not in committees(ctx, actor):
        raise Unknown("page")
    return found


def from_case(ctx: Context, actor: Actor, no: str) -> Written:
    """What an answered case gives to begin with: its result, nothing of what the resident wrote. Raises `Unknown("case")`."""
    number = numbers.normalise_number(no)
    stored = cases.get(number) if number else None
    if stored is None or not access.may_read(actor, stored.case, ctx.street):
        raise Unknown("case")
    # Why it was taken back are the resident's own words, too.
    answer = stored.case.result if stored.case.outcome != "withdrawn" else ""
    return Written(question="", answer=answer, category=stored.case.category, case=stored.case.no)


def new_id() -> str:
    """Made with the form, so that a form sent twice makes one entry."""
    return "".join(secrets.choice(numbers.ALPHABET) for _ in range(ID_LENGTH))


def save(ctx: Context, actor: Actor, written: Written, entry_id: str, version: int) -> Entry:
    """Adds the entry (version 0), or changes it as it was at `version`.

    Raises `NotAllowed("fields")`, `Unknown("page")` and `Conflict("faq_stale")`, when somebody else changed it in between.
    """
    if not _ID.fullmatch(entry_id):
        raise Malformed("form")
    before = entry(ctx, actor, entry_id) if version else None
    clean = _checked(ctx, actor, written)
    after = Entry(
        id=entry_id,
        question=clean.question,
        answer=clean.answer,
        category=clean.category,
        committee=clean.committee,
        case=before.case if before else _source(ctx, actor, clean.case),
        published=before.published if before else True,
        by=actor.name,
        at=stamp(ctx.clock.civil()),
        version=version,
    )
    return _put(ctx, after)


def publish(ctx: Context, actor: Actor, entry_id: str, version: int, *, shown: bool) -> Entry:
    """Withdraws an entry, or puts it back."""
    found = entry(ctx, actor, entry_id)
    return _put(ctx, msgspec.structs.replace(found, published=shown, by=actor.name, at=stamp(ctx.clock.civil()), version=version))


def _put(ctx: Context, after: Entry) -> Entry:
    try:
        faq.put(ctx.street.id, after)
    except faq.Stale as stale:
        raise Conflict("faq_stale") from stale
    return after


def _source(ctx: Context, actor: Actor, no: str) -> str:
    """The case's number, if it is one that they may read."""
    try:
        return from_case(ctx, actor, no).case if no else ""
    except Unknown:
        return ""


def _checked(ctx: Context, actor: Actor, written: Written) -> Written:
    question = " ".join(written.question.split())
    answer = written.answer.replace("\r\n", "\n").strip()
    wrong = []
    for name, text, most in (("question", question, QUESTION_MAX), ("answer", answer, ANSWER_MAX)):
        if not text:
            wrong.append(FieldError(name, "required"))
        elif len(text) > most:
            wrong.append(FieldError(name, "too_long", {"max": most}))
        elif personal.is_in(text):
            wrong.append(FieldError(name, "personal"))
    if written.category and written.category not in ctx.street.category_by_id:
        wrong.append(FieldError("category", "choice"))
    if written.committee not in committees(ctx, actor):
        wrong.append(FieldError("committee", "choice"))
    if wrong:
        raise NotAllowed("fields", fields=wrong)
    return Written(question, answer, written.category, written.committee, written.case)
