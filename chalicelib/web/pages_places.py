"""The desk's pages about doors: the list, and a door's poster as HTML with its codes as SVG, to be printed by the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.street import Place, Street
from chalicelib.web import present_print as words
from chalicelib.web.i18n import count, t
from chalicelib.web.look import Look
from chalicelib.web.pages_desk import DESK, grants
from chalicelib.web.present_common import frame
from chalicelib.web.present_form import plate
from chalicelib.web.present_print import CodeView
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

POSTER = ("tokens", "poster")
# A street may have thousands of doors; more than these are found by their names.
LISTED_MAX = 100


@dataclass(frozen=True)
class Row:
    name: str
    url: str
    community: str
    committee: str
    number: str
    id: str
    retired: bool


@dataclass(frozen=True)
class Drawn:
    """A code with its picture: our own SVG, safe to stand in a page."""

    code: CodeView
    svg: str


def listed(look: Look, street: Street, me: Viewer, found: Sequence[Place], typed: str) -> str:
    """`found`: the places that match what was typed."""
    lang = look.lang
    title = t(lang, "desk.places.title")
    return render(
        "places.html",
        look,
        street,
        DESK,
        f=frame(look, street, title),
        me=me,
        grants=grants(street, me, lang),
        here="places",
        total="",
        title=title,
        typed=typed,
        rows=[_row(look, street, place) for place in found[:LISTED_MAX]],
        count=count(lang, "desk.places.count", len(found)),
        first=LISTED_MAX if len(found) > LISTED_MAX else 0,
    )


def _row(look: Look, street: Street, place: Place) -> Row:
    view = plate(street, place, look.lang)
    committee = street.committee_by_id.get(place.committee)
    return Row(
        name=view.name,
        url=f"{look.root}/desk/places/{place.id}",
        community=view.community,
        committee=committee.name.text(look.lang) if committee else "",
        number=view.number,
        id=place.id,
        retired=place.retired,
    )


def poster(look: Look, street: Street, me: Viewer, place: Place, drawn: Mapping[str, tuple[str, str]], month: str) -> str:
    """`drawn` by kind: what the code says and its SVG; empty for a place that was taken down, which the page then says."""
    from markupsafe import Markup

    view = words.poster(street, place, {kind: url for kind, (url, _) in drawn.items()}, look.lang)
    title = t(look.lang, "desk.places.sheet", place=view.plate.name)
    return render(
        "place_poster.html",
        look,
        street,
        POSTER,
        f=frame(look, street, title),
        me=me,
        p=view,
        words=words.standing(street, [place], look.lang, month),
        codes=[Drawn(code, Markup(drawn[code.kind][1])) for code in view.codes],  # noqa: S704 - drawn by us, no reader's text
        back=f"{look.root}/desk/places",
    )
