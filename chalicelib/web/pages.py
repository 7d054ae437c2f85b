"""Every page, as one function that returns its HTML. The edge calls these and nothing else of this room.

All arguments are decided already: who may see what, what may be done, which photos have addresses. Times are aware UTC.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.casework.case import Case
from chalicelib.casework.events import Event
from chalicelib.casework.photos import AT_SUBMISSION
from chalicelib.errors import DoorstepError
from chalicelib.ports import UploadGrant
from chalicelib.street import Place, Street
from chalicelib.web.i18n import count, t
from chalicelib.web.look import Look
from chalicelib.web.pages_desk import activate, case, office_label, signin
from chalicelib.web.pages_faq import Entry
from chalicelib.web.pages_intake import intake
from chalicelib.web.pages_sheets import PAPERS, sheet
from chalicelib.web.present_case import head, holder, notes, office_of, state_for_residents
from chalicelib.web.present_common import describe, field_text, frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_events import outcome_name, rating_words
from chalicelib.web.present_form import PlateView, categories, plate, promise, reporters, tabs, version_words
from chalicelib.web.present_ladder import ladder
from chalicelib.web.present_timeline import later, timeline
from chalicelib.web.render import render, rich
from chalicelib.web.views import Elsewhere, PhotoView

__all__ = [
    "PAPERS",
    "Look",
    "activate",
    "case",
    "code_problem",
    "error",
    "form",
    "intake",
    "office_label",
    "photos",
    "problem",
    "progress",
    "rate",
    "received",
    "sheet",
    "signin",
    "track",
]

RESIDENT = ("tokens", "resident")
FORM = (*RESIDENT, "form")
PROGRESS = (*RESIDENT, "progress")
FORM_FIELDS = ("text", "photos", "category", "phone", "nickname", "elsewhere", "reporter")


def _kept(values: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: values.get(name, "") for name in names}


def form(
    look: Look,
    street: Street,
    kind: str,
    place: Place,
    code: str,
    submission_key: str,
    values: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
    *,
    links: Mapping[str, str] | None = None,
    proof: str = "",
) -> str:
    """The form at the door. `links` holds the codes of the same door's other kinds, by kind; `proof` is a challenge that the page
    solves before it sends itself again.
    """
    look = replace(look, path=f"/f/{kind}?c={code}") if error else look
    key, params = promise(street, place, look.lang)
    return render(
        "form.html",
        look,
        street,
        FORM,
        f=frame(look, street, t(look.lang, "form.text.label")),
        plate=plate(street, place, look.lang),
        tabs=tabs(look, street, kind, links or {}),
        kind=kind,
        place=place,
        code=code,
        key=submission_key,
        values=_kept(values or {}, *FORM_FIELDS),
        filled=bool(values),
        problem=problem_view(look.lang, error, FORM_FIELDS),
        categories=categories(street, look.lang),
        reporters=reporters(look.lang),
        photos_max=AT_SUBMISSION,
        promise=rich(look.lang, key, **params),
        notice_version=version_words(street.notice_version, look.lang),
        case_days=street.retention.case_days,
        photo_days=street.retention.photo_days,
        proof=proof,
    )


def received(
    look: Look,
    street: Street,
    case: Case,
    token: str,
    now: datetime,
    *,
    place: Place | None = None,
    answers: Sequence[Entry] = (),
) -> str:
    """`answers` are answered questions about the same matter."""
    return render(
        "received.html",
        look,
        street,
        PROGRESS,
        f=frame(look, street, t(look.lang, "received.title")),
        c=head(street, case, place, now, look.lang),
        holder=holder(street, case, now, look.lang),
        kind=case.kind,
        place_id=case.place,
        committee=case.committee,
        token=token,
        answers=answers,
    )


def progress(
    look: Look,
    street: Street,
    case: Case,
    events: Sequence[Event],
    photos: Sequence[PhotoView],
    token: str,
    now: datetime,
    actions: Collection[str],
    values: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
    *,
    place: Place | None = None,
    into: Elsewhere | None = None,
) -> str:
    """What the resident follows; `into` is the case that this one was merged into.

    Without a token (found by number and four digits) it is for reading only.
    """
    typed = values or {}
    look = replace(look, path=f"/t/{token}" if token else "/track")
    seen = head(street, case, place, now, look.lang)
    return render(
        "progress.html",
        look,
        street,
        PROGRESS,
        f=frame(look, street, seen.title),
        c=seen,
        holder=holder(street, case, now, look.lang),
        notes=notes(street, case, now, look.lang),
        into=_into(look.lang, into) if into else None,
        ladder=ladder(street, case, events, now, look.lang),
        lines=timeline(street, case, events, photos, place, now, look.lang),
        later=later(photos),
        can=frozenset(actions) if token else frozenset(),
        rated=rating_words({"satisfied": case.rating.satisfied, "score": case.rating.score}, look.lang) if case.rating else "",
        base=f"{look.root}/t/{token}",
        act=typed.get("act", ""),
        values=_kept(typed, "text"),
        problem=problem_view(look.lang, error),
        attempt=secrets.token_hex(16),
    )


def _into(lang: str, into: Elsewhere) -> dict[str, str]:
    state = state_for_residents(into.state, lang)
    return {
        "words": t(lang, "progress.merged.state", state=state),
        "outcome": outcome_name(into.outcome, lang),
        "result": into.result,
    }


def photos(
    look: Look,
    street: Street,
    case: Case,
    token: str,
    photos: Sequence[PhotoView],
    grant: UploadGrant | None,
    left: int,
) -> str:
    """Adding a photo without JavaScript: one file per form, straight to the bucket with the grant's fields."""
    return render(
        "photos.html",
        look,
        street,
        PROGRESS,
        f=frame(look, street, t(look.lang, "photos.title")),
        no=case.no,
        grant=grant,
        left=left,
        left_words=count(look.lang, "photos.left", left),
        photos=photos,
        waiting=any(photo.status == "pending" for photo in photos),
        full=t(look.lang, "photos.full" if case.open else "photos.closed"),
        base=f"{look.root}/t/{token}",
    )


def rate(
    look: Look,
    street: Street,
    case: Case,
    token: str,
    values: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
) -> str:
    """The rating. An error without fields means that it is not open now: it is said instead of the form."""
    look = replace(look, path=f"/t/{token}/rate")
    return render(
        "rate.html",
        look,
        street,
        PROGRESS,
        f=frame(look, street, t(look.lang, "rate.title")),
        no=case.no,
        result=case.result if case.handled_at or case.closed_at else "",
        office=office_of(street, case, look.lang, names=False),
        reopens=street.follow_up.reopen_once and case.reopened == 0,
        shut=error is not None and not error.fields,
        values=_kept(values or {}, "satisfied", "score", "words", "publish"),
        problem=problem_view(look.lang, error),
        base=f"{look.root}/t/{token}",
        attempt=secrets.token_hex(16),
    )


def track(look: Look, street: Street, values: Mapping[str, str] | None = None, error: DoorstepError | None = None) -> str:
    look = replace(look, path="/track")
    return render(
        "track.html",
        look,
        street,
        RESIDENT,
        f=frame(look, street, t(look.lang, "track.title")),
        values=_kept(values or {}, "number", "last4"),
        problem=problem_view(look.lang, error),
    )


def code_problem(look: Look, street: Street, error: DoorstepError) -> str:
    """A code that opens nothing: the plate without a door, the reason, and the phone."""
    title, detail = describe(look.lang, error)
    door = PlateView(street.name.text(look.lang), "", "", "")
    return render("plate_page.html", look, street, FORM, f=frame(look, street, title), plate=door, title=title, detail=detail)


def error(look: Look, street: Street | None, error: DoorstepError, ref: str, words: str = "") -> str:
    """Any error as a page: what happened, what to do. `ref` finds it in the log, `words` is what somebody wrote in vain."""
    seen = problem_view(look.lang, error)
    title = seen.title if seen else ""
    desk = look.path.startswith("/desk")
    if desk and seen and error.reason == "page":
        # Nobody scans a door's code to come here.
        seen = replace(seen, detail=t(look.lang, "error.page.desk_detail"))
    return render(
        "error.html", look, street, RESIDENT, f=frame(look, street, title), problem=seen, ref=ref, desk=desk, words=words
    )


def problem(lang: str, error: DoorstepError, ref: str) -> dict[str, Any]:
    """The same as an RFC 9457 object."""
    title, detail = describe(lang, error)
    return {
        "type": f"/errors/{error.kind}",
        "title": title,
        "status": error.status,
        "detail": detail,
        "reason": error.reason,
        "fields": [{"name": field.name, "code": field.code, "text": field_text(lang, field)} for field in error.fields],
        "ref": ref,
    }
