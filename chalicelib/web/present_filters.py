"""What a list can be narrowed by, and the addresses of its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from chalicelib.casework.card import Card
from chalicelib.casework.finding import FACETS, NONE, Wanted, values
from chalicelib.street import CaseClass, Category, Committee, Community, Street
from chalicelib.web.i18n import t
from chalicelib.web.look import Look


@dataclass(frozen=True)
class Filter:
    """A choice over a list: (value, words, chosen). Unless `required` it begins with "all"."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]
    required: bool = False


@dataclass(frozen=True)
class Pager:
    """Where the neighbouring pages are; empty for none."""

    before: str
    after: str
    words: str


def filters(street: Street, cards: Sequence[Card], wanted: Wanted, lang: str) -> list[Filter]:
    """One choice for each thing in which these cases differ, with how many there are of each; what is chosen stays offered."""
    chosen = dict(wanted.facets)
    found = []
    for facet in FACETS:
        counted = dict(values(cards, facet))
        if facet in chosen:
            counted.setdefault(chosen[facet], 0)
        if len(counted) < 2 and facet not in chosen:
            continue
        options = tuple(
            (value, t(lang, "desk.find.option", name=_name(street, facet, value, lang), n=n), value == chosen.get(facet))
            for value, n in counted.items()
        )
        found.append(Filter(facet, t(lang, f"desk.find.{facet}"), options))
    return found


def _name(street: Street, facet: str, value: str, lang: str) -> str:
    if facet == "channel":
        return t(lang, f"channel.{value}")
    if facet == "community" and value == NONE:
        return t(lang, "desk.find.outside")
    if value == NONE:
        return t(lang, "desk.queue.unsorted")
    named: dict[str, Mapping[str, Committee | Community | Category | CaseClass]] = {
        "committee": street.committee_by_id,
        "community": street.community_by_id,
        "category": street.category_by_id,
        "case_class": street.class_by_id,
    }
    found = named[facet].get(value)
    return found.name.text(lang) if found else value


def address(chosen: Mapping[str, str | int], path: str = "/desk") -> str:
    """The address of a list with these choices; empty ones are left out."""
    kept = {name: value for name, value in chosen.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def pager(look: Look, chosen: Mapping[str, str], at: int, pages: int) -> Pager | None:
    if pages < 2:
        return None
    before = look.root + address({**chosen, "page": at - 1 if at > 2 else ""}) if at > 1 else ""
    after = look.root + address({**chosen, "page": at + 1}) if at < pages else ""
    return Pager(before, after, t(look.lang, "desk.list.page", page=at, pages=pages))
