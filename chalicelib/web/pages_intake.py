"""Taking in at the desk what did not come by a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.errors import DoorstepError
from chalicelib.street import Place, Street
from chalicelib.web.i18n import t
from chalicelib.web.look import Look
from chalicelib.web.present_common import frame
from chalicelib.web.present_common import problem as problem_view
from chalicelib.web.present_form import reporters
from chalicelib.web.present_offices import grant_name, unit_name
from chalicelib.web.render import render
from chalicelib.web.views import Viewer

DESK = ("tokens", "desk")
# A list of more doors than that is asked for community by community.
DOORS_MAX = 300
FIELDS = (
    "channel",
    "how",
    "place",
    "typed",
    "elsewhere",
    "text",
    "category",
    "class",
    "reporter",
    "phone",
    "nickname",
    "found",
    "external",
)
HOWS = ("consult", "mediation", "joint", "family", "neighbour", "volunteer", "staff")


@dataclass(frozen=True)
class Block:
    """The doors of one community; of a committee where there is no community."""

    id: str
    name: str
    doors: tuple[tuple[str, str], ...]


def blocks(street: Street, places: Sequence[Place], lang: str) -> list[Block]:
    found: dict[str, list[Place]] = {}
    for place in places:
        found.setdefault(f"community:{place.community}" if place.community else f"committee:{place.committee}", []).append(place)
    return [
        Block(
            unit, unit_name(street, unit, lang), tuple((one.id, one.en if lang == "en" and one.en else one.name) for one in doors)
        )
        for unit, doors in found.items()
    ]


def intake(
    look: Look,
    street: Street,
    me: Viewer,
    places: Sequence[Place],
    channels: Sequence[str],
    key: str,
    values: Mapping[str, str] | None = None,
    error: DoorstepError | None = None,
    *,
    near: str = "",
    made: str = "",
) -> str:
    """The form; `near` is the community chosen from a long list, `made` the number of what was taken in just now."""
    typed, lang = values or {}, look.lang
    all_blocks = blocks(street, places, lang)
    chosen = [block for block in all_blocks if block.id == near] if near else all_blocks
    few = len(places) <= DOORS_MAX or bool(near)
    return render(
        "intake.html",
        look,
        street,
        DESK,
        f=frame(look, street, t(lang, "desk.new.title")),
        me=me,
        grants=[grant_name(street, grant, lang) for grant in me.grants],
        here="new",
        total="",
        key=key,
        blocks=chosen if few else [],
        all_blocks=[] if len(places) <= DOORS_MAX else all_blocks,
        near=near,
        channels=[(channel, t(lang, f"channel.{channel}")) for channel in channels],
        classes=[(one.id, one.name.text(lang)) for one in street.classes],
        categories=[(one.id, one.name.text(lang)) for one in street.categories],
        reporters=reporters(lang),
        found=[("active", t(lang, "found.active")), ("passive", t(lang, "found.passive"))],
        hows=[(how, t(lang, f"how.{how}")) for how in HOWS],
        values={name: typed.get(name, "") for name in FIELDS},
        problem=problem_view(lang, error, FIELDS),
        made=made,
    )
