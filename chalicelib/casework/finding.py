"""Finding cases in a list: by the words that stand on their cards, and by what they are.

Cards carry nothing personal but the first clause of what was said, so that a search needs no case item. Every word has to
stand somewhere; width and case of letters don't matter (people paste full-width digits).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.casework.card import Card
from chalicelib.street import Street

# A search box is not for essays.
WORDS_MAX = 8
TYPED_MAX = 80
# What a case can be filtered by: attributes of the card.
FACETS = ("committee", "community", "category", "case_class", "channel")
# A card without a category or a class; no identifier of a street file has this form.
NONE = "-"


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to. `facets` are (facet, value); `NONE` stands for nothing chosen yet."""

    words: tuple[str, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.words or self.facets)


def words_of(typed: str) -> tuple[str, ...]:
    """What was typed, in the one form that is compared; more than `WORDS_MAX` words are left out."""
    return tuple(plain(typed[:TYPED_MAX]).split())[:WORDS_MAX]


def plain(text: str) -> str:
    """The form in which words are compared: width and case of letters don't matter."""
    return unicodedata.normalize("NFKC", text).casefold()


def find(cards: Iterable[Card], wanted: Wanted, street: Street) -> list[Card]:
    """The cards that carry every word and every value, in their order."""
    return [card for card in cards if _has(card, wanted, street)]


def _has(card: Card, wanted: Wanted, street: Street) -> bool:
    if any((getattr(card, facet) or NONE) != value for facet, value in wanted.facets):
        return False
    if not wanted.words:
        return True
    text = _text(card, street)
    return all(word in text for word in wanted.words)


def _text(card: Card, street: Street) -> str:
    """Everything that stands on a card, names in all the street's languages."""
    named = (
        street.committee_by_id.get(card.committee),
        street.category_by_id.get(card.category),
        street.class_by_id.get(card.case_class),
    )
    names = [name for one in named if one for name in (one.name.zh, one.name.en)]
    parts = (card.no, card.no.replace("-", ""), card.title, card.place, card.place_en, card.owner, *names)
    return plain("\n".join(part for part in parts if part))


def values(cards: Sequence[Card], facet: str) -> list[tuple[str, int]]:
    """The values of a facet among these cards with how many have each, the commonest first."""
    found = Counter(getattr(card, facet) or NONE for card in cards)
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))
