"""Pages of offers of help: the form, the offer's own page, and the committee's list."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.casework.volunteers import HOURS, REASONS, SKILLS, Offer
from chalicelib.errors import DoorstepError
from chalicelib.street import Committee, Street
from chalicelib.web import dates
from chalicelib.web.i18n import count, t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_form import version_words
from chalicelib.web.present_offices import grant_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

RESIDENT = ("tokens", "resident", "form")
DESK = ("tokens", "desk", "faq")
TYPED = ("committee", "other", "nickname", "phone", "agree")


@dataclass(frozen=True)
class Line:
    """An offer as the list shows it."""

    no: str
    who: str
    skills: str
    hours: str
    mask: str
    written: str
    seen: str


def _words(family: str, chosen: Sequence[str], lang: str) -> list[str]:
    return [t(lang, f"volunteer.{family}.{one}") for one in chosen]


def _skills(one: Offer, lang: str) -> str:
    return t(lang, "text.list").join([*_words("skill", one.skills, lang), *([one.other] if one.other else [])])


def form(
    look: Look,
    street: Street,
    key: str,
    values: Mapping[str, str],
    chosen: Collection[str],
    error: DoorstepError | None = None,
    *,
    proof: str = "",
) -> str:
    """`chosen` are the skills and hours that were ticked."""
    lang = look.lang
    return render(
        "volunteer.html",
        look,
        street,
        RESIDENT,
        f=frame(look, street, t(lang, "volunteer.title")),
        key=key,
        values={name: values.get(name, "") for name in TYPED},
        chosen=chosen,
        committees=[(one.id, one.name.text(lang)) for one in street.committees],
        skills=[(one, t(lang, f"volunteer.skill.{one}")) for one in SKILLS],
        hours=[(one, t(lang, f"volunteer.hours.{one}")) for one in HOURS],
        version=street.notice_version,
        version_words=version_words(street.notice_version, lang),
        days=street.retention.register_days,
        problem=problem_view(lang, error),
        proof=proof,
    )


def own(look: Look, street: Street, one: Offer, token: str) -> str:
    """What the person sees of their own offer, with the way to take it back."""
    lang = look.lang
    return render(
        "volunteer_own.html",
        look,
        street,
        RESIDENT,
        f=frame(look, street, t(lang, "volunteer.thanks")),
        one=one,
        committee=street.committee_by_id[one.committee].name.text(lang) if one.committee in street.committee_by_id else "",
        skills=_skills(one, lang),
        hours=t(lang, "text.list").join(_words("hours", one.hours, lang)),
        token=token,
    )


def gone(look: Look, street: Street) -> str:
    return render(
        "volunteer_own.html", look, street, RESIDENT, f=frame(look, street, t(look.lang, "volunteer.gone")), one=None, token=""
    )


def listed(
    look: Look,
    street: Street,
    me: Viewer,
    mine: Sequence[Committee],
    committee: str,
    skill: str,
    found: Sequence[Offer],
    now: datetime,
    *,
    shown: tuple[str, str] = ("", ""),
    error: DoorstepError | None = None,
    tried: str = "",
) -> str:
    """A committee's helpers; `shown` is whose number is revealed and the number, `tried` where a reveal was refused."""
    lang = look.lang
    return render(
        "volunteer_list.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "volunteer.desk.title")),
        me=me,
        grants=[grant_name(street, grant, lang) for grant in me.grants],
        here="volunteers",
        total="",
        committees=[(one.id, one.name.text(lang)) for one in mine],
        committee=committee,
        skills=[("", t(lang, "volunteer.desk.any")), *((one, t(lang, f"volunteer.skill.{one}")) for one in SKILLS)],
        skill=skill,
        found=count(lang, "volunteer.desk.found", len(found)),
        lines=[_line(street, one, lang, now) for one in found],
        reasons=[(one, t(lang, f"volunteer.reason.{one}")) for one in REASONS],
        attempt=secrets.token_hex(16),
        shown=shown[0],
        phone=shown[1],
        tried=tried,
        problem=problem_view(lang, error),
    )


def _line(street: Street, one: Offer, lang: str, now: datetime) -> Line:
    return Line(
        no=one.no,
        who=one.nickname or t(lang, "volunteer.nameless"),
        skills=_skills(one, lang),
        hours=t(lang, "text.list").join(_words("hours", one.hours, lang)),
        mask=one.phone_mask,
        written=t(
            lang,
            "volunteer.desk.written",
            day=dates.day(lang, one.at, street.tz, now),
            version=version_words(one.consent, lang),
        ),
        seen=count(lang, "volunteer.desk.seen", len(one.log)) if one.log else "",
    )
