"""The registers' desk: the verifier's queue and visits, digests, exports, a flat's file, what people may ask."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import register_rules as rules
from chalicelib.casework.register_form import as_typed, rebased, version_of
from chalicelib.casework.registering import Typed
from chalicelib.errors import Conflict, DoorstepError, Malformed, NotAllowed
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.register import filled, rearranged, seen_of, typed_of
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import (
    privacy,
    privacy_cases,
    register_digest_pages,
    register_household,
    register_reveal,
    register_work,
    volunteers,
)
from chalicelib.usecases.register_submit import terms_of
from chalicelib.web import pages_register
from chalicelib.web import pages_register_desk as pages
from chalicelib.web.pages_register_desk import ListRow

register_desk = Blueprint(__name__)


@route(register_desk, "/desk/registers", roles=rules.READERS)
def queue(it: Asked) -> Response:
    ctx = wiring.context()
    return html(pages.queue(it.look, ctx.street, viewer(it), register_work.queue(ctx, it.staff.actor), ctx.places))


@route(register_desk, "/desk/registers/{case}", roles=rules.READERS)
def show(it: Asked, case: str) -> Response:
    return _page(it, case)


def _page(
    it: Asked,
    no: str,
    error: DoorstepError | None = None,
    values: Mapping[str, str] | None = None,
    revealed: Mapping[str, str] | None = None,
) -> Response:
    ctx = wiring.context()
    opened = register_work.open_one(ctx, it.staff.actor, no)
    may = [*opened.steps, *(["reveal"] if opened.may_reveal else []), *(["erase"] if opened.may_erase else [])]
    text = pages.registration(
        it.look,
        ctx.street,
        viewer(it),
        opened.register,
        opened.stored.events,
        ctx.places.get(opened.register.place),
        may,
        values=values,
        error=error,
        revealed=revealed,
        shown=(values or {}).get("person", ""),
    )
    return html(text, status=error.status if error else 200)


@route(register_desk, "/desk/registers/{case}/{act}", roles=rules.READERS)
def more(it: Asked, case: str, act: str) -> Response:
    ctx = wiring.context()
    opened = register_work.open_one(ctx, it.staff.actor, case)
    if act != "correct" or act not in opened.steps:
        return see(f"/desk/registers/{opened.register.no}", it.look)
    return _correct(it, case, as_typed(opened.register), version_of(opened.stored.events))


@route(register_desk, "/desk/registers/{case}/{act}", method="POST", roles=rules.READERS)
def act(it: Asked, case: str, act: str) -> Response:
    ctx = wiring.context()
    fields, actor = it.form(), it.staff.actor
    # Whatever was asked for, what lies outside the scope looks as if it were not there.
    no = register_work.find(ctx, actor, case).register.no
    try:
        if act == "reveal":
            return _reveal(it, no, fields)
        if act == "erase":
            keys = [fields["person"]] if fields.get("person") else []
            privacy.erase(ctx, actor, no, keys, fields.get("reason", ""), attempt_of(fields))
        elif act == "correct":
            return _corrected(it, no, fields)
        else:
            register_work.act(ctx, actor, no, act, fields, attempt_of(fields))
    except (NotAllowed, Conflict) as error:
        return _page(it, no, error, fields)
    return see(f"/desk/registers/{no}", it.look)


def _reveal(it: Asked, no: str, fields: Mapping[str, str]) -> Response:
    """Asks the one function that may decrypt; this one has nothing to show by itself."""
    wanted = {"session": it.session_id, "register": no, "attempt": attempt_of(fields), "note": fields.get("note", "")[:200]}
    found = wiring.context().reveal({**wanted, "person": fields.get("person", ""), "reason": fields.get("reason", "")})
    if "person" in found:
        return _page(it, no, values=fields, revealed=json.loads(found["person"]))
    return _page(it, no, NotAllowed(found.get("reason", "unexpected")), fields)


def _correct(it: Asked, no: str, typed: Typed, version: int, error: DoorstepError | None = None) -> Response:
    """The verifier's form: the same as the resident's, with masks, and no consent to tick for somebody else."""
    ctx = wiring.context()
    register = register_work.find(ctx, it.staff.actor, no).register
    place = ctx.places[register.place]
    text = pages_register.form(
        replace(it.look, path=f"/desk/registers/{no}/correct"),
        ctx.street,
        terms_of(ctx, register.kind),
        place,
        typed,
        {"csrf": it.staff.csrf, "attempt": secrets.token_hex(16), "version": str(version)},
        error,
        before=register,
        target=f"{it.look.root}/desk/registers/{no}/correct",
        staff=True,
    )
    return html(text, status=error.status if error else 200)


def _corrected(it: Asked, no: str, fields: Mapping[str, str]) -> Response:
    ctx, actor, typed, seen = wiring.context(), it.staff.actor, typed_of(fields), seen_of(fields)
    other = rearranged(typed, fields.get("do", ""), fields)
    if other is not None:
        return _correct(it, no, other, seen)
    try:
        register_work.act(ctx, actor, no, "correct", {"form": filled(typed), "seen": seen}, attempt_of(fields))
    except NotAllowed as error:
        return _correct(it, no, filled(typed), seen, error)
    except Conflict as error:
        if error.reason != "register_stale":
            raise
        stored = register_work.find(ctx, actor, no)
        now = rebased(filled(typed), stored.register, stored.events, seen)
        return _correct(it, no, now, version_of(stored.events), error)
    return see(f"/desk/registers/{no}", it.look)


def attempt_of(fields: Mapping[str, str]) -> str:
    sent = fields.get("attempt", "")
    if not (16 <= len(sent) <= 64 and sent.isalnum()):
        raise Malformed("attempt")
    return sent


@route(register_desk, "/desk/digests", roles=rules.READERS)
def digests(it: Asked) -> Response:
    ctx, lists = wiring.context(), wiring.house().lists
    found = register_digest_pages.digests(ctx, it.staff.actor)
    rows = []
    for one in found:
        name = ctx.street.committee_by_id[one.committee].name.text(it.look.lang)
        numbers = (one.new, one.changed, one.waiting, one.ending, one.flats, one.people)
        url = lists.url(one.key, f"digest-{one.committee}-{one.day}.csv")
        rows.append(ListRow((one.day, name, *map(str, numbers)), url))
    return html(pages.digests(it.look, ctx.street, viewer(it), rows))


@route(register_desk, "/desk/households", roles=rules.READERS)
def household(it: Asked) -> Response:
    ctx = wiring.context()
    found = register_household.household(ctx, it.staff.actor, it.query.get("place", ""), it.query.get("room", "")[:40])
    registrations = [(one.register, one.events) for one in found.registrations]
    text = pages.household(
        it.look, ctx.street, viewer(it), found.place, found.room, registrations, found.visits, found.own, found.door
    )
    return html(text)


@route(register_desk, "/desk/people", roles=rules.KEEPERS)
def people(it: Asked) -> Response:
    return html(pages.people(it.look, wiring.context().street, viewer(it), ()))


@route(register_desk, "/desk/people", method="POST", roles=rules.KEEPERS)
def person(it: Asked) -> Response:
    """Where somebody is registered and what they reported, or everything that is kept of them; both take a reason, and the second
    is logged there. Who gave no phone names the case itself.
    """
    ctx, fields = wiring.context(), it.form()
    whose, reason = fields.get("whose", "")[:40], fields.get("reason", "")
    try:
        named = register_reveal.case_named(ctx, it.staff.actor, whose, reason)
        macs = [] if named else register_reveal.keeper_macs(ctx, it.staff.actor, whose, reason)
        found = [(no, key, f"{it.look.root}/desk/registers/{no}") for no, key in register_reveal.located(macs)]
        found += [(no, "", f"{it.look.root}/desk/volunteers?committee={one}#v-{no}") for one, no in volunteers.located(macs)]
        reported = [named] if named else privacy_cases.reported(macs)
        records, erased = None, ""
        pictures: dict[str, list[str]] = {}
        if fields.get("do") == "erase_case" and fields.get("case", "") in reported:
            privacy_cases.erase_case(ctx, it.staff.actor, fields["case"], reason, attempt_of(fields))
            reported.remove(fields["case"])
            erased = fields["case"]
        if fields.get("do") == "hand_out":
            sent = {"session": it.session_id, "whose": whose, "reason": reason, "attempt": attempt_of(fields)}
            answer = ctx.reveal(sent)
            if "records" not in answer:
                raise NotAllowed(answer.get("reason", "unexpected"))
            records = json.loads(answer["records"])
            pictures = {record["no"]: _links(record["photos"]) for record in records if record.get("photos")}
    except NotAllowed as error:
        text = pages.people(it.look, ctx.street, viewer(it), (), error=error)
        return html(text, status=error.status)
    return html(
        pages.people(
            it.look,
            ctx.street,
            viewer(it),
            found,
            records,
            cases=reported,
            erased=erased,
            typed=(whose, reason),
            pictures=pictures,
        )
    )


def _links(named: str) -> list[str]:
    """Signed links of minutes to the photos that a record names."""
    split = (one.rpartition("/") for one in named.split())
    return [wiring.context().photos.url(ref, int(slot), "full") for ref, _, slot in split]
