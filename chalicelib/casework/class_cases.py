"""A class case (类案): one matter that several committees have, worked on once for all of them (mission G1).

A machine proposes it, people accept, split or dismiss it. Taken up it has a lead, a survey of need per committee, steps on
record, and an end: a number ("1,300 charging points") and a sentence for everybody. Its members stay cases of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from chalicelib.casework import personal
from chalicelib.casework.access import Actor, split_grant
from chalicelib.casework.clusters import Decided
from chalicelib.errors import FieldError, NotAllowed
from chalicelib.street import Committee, Street

TITLE_MAX, UNIT_MAX, TEXT_MAX, SENTENCE_MAX = 40, 12, 1000, 120
NUMBER_MAX = 1_000_000
# Who takes a matter up for several committees, and who may lead one beside the departments.
DECIDERS = frozenset({"dispatcher", "station_head", "zone_head", "street_admin"})
LEADS = ("dispatcher", "station_head", "zone_head")
# What people may do with it, by state.
ACTS: Mapping[str, tuple[str, ...]] = {
    "proposed": ("accept", "dismiss"),
    "open": ("lead", "need", "note", "add", "take_out", "finish", "dismiss"),
    "done": ("note", "reopen"),
    "dismissed": ("reopen",),
}

replace = msgspec.structs.replace


class Member(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case that belongs to it. `noted` is what was written into that case last: "", `classed`, `class_done:<round>`."""

    no: str
    committee: str
    zone: str = ""
    at: str = ""
    noted: str = ""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """How many a committee asks for."""

    number: int
    by: str
    at: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody did with the class case."""

    act: str
    by: str
    who: str
    at: str
    text: str = ""


class ClassCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`words` is why it was proposed, `centre` how it is known again. `more` are further cases that the machine would add, `out`
    those that people took out and that are not offered again. `round` counts how often it was finished.
    """

    id: str
    state: str = "proposed"
    title: str = ""
    members: tuple[Member, ...] = ()
    more: tuple[Member, ...] = ()
    leaving: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    centre: dict[str, float] = {}
    grown_from: int = 0
    proposed_at: str = ""
    lead: str = ""
    unit: str = ""
    needs: dict[str, Need] = {}
    steps: tuple[Step, ...] = ()
    count: int = 0
    sentence: str = ""
    done_at: str = ""
    round: int = 0
    version: int = 0

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(member.no for member in self.members)

    @property
    def committees(self) -> tuple[str, ...]:
        return tuple(sorted({member.committee for member in self.members}))

    @property
    def asked(self) -> int:
        return sum(need.number for need in self.needs.values())

    @property
    def decided(self) -> Decided:
        return Decided(self.id, frozenset(self.numbers), self.centre)

    @property
    def wanted(self) -> str:
        """What every member's own timeline should say by now."""
        return f"class_done:{self.round}" if self.state == "done" else "classed" if self.state == "open" else ""


def offices(street: Street) -> list[str]:
    """Who may lead a class case: departments, and the offices of zones and of the whole street, by their grants."""
    rungs = [rung for rung in street.rungs if rung.role in LEADS and rung.scope in {"zone", "street"}]
    units = [(rung.role, unit) for rung in rungs for unit in (_units(street) if rung.scope == "zone" else ("street",))]
    return [f"department@dept:{one.id}" for one in street.departments] + list(
        dict.fromkeys(f"{role}@{unit}" for role, unit in units)
    )


def _units(street: Street) -> list[str]:
    return [f"zone:{zone.id}" for zone in street.zones]


def decides(actor: Actor, one: ClassCase) -> bool:
    """Whether the actor takes it up or sets it aside: their units hold all its members."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in DECIDERS}
    return "street" in units or (bool(one.members) and all(f"zone:{member.zone}" in units for member in one.members))


def surveys(actor: Actor, one: ClassCase, street: Street) -> list[str]:
    """The committees for which the actor may say how many are needed: any of the street, not only those that asked first."""
    if decides(actor, one) or one.lead in actor.grants:
        return [committee.id for committee in street.committees]
    mine = {unit for role, unit in map(split_grant, actor.grants) if role in {"committee", *DECIDERS}}
    return [committee.id for committee in street.committees if _around(committee) & mine]


def _around(committee: Committee) -> set[str]:
    return {"street", f"zone:{committee.zone}", f"committee:{committee.id}"}


def acts(actor: Actor, one: ClassCase, street: Street) -> tuple[str, ...]:
    """What the actor may do with it now."""
    if decides(actor, one):
        return ACTS[one.state]
    leading = bool(one.lead) and one.lead in actor.grants
    mine = {"need"} if surveys(actor, one, street) else set()
    mine |= {"note", "finish", "need"} if leading else set()
    return tuple(act for act in ACTS[one.state] if act in mine)


def after(one: ClassCase, act: str, data: Mapping[str, Any], actor: Actor, at: str, street: Street) -> ClassCase:
    """The class case after the step. `data` holds the fields as typed; `keep` the numbers that were ticked.

    Raises `NotAllowed("class_act")` for what is not the actor's to do now, `NotAllowed("fields")` for what was typed.
    """
    if act not in acts(actor, one, street):
        raise NotAllowed("class_act")
    changed = _CHANGES[act](_Typed(one, data, actor, at, street))
    step = Step(act=act, by=actor.id, who=actor.name, at=at, text=_text(data, act))
    return replace(changed, steps=(*one.steps, step))


class _Typed(msgspec.Struct, frozen=True):
    one: ClassCase
    data: Mapping[str, Any]
    actor: Actor
    at: str
    street: Street


def _text(data: Mapping[str, Any], act: str) -> str:
    said = {"finish": "sentence", "accept": "title", "lead": "lead"}.get(act, "text")
    return str(data.get(said, "")).strip()[:TEXT_MAX]


def _line(data: Mapping[str, Any], name: str, most: int, *, public: bool = True) -> str:
    """A line that everybody may read: neither empty nor too long, and without numbers of phones and flats."""
    text = " ".join(str(data.get(name, "")).split())
    if not text:
        raise NotAllowed("fields", fields=[FieldError(name, "required")])
    if len(text) > most:
        raise NotAllowed("fields", fields=[FieldError(name, "too_long", {"max": most})])
    if public and personal.unfit_for_everybody(text):
        raise NotAllowed("fields", fields=[FieldError(name, "personal")])
    return text


def _number(data: Mapping[str, Any], name: str) -> int:
    typed = str(data.get(name, "")).replace(",", "").replace("，", "").strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 10 and int(typed) <= NUMBER_MAX):
        raise NotAllowed("fields", fields=[FieldError(name, "amount")])
    return int(typed)


def _reason(data: Mapping[str, Any]) -> None:
    text = str(data.get("text", "")).strip()
    if not text:
        raise NotAllowed("fields", fields=[FieldError("text", "required")])
    if len(text) > TEXT_MAX:
        raise NotAllowed("fields", fields=[FieldError("text", "too_long", {"max": TEXT_MAX})])
    if personal.is_in(text):
        raise NotAllowed("fields", fields=[FieldError("text", "personal")])


def _lead(it: _Typed) -> str:
    lead = str(it.data.get("lead", ""))
    if lead not in offices(it.street):
        raise NotAllowed("fields", fields=[FieldError("lead", "choice" if lead else "required")])
    return lead


def _accept(it: _Typed) -> ClassCase:
    """Taken up with what was left ticked; the rest is split off and not offered for it again."""
    keep = set(it.data.get("keep") or ())
    members = tuple(member for member in it.one.members if member.no in keep)
    if not members:
        raise NotAllowed("fields", fields=[FieldError("keep", "required")])
    title = _line(it.data, "title", TITLE_MAX)
    out = (*it.one.out, *(member.no for member in it.one.members if member.no not in keep))
    return replace(it.one, state="open", title=title, members=members, out=out, lead=_lead(it), unit=_unit(it))


def _unit(it: _Typed) -> str:
    """What is counted; may be empty."""
    return _line(it.data, "unit", UNIT_MAX) if str(it.data.get("unit", "")).strip() else it.one.unit


def _dismiss(it: _Typed) -> ClassCase:
    _reason(it.data)
    leaving = it.one.numbers if it.one.state == "open" else ()
    return replace(it.one, state="dismissed", leaving=(*it.one.leaving, *leaving), more=())


def _set_lead(it: _Typed) -> ClassCase:
    return replace(it.one, lead=_lead(it), unit=_unit(it))


def _need(it: _Typed) -> ClassCase:
    committee = str(it.data.get("committee", ""))
    if committee not in surveys(it.actor, it.one, it.street):
        raise NotAllowed("fields", fields=[FieldError("committee", "choice")])
    need = Need(number=_number(it.data, "number"), by=it.actor.name, at=it.at)
    return replace(it.one, needs={**it.one.needs, committee: need})


def _note(it: _Typed) -> ClassCase:
    _reason(it.data)
    return it.one


def _add(it: _Typed) -> ClassCase:
    """Cases that the machine found since, those that were ticked; the others are not offered again."""
    keep = set(it.data.get("keep") or ())
    there = set(it.one.numbers)
    new = tuple(member for member in it.one.more if member.no in keep and member.no not in there)
    out = tuple(member.no for member in it.one.more if member.no not in keep)
    leaving = tuple(no for no in it.one.leaving if no not in keep)
    return replace(it.one, members=(*it.one.members, *new), more=(), out=(*it.one.out, *out), leaving=leaving)


def _take_out(it: _Typed) -> ClassCase:
    gone = set(it.data.get("keep") or ())
    stay = tuple(member for member in it.one.members if member.no not in gone)
    if not gone & set(it.one.numbers) or not stay:
        raise NotAllowed("fields", fields=[FieldError("keep", "required")])
    left = tuple(member.no for member in it.one.members if member.no in gone)
    return replace(it.one, members=stay, out=(*it.one.out, *left), leaving=(*it.one.leaving, *left))


def _finish(it: _Typed) -> ClassCase:
    return replace(
        it.one,
        state="done",
        count=_number(it.data, "count"),
        unit=_unit(it),
        sentence=_line(it.data, "sentence", SENTENCE_MAX),
        done_at=it.at,
        round=it.one.round + 1,
        more=(),
    )


def _reopen(it: _Typed) -> ClassCase:
    _reason(it.data)
    if it.one.state == "done" or it.one.lead:
        # What its cases were told stands; those that it has left are told that they are back.
        members = tuple(replace(member, noted="") if it.one.state == "dismissed" else member for member in it.one.members)
        return replace(it.one, state="open", members=members, leaving=())
    return replace(it.one, state="proposed")


_CHANGES = {
    "accept": _accept,
    "dismiss": _dismiss,
    "lead": _set_lead,
    "need": _need,
    "note": _note,
    "add": _add,
    "take_out": _take_out,
    "finish": _finish,
    "reopen": _reopen,
}


def sees(actor: Actor, one: ClassCase, readers: Collection[str]) -> bool:
    """Whether it lies in the actor's units, or is theirs to lead."""
    if one.lead and one.lead in actor.grants:
        return True
    units = {unit for role, unit in map(split_grant, actor.grants) if role in readers}
    around = ({"street", f"zone:{member.zone}", f"committee:{member.committee}"} for member in one.members)
    return "street" in units or any(units & near for near in around)
