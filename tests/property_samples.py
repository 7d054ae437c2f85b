"""The pages of property service with a made-up community on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec

from chalicelib.casework.figures_count import Count, Line, Sums
from chalicelib.casework.property import DISCLOSURES, Book, Check, Disclosure, Mark, Rating
from chalicelib.errors import Conflict, FieldError, NotAllowed
from chalicelib.street import Label, Option, PropertyTerms, Street
from chalicelib.usecases.property_review import Review, Reviewed
from chalicelib.web import pages_property as pages
from chalicelib.web import pages_property_review
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 18)
AT = "2026-11-17T02:00:00.000Z"
ITEMS = (Option("cleaning", Label("保洁", "Cleaning")), Option("fire", Label("消防通道", "Fire lanes")))


def book(words: str) -> Book:
    charges = Disclosure(
        text=f"物业费每平方米2.10元。\n停车费另计。{words}", day="2026-11-01", by=f"物业{words}", at=AT, version=2
    )
    marks = {
        "cleaning": Mark(ok=False, note=f"楼道有积灰{words}"),
        "fire": Mark(ok=False, note="堆物", case="K7M3-9QXA-C"),
        "gone": Mark(ok=True),
    }
    check = Check(month="2026-11", marks=marks, by=f"居委{words}", at=AT, version=1)
    own = Rating(
        quarter="2026Q4", marks={"cleaning": 4}, visited=30, satisfied=28, text=f"电梯已大修{words}", by="经理", at=AT, version=1
    )
    return Book(disclosures={"charges": charges}, checks=(check, msgspec.structs.replace(check, month="2026-10")), ratings=(own,))


def samples(look: Look, street: Street, me: Viewer, words: str) -> dict[str, Callable[[], str]]:
    """Name → the page's HTML."""
    street = msgspec.structs.replace(street, property=PropertyTerms(check=ITEMS))
    one, kept, empty = street.communities[0], book(words), Book()
    wrong = NotAllowed("fields", fields=[FieldError("cleaning", "required"), FieldError("fire_note", "required")])
    typed = {"cleaning": "", "fire": "bad", "fire_note": words, "version": "1"}
    no_text = NotAllowed("fields", fields=[FieldError("text", "required"), FieldError("day", "choice")])
    own = NotAllowed("fields", fields=[FieldError("satisfied", "choice")])
    history = [kept.disclosures["charges"], Disclosure(text=words or "旧的", by="物业", at=AT, version=1)]
    standing = {one.id: {f"D#{kind}": "" for kind in DISCLOSURES[:3]} | {"K": "2026-11", "Q": "2026Q3"}}
    counted = Count(Line(received=3, valid=3, handled=2), {}, [], Sums(said=2, satisfied=1))
    none = Count(Line(), {}, [], Sums())
    review = Review("2026Q4", [Reviewed(one, counted, none, counted, none, 2, 3, 4.5)])
    return {
        "property, public": lambda: pages.everywhere(look, street, {one.id}),
        "property, public, none": lambda: pages.everywhere(look, street, ()),
        "property, disclosed": lambda: pages.disclosed(look, street, one, kept, NOW),
        "desk property": lambda: pages.listed(look, street, me, street.communities, standing, TODAY),
        "desk property, nowhere": lambda: pages.listed(look, street, me, (), {}, TODAY),
        "desk property, book": lambda: pages.community(
            look, street, me, one, kept, TODAY, NOW, keeps=True, checks=True, rates=True
        ),
        "desk property, empty book": lambda: pages.community(
            look, street, me, one, empty, TODAY, NOW, keeps=False, checks=False, rates=False, error=no_text
        ),
        "desk property, disclosure": lambda: pages.disclosure(look, street, me, one, "charges", kept, history, NOW),
        "desk property, disclosure wrong": lambda: pages.disclosure(
            look, street, me, one, "charges", kept, (), NOW, {"text": words, "day": "x"}, no_text
        ),
        "desk property, disclosure changed": lambda: pages.disclosure(
            look, street, me, one, "duty", empty, (), NOW, None, Conflict("property_stale")
        ),
        "desk property, check": lambda: pages.check(look, street, me, one, "2026-11", kept),
        "desk property, check wrong": lambda: pages.check(look, street, me, one, "2026-11", empty, typed, wrong),
        "desk property, rating": lambda: pages.rating(look, street, me, one, "2026Q4", kept),
        "desk property, rating wrong": lambda: pages.rating(look, street, me, one, "2026Q4", empty, {"satisfied": words}, own),
        "sheet of the property review": lambda: pages_property_review.review(look, street, me, review, NOW),
    }
