"""Pages of the registers for those who live there: the form, what was sent, the form again by its link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.casework.card import place_name
from chalicelib.casework.events import Event
from chalicelib.casework.register import Register
from chalicelib.casework.register_card import PARTS
from chalicelib.casework.register_rules import unguarded
from chalicelib.casework.registering import BY, PEOPLE_MAX, Typed
from chalicelib.errors import DoorstepError
from chalicelib.street import FormTerms, Place, Street
from chalicelib.web import present_register as present
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.present_form import plate, tabs, version_words
from chalicelib.web.render import render

STYLES = ("tokens", "resident", "form", "register")


def form(
    look: Look,
    street: Street,
    terms: FormTerms,
    place: Place,
    typed: Typed,
    sent: Mapping[str, str],
    error: DoorstepError | None = None,
    *,
    links: Mapping[str, str] | None = None,
    before: Register | None = None,
    target: str = "",
    staff: bool = False,
    proof: str = "",
) -> str:
    """The form of a register. `sent` are its hidden fields, `proof` a challenge as on the form of a report. With `before` it is
    the form of a link, sent to `target`; with `staff` the verifier's, who books no visit by it and agrees to nothing for anybody.
    """
    lang, kind = look.lang, terms.kind
    kind_name = street.kind(kind)
    title = kind_name.name.text(lang) if kind_name else ""
    new_text = before is not None and not staff and (before.consent is None or before.consent.version != terms.version)
    landlord, rows = present.form_rows(lang, kind, typed, unguarded(before) if before and new_text else before)
    asks = not staff and terms.consent is not None and (before is None or new_text)
    return render(
        "register_form.html",
        look,
        street,
        STYLES,
        f=frame(look, street, title),
        plate=plate(street, place, lang),
        tabs=tabs(look, street, kind, links or {}) if before is None else [],
        kind=kind,
        title=title,
        target=target or f"{look.root}/f/{kind}",
        sent=sent,
        purpose=terms.purpose.text(lang),
        notice=terms.notice.text(lang),
        consent=terms.consent.text(lang) if asks and terms.consent else "",
        version=terms.version,
        version_name=version_words(terms.version, lang),
        agreed=typed.agree == terms.version,
        keep_days=street.retention.register_days,
        typed=typed,
        landlord=landlord,
        rows=rows,
        blank=present.form_rows(lang, kind, Typed(), None)[1][0],
        most=PEOPLE_MAX,
        by=[(value, t(lang, f"register.by.{value}")) for value in BY],
        parts=[(value, t(lang, f"register.part.{value}")) for value in PARTS],
        slot=present.slot_words(lang, before.slot, street) if before else "",
        editing=before is not None,
        staff=staff,
        proof=proof,
        problem=present.problem(lang, kind, error),
    )


def received(look: Look, street: Street, register: Register, token: str) -> str:
    return render(
        "register_received.html",
        look,
        street,
        STYLES,
        f=frame(look, street, t(look.lang, "register.received.title")),
        no=register.no,
        token=token,
        slot=present.slot_words(look.lang, register.slot, street),
    )


def registration(look: Look, street: Street, register: Register, events: Sequence[Event], place: Place | None, token: str) -> str:
    """What the link shows: masks, state, history. Nobody can read back what they gave. Without a token (found by number and four
    digits) it is for reading only.
    """
    look = replace(look, path=f"/t/{token}" if token else "/track")
    kind = street.kind(register.kind)
    name = kind.name.text(look.lang) if kind else register.kind
    return render(
        "register_page.html",
        look,
        street,
        STYLES,
        f=frame(look, street, name),
        title=name,
        no=register.no,
        state=t(look.lang, f"register.state.{register.state}"),
        facts=present.facts(look.lang, register, street, place_name(street, place, look.lang) if place else ""),
        people=present.people(look.lang, register.people),
        history=present.history(look.lang, events, street, names=False),
        editable=register.editable,
        over=register.state == "ended",
        erased=register.state == "erased",
        token=token,
    )
