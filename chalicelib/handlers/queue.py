"""The desk's lists: my queue, everything in my scope, what has ended; searching in them, and assigning several at once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from chalice.app import Blueprint, Response

from chalicelib import wiring
from chalicelib.casework import finding as search
from chalicelib.casework import personal
from chalicelib.casework.access import Actor
from chalicelib.casework.card import Card, month_of
from chalicelib.casework.events import stamp
from chalicelib.casework.finding import Wanted
from chalicelib.errors import Malformed, NotAllowed
from chalicelib.handlers.desk import attempt_of, viewer
from chalicelib.handlers.http import Asked, see
from chalicelib.handlers.routing import STAFF, html, route
from chalicelib.street import Street
from chalicelib.usecases import bulk, finding, work
from chalicelib.usecases.context import Context
from chalicelib.usecases.looked_up import numbered
from chalicelib.usecases.sheets import handover as open_desks
from chalicelib.web import pages_queue
from chalicelib.web.present_queue import of_card

queue = Blueprint(__name__)

# The chips over my queue; the wide lists are those of a whole scope.
MINE = ("all", "late", "near", "urgent", "supervised", "unassigned")
WIDE = ("scope", "listed", "ended")
LISTS = (*MINE, "approve", *WIDE)
# How far back what has ended is looked for: a year of months to choose from.
MONTHS = 12


@route(queue, "/desk", roles=STAFF)
def mine(it: Asked) -> Response:
    ctx, actor = wiring.context(), it.staff.actor
    now = ctx.clock.civil()
    show = it.query.get("show", "all")
    show = show if show in LISTS and (show not in WIDE or finding.oversees(actor)) else "all"
    waiting = work.my_queue(ctx, actor)
    listed = {name: _filtered(ctx.street, waiting, name, now) for name in MINE}
    if work.approves(ctx, actor):
        listed["approve"] = work.to_approve(ctx, actor)
    counts = {name: len(cards) for name, cards in listed.items()}
    months = _months(ctx.street, now)
    month = it.query.get("month", months[0])
    month = month if month in months else months[0]
    cards = _named(ctx, it) if "only" in it.query else _cards(ctx, actor, show, month, listed)
    wanted = _wanted(it.query)
    view = pages_queue.Listed(
        show="only" if "only" in it.query else show,
        cards=search.find(cards, wanted, ctx.street),
        all_cards=cards,
        wanted=wanted,
        typed=it.query.get("q", "")[: search.TYPED_MAX],
        page=_page(it.query.get("page", "")),
        month=month,
        months=months,
        counts=counts,
        bulk=show in MINE and work.assigns(ctx, actor),
        most=work.QUEUE_LIMIT if show != "ended" and max(len(cards), len(waiting)) >= work.QUEUE_LIMIT else 0,
    )
    return html(pages_queue.queue(it.look, ctx.street, viewer(it), view, now))


def _cards(ctx: Context, actor: Actor, show: str, month: str, listed: Mapping[str, Sequence[Card]]) -> Sequence[Card]:
    if show == "scope":
        return work.in_scope(ctx, actor)
    if show == "listed":
        return [card for card in work.in_scope(ctx, actor) if "supervised" in card.marks]
    if show == "ended":
        return finding.ended(ctx, actor, month)
    return listed.get(show, listed["all"])


def _named(ctx: Context, it: Asked) -> list[Card]:
    """The cases that a look-up found; each is asked for again, by this reader's own rights."""
    numbers = [no for part in it.query["only"].split(".") if (no := work.number(part))]
    return finding.named(ctx, it.staff.actor, numbers)


def _filtered(street: Street, cards: Sequence[Card], chosen: str, now: datetime) -> list[Card]:
    if chosen in {"late", "near"}:
        return [card for card in cards if of_card(street, card, now) == chosen]
    if chosen in {"urgent", "supervised"}:
        return [card for card in cards if chosen in card.marks]
    if chosen == "unassigned":
        return [card for card in cards if not card.owner]
    return list(cards)


def _wanted(query: Mapping[str, str]) -> Wanted:
    facets = tuple((facet, query[facet][:40]) for facet in search.FACETS if query.get(facet))
    return Wanted(search.words_of(query.get("q", "")), facets)


def _page(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 and int(typed) else 1


def _months(street: Street, now: datetime) -> list[str]:
    """This month and the ones before, the latest first."""
    this = month_of(stamp(now), street)
    count = int(this[:4]) * 12 + int(this[5:]) - 1
    return [f"{date((count - back) // 12, (count - back) % 12 + 1, 1):%Y-%m}" for back in range(MONTHS)]


@route(queue, "/desk/find", method="POST", roles=STAFF)
def find(it: Asked) -> Response:
    """A number opens its case, a phone lists its cases, words are looked for in the list. Posted: a phone must not stand in an
    address.
    """
    ctx, actor = wiring.context(), it.staff.actor
    fields = it.form()
    typed = fields.get("q", "").strip()[: search.TYPED_MAX]
    no = work.number(typed)
    if no is not None:
        return see(f"/desk/cases/{no}", it.look)
    numbers = numbered(typed) or finding.by_phone(ctx, actor, typed)
    if numbers is not None:
        return see(f"/desk?only={'.'.join(numbers)}", it.look)
    if personal.is_in(typed):
        # A number of somebody's that finds nothing, or must not: it goes into no address.
        return see("/desk?only=", it.look)
    show = fields.get("show", "")
    show = show if show in LISTS else "scope" if finding.oversees(actor) else "all"
    chosen = {"show": show, "month": fields.get("month", "")[:7], "q": typed}
    return see(f"/desk?{urlencode({name: value for name, value in chosen.items() if value})}", it.look)


@route(queue, "/desk/handover", roles=STAFF)
def handover(it: Asked) -> Response:
    ctx = wiring.context()
    return html(pages_queue.handover(it.look, ctx.street, viewer(it), open_desks(ctx, it.staff.actor), ctx.clock.civil()))


@route(queue, "/desk/bulk", roles=STAFF)
def choose(it: Asked) -> Response:
    """The cases that were ticked, and who can take all of them; or, after assigning, what went and what did not."""
    ctx = wiring.context()
    if "done" in it.query or "left" in it.query:
        done = [no for part in it.query.get("done", "").split(".") if (no := work.number(part))]
        pairs = [part.partition("!") for part in it.query.get("left", "").split(".")]
        left = [(no, reason) for typed, _, reason in pairs if (no := work.number(typed))]
        return html(pages_queue.assigned(it.look, ctx.street, viewer(it), done, left))
    return _choice(it, it.queries.get("pick", ()))


def _choice(it: Asked, numbers: Sequence[str], error: NotAllowed | None = None, note: str = "") -> Response:
    ctx = wiring.context()
    picked = [no for typed in numbers if (no := work.number(typed))]
    if not picked:
        return see("/desk", it.look)
    choice = bulk.choose(ctx, it.staff.actor, picked)
    text = pages_queue.bulk(
        it.look, ctx.street, viewer(it), choice, ctx.places, ctx.clock.civil(), secrets.token_hex(16), error, note
    )
    return html(text, status=error.status if error else 200)


@route(queue, "/desk/bulk", method="POST", roles=STAFF)
def assign(it: Asked) -> Response:
    ctx = wiring.context()
    fields = it.form()
    picked = [_picked(one) for one in it.form_lists().get("pick", ())[: bulk.MOST]]
    note = fields.get("note", "").replace("\r\n", "\n").strip()
    try:
        left = bulk.assign(ctx, it.staff.actor, picked, fields.get("to", ""), note, attempt_of(fields))
    except NotAllowed as error:
        return _choice(it, [no for no, _ in picked], error, note)
    refused = {no for no, _ in left}
    answer = {
        "done": ".".join(no for no, _ in picked if no not in refused),
        "left": ".".join(f"{no}!{reason}" for no, reason in left),
    }
    return see(f"/desk/bulk?{urlencode({name: value for name, value in answer.items() if value})}", it.look)


def _picked(value: str) -> tuple[str, int]:
    """A case's number and the version that was seen, as the form carries them."""
    typed, _, version = value.partition("~")
    no = work.number(typed)
    if no is None or not (version.isascii() and version.isdecimal() and len(version) <= 6):
        raise Malformed("version")
    return no, int(version)
