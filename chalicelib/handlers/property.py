"""Property service: what is disclosed, for everybody; and the desk's rooms where it is kept, checked, rated and reviewed."""

from __future__ import annotations

from collections.abc import Callable

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import property as rules
from chalicelib.errors import Conflict, DoorstepError, Malformed, NotAllowed, Unknown
from chalicelib.handlers.desk import viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import html, route
from chalicelib.usecases import property as service
from chalicelib.usecases import property_review
from chalicelib.web import pages_property as pages
from chalicelib.web import pages_property_review

property_service = Blueprint(__name__)


@route(property_service, "/public/property")
def everywhere(it: Asked) -> Response:
    return html(pages.everywhere(it.look, wiring.context().street, service.disclosing()))


@route(property_service, "/public/property/{community}")
def disclosed(it: Asked, community: str) -> Response:
    ctx = wiring.context()
    found, book = service.public_book(ctx, community)
    return html(pages.disclosed(it.look, ctx.street, found, book, ctx.clock.civil()))


@route(property_service, "/desk/property", roles=rules.READERS)
def mine(it: Asked) -> Response:
    ctx = wiring.context()
    found = rules.communities(it.staff.actor, ctx.street)
    return html(pages.listed(it.look, ctx.street, viewer(it), found, service.standing(), service.today(ctx)))


@route(property_service, "/desk/property/sheet", roles=rules.READERS)
def sheet(it: Asked) -> Response:
    """`?quarter=2026Q4`; this one unless it says another."""
    ctx = wiring.context()
    found = property_review.review(ctx, it.staff.actor, it.query.get("quarter", ""))
    return html(pages_property_review.review(it.look, ctx.street, viewer(it), found, ctx.clock.civil()))


@route(property_service, "/desk/property/{community}", roles=rules.READERS)
def show(it: Asked, community: str) -> Response:
    return _page(it, community)


def _page(it: Asked, community: str, error: DoorstepError | None = None) -> Response:
    ctx, actor = wiring.context(), it.staff.actor
    found = service.community(ctx, actor, community)
    text = pages.community(
        it.look,
        ctx.street,
        viewer(it),
        found,
        service.book(ctx, actor, community),
        service.today(ctx),
        ctx.clock.civil(),
        error=error,
        **_may(it, community),
    )
    return html(text, status=error.status if error else 200)


def _may(it: Asked, community: str) -> dict[str, bool]:
    """What the reader may do with this community's book."""
    ctx, actor = wiring.context(), it.staff.actor
    found = service.community(ctx, actor, community)
    roles = {"keeps": rules.KEEPERS, "checks": rules.CHECKERS, "rates": rules.RATERS}
    return {name: rules.holds(actor, wanted, found, ctx.street) for name, wanted in roles.items()}


@route(property_service, "/desk/property/{community}/{act}", roles=rules.READERS)
def form(it: Asked, community: str, act: str) -> Response:
    """A disclosure's form and its history, the check of `?month=`, or the rating of `?quarter=`."""
    return _form(it, community, act, it.query)


def _form(
    it: Asked, community: str, act: str, asked: dict[str, str] | object, error: DoorstepError | None = None, typed: bool = False
) -> Response:
    ctx, actor = wiring.context(), it.staff.actor
    fields = dict(asked) if isinstance(asked, dict) else dict(it.query)
    found, may = service.community(ctx, actor, community), _may(it, community)
    book, me, today = service.book(ctx, actor, community), viewer(it), service.today(ctx)
    if act in rules.DISCLOSURES and may["keeps"]:
        history = service.history(found, act)
        text = pages.disclosure(
            it.look, ctx.street, me, found, act, book, history, ctx.clock.civil(), fields if typed else None, error
        )
    elif act == "check" and may["checks"]:
        month = fields.get("month", "") or rules.month_of(today)
        if not rules.is_month(month, today):
            raise Unknown("page")
        text = pages.check(it.look, ctx.street, me, found, month, book, fields if typed else None, error)
    elif act == "rating" and may["rates"]:
        quarter = fields.get("quarter", "") or rules.quarter_of(today)
        if not rules.is_quarter(quarter, today):
            raise Unknown("page")
        text = pages.rating(it.look, ctx.street, me, found, quarter, book, fields if typed else None, error)
    else:
        raise Unknown("page")
    return html(text, status=error.status if error else 200)


@route(property_service, "/desk/property/{community}/{act}", method="POST", roles=rules.READERS)
def change(it: Asked, community: str, act: str) -> Response:
    ctx, actor, fields = wiring.context(), it.staff.actor, it.form()
    if act == "finding":
        return _finding(it, community, fields)
    version = fields.get("version", "")
    if not version.isdecimal() or len(version) > 6:
        raise Malformed("form")
    steps: dict[str, Callable[[], object]] = {
        "check": lambda: service.check(ctx, actor, community, fields.get("month", ""), fields, int(version)),
        "rating": lambda: service.rate(ctx, actor, community, fields.get("quarter", ""), fields, int(version)),
    }
    step = steps.get(act, lambda: service.disclose(ctx, actor, community, act, fields, int(version)))
    try:
        step()
    except NotAllowed as error:
        return _form(it, community, act, fields, error, typed=True)
    except Conflict as error:
        # What stands there now is shown; what was typed is one step back in the browser.
        return _form(it, community, act, fields, error)
    return see(f"/desk/property/{community}?done={act}", it.look)


def _finding(it: Asked, community: str, fields: dict[str, str]) -> Response:
    try:
        service.raise_finding(wiring.context(), it.staff.actor, community, fields.get("month", ""), fields.get("item", ""))
    except (NotAllowed, Conflict) as error:
        return _page(it, community, error)
    return see(f"/desk/property/{community}?done=finding", it.look)
