"""Residents who offer help (社区能人): what they can do, when, and who may call on them (mission A10). Pure rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from chalicelib.casework import people, personal
from chalicelib.casework.access import Actor, split_grant
from chalicelib.errors import FieldError
from chalicelib.street import Committee, Street

SKILLS = ("repair", "mediate", "legal", "health", "care", "teach", "digital", "arts", "patrol", "translate")
HOURS = ("weekday", "evening", "weekend", "holiday")
# The committee calls on them; the street answers for what is kept of them.
CALLERS = frozenset({"committee", "street_admin"})
REASONS = ("call", "check", "other")
NICKNAME_MAX, OTHER_MAX, NOTE_MAX = 20, 60, 200


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Who was shown the number, when and why; or who took the offer out."""

    by: str
    who: str
    at: str
    reason: str
    note: str = ""
    attempt: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in clear: the phone only as a mask and a keyed hash. `consent` is the version of the text agreed to; `gone` is
    since when the person has taken it back, and then nothing of theirs is left but that it was there.
    """

    no: str
    committee: str
    skills: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    other: str = ""
    nickname: str = ""
    phone_mask: str = ""
    phone_mac: str = ""
    consent: str = ""
    at: str = ""
    gone: str = ""
    log: tuple[Seen, ...] = ()


def covers(unit: str, committee: Committee) -> bool:
    return unit in {"street", f"zone:{committee.zone}", f"committee:{committee.id}"}


def committees(actor: Actor, street: Street) -> list[Committee]:
    """Whose helpers the actor may call on."""
    units = {unit for role, unit in map(split_grant, actor.grants) if role in CALLERS}
    return [one for one in street.committees if any(covers(unit, one) for unit in units)]


def emptied(offer: Offer, seen: Seen) -> Offer:
    """Without anything of the person."""
    return Offer(no=offer.no, committee=offer.committee, consent=offer.consent, at=offer.at, gone=seen.at, log=(*offer.log, seen))


def read(
    street: Street, typed: Mapping[str, str], skills: Collection[str], hours: Collection[str]
) -> tuple[Offer, str, list[FieldError]]:
    """The form as typed: the offer, the phone in its stored form, and what is wrong."""
    wrong: list[FieldError] = []
    committee = typed.get("committee", "")
    if committee not in street.committee_by_id:
        wrong.append(FieldError("committee", "choice"))
    other, nickname = " ".join(typed.get("other", "").split()), " ".join(typed.get("nickname", "").split())
    chosen = tuple(one for one in SKILLS if one in skills)
    if not chosen and not other:
        wrong.append(FieldError("skills", "required"))
    when = tuple(one for one in HOURS if one in hours)
    if not when:
        wrong.append(FieldError("hours", "required"))
    for name, text, most in (("other", other, OTHER_MAX), ("nickname", nickname, NICKNAME_MAX)):
        if len(text) > most:
            wrong.append(FieldError(name, "too_long", {"max": most}))
        elif _has_number(text):
            wrong.append(FieldError(name, "personal"))
    phone = people.normalise_phone(typed.get("phone", ""))
    if phone is None:
        wrong.append(FieldError("phone", "phone"))
    if typed.get("agree", "") != street.notice_version:
        wrong.append(FieldError("agree", "required"))
    offer = Offer(
        no="", committee=committee, skills=chosen, hours=when, other=other, nickname=nickname, consent=street.notice_version
    )
    return offer, phone or "", wrong


def _has_number(text: str) -> bool:
    """Seven digits are somebody's number, however they are spaced; and so is a mobile in Chinese ones."""
    return sum(char.isdigit() for char in text) >= 7 or personal.is_in(text)


def matching(offers: Sequence[Offer], skill: str) -> list[Offer]:
    """Those who still offer help, with that skill if one is named, the newest first."""
    found = (one for one in offers if not one.gone and (not skill or skill in one.skills))
    return sorted(found, key=lambda one: one.at, reverse=True)
