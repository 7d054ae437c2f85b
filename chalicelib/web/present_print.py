"""What is printed for a door and a community, as words: the same for the PDF and for the desk's print page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.street import POSTS, CardLine, Community, Kind, Place, Street
from chalicelib.web.i18n import t
from chalicelib.web.present_form import PlateView, plate, promise, version_words

# On which door of a community a resident is likeliest to stand when they use the card: its code is printed there.
_CARD_PLACES = ("property_office", "board")


@dataclass(frozen=True)
class CodeView:
    """A code with its form's name, the street's own. `url` is what the code says."""

    kind: str
    name: str
    hint: str
    url: str


@dataclass(frozen=True)
class Step:
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """What is the same on every poster of a street; `codes`: how many each has."""

    head: str
    sub: str
    steps: tuple[Step, ...]
    domain: str
    phone: str
    office: str
    brand: str
    printed: str
    codes: int


@dataclass(frozen=True)
class Poster:
    """A door's own part. `codes`: the main one first."""

    plate: PlateView
    place: str
    codes: tuple[CodeView, ...]


@dataclass(frozen=True)
class Line:
    post: str
    name: str
    phone: str


@dataclass(frozen=True)
class CardView:
    title: str
    call: str
    community: str
    committee: str
    street: str
    lines: tuple[Line, ...]
    code: CodeView


def standing(street: Street, places: Sequence[Place], lang: str, month: str, domain: str = "") -> Standing:
    """`month` of printing like `2026-11`; the promise is the one that the form makes. `domain`: another than the street's."""
    reports = street.kind("issue") is not None
    _, promised = promise(street, places[0], lang) if places and reports else ("", {})
    if "whole" in promised:
        until = t(lang, "print.step.whole", time=promised["whole"])
    elif "first" in promised:
        until = t(lang, "print.step.first", time=promised["first"])
    else:
        until = ""
    follow = tuple(filter(None, (until, t(lang, "print.step.follow"))))
    steps = (
        Step(t(lang, "print.step.scan"), (t(lang, "print.step.scan_with"),)),
        Step(t(lang, "print.step.write"), (t(lang, "print.step.nameless"), t(lang, "print.step.phone"))),
        Step(t(lang, "print.step.wait"), follow),
    )
    registering = (
        steps[0],
        Step(t(lang, "print.step.fill"), (t(lang, "print.step.visit"),)),
        Step(t(lang, "print.step.keep"), (t(lang, "print.step.change"),)),
    )
    return Standing(
        head=t(lang, "print.head.issue" if reports else "print.head.register"),
        sub=t(lang, "print.sub.issue" if reports else "print.sub.register"),
        steps=steps if reports else registering,
        domain=domain or street.domain,
        phone=street.phone,
        office=street.name.text(lang),
        brand=street.brand.text(lang),
        printed=t(lang, "print.imprint.printed", month=version_words(month, lang)),
        codes=len(street.kinds),
    )


def _code(kind: Kind, url: str, lang: str) -> CodeView:
    hints = {"rental": t(lang, "print.side.rental"), "population": t(lang, "print.side.population")}
    return CodeView(kind.id, kind.name.text(lang), hints.get(kind.id, t(lang, "print.side.issue")), url)


def poster(street: Street, place: Place, urls: Mapping[str, str], lang: str) -> Poster:
    """`urls` by kind, those of this place. What is wrong goes first, whatever the order in the street's file."""
    kinds = sorted((kind for kind in street.kinds if kind.id in urls), key=lambda kind: kind.id != "issue")
    return Poster(plate(street, place, lang), place.id, tuple(_code(kind, urls[kind.id], lang) for kind in kinds))


def card_place(community: Community, places: Sequence[Place]) -> Place | None:
    """Whose code stands on a community's card: the property office's, the notice board's, else the first door's in use."""
    own = [place for place in places if place.community == community.id and not place.retired]
    own.sort(key=lambda place: _CARD_PLACES.index(place.kind) if place.kind in _CARD_PLACES else len(_CARD_PLACES))
    return own[0] if own else None


def card_lines(street: Street, community: Community, lang: str) -> tuple[Line, ...]:
    """For each post the line whose unit is nearest to the community; posts without any are left out."""
    committee = street.committee_by_id[community.committee]
    around = (f"community:{community.id}", f"committee:{committee.id}", f"zone:{committee.zone}", "street")
    by_unit: dict[tuple[str, str], CardLine] = {(line.post, unit): line for line in street.cards for unit in line.units}
    found = []
    for post in POSTS:
        line = next((by_unit[post, unit] for unit in around if (post, unit) in by_unit), None)
        if line:
            found.append(Line(post, line.name.text(lang) if line.name else t(lang, f"print.post.{post}"), line.phone))
    return tuple(found)


def card(street: Street, community: Community, kind: Kind, url: str, lang: str) -> CardView:
    return CardView(
        title=t(lang, "print.card.title"),
        call=t(lang, "print.card.call"),
        community=community.name.text(lang),
        committee=street.committee_by_id[community.committee].name.text(lang),
        street=street.name.text(lang),
        lines=card_lines(street, community, lang),
        code=_code(kind, url, lang),
    )
