"""Which reports of a street are about one matter, although people at different doors tell it in different words (mission G1).

Each text becomes a vector of the weighted pairs of characters of `similar` (weight × idf over the texts at hand), two texts are
as near as the cosine of theirs, a little nearer in the same category and a little farther in different ones. Texts are then
joined two groups at a time, always the nearest pair by *average* link, until no pair is near enough: a chain of neighbours
(charging – charging in the corridor – junk in the corridor) falls apart: its ends have nothing in common. Only texts that
share a pair of characters are compared at all: a month of a thousand reports takes a few seconds, without any library.

The numbers were chosen with part A of the labelled texts of the tests and are measured on part B.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.casework.similar import matter_of

# Average likeness from which on two groups are one matter, and what the residents' own choice of a category adds or takes.
LINK = 0.22
SAME_CATEGORY, OTHER_CATEGORY = 0.06, -0.10
# Among many texts a single rare character (灯, 鼠) says more than between two.
SINGLE, PAIR = 0.7, 1.0
# A rarer pair says more, but not in proportion; and what a text alone says tells it apart less than the whole of it suggests.
DAMPED, HAPAX = 0.7, 0.8
# As if so many reports of other matters stood beside those at hand: in a quiet week everything may be about one matter.
OTHERS = 10
# What every second text holds says nothing; a pair that so many texts share is not used to find neighbours.
COMMON = 0.25
# What is less alike counts as not alike at all.
FAINT = 0.03
# A proposal: so many reports from so many committees.
LEAST, COMMITTEES = 4, 3
WORDS, WORD_MAX = 5, 6
# How many terms of a matter are kept to know it again.
CENTRE = 40
# A dismissed matter comes back when it has grown to so many times what it was, and by so many reports.
GROWN, GROWN_BY = 1.5, 3
# From here on a proposal is the same as one that was decided on: by the reports that it holds, or by its words.
SAME_MEMBERS, SAME_WORDS = 0.5, 0.6


@dataclass(frozen=True)
class Doc:
    """A report as far as clustering looks at it; `at` is when it came in, as stored."""

    no: str
    text: str
    category: str = ""
    committee: str = ""
    at: str = ""


@dataclass(frozen=True)
class Cluster:
    """Reports of one matter, the oldest first. `words` are what they share and others don't, the weightiest first; `centre` is
    their mean vector, cut to what weighs most.
    """

    docs: tuple[Doc, ...]
    words: tuple[str, ...]
    centre: Mapping[str, float]

    @property
    def committees(self) -> tuple[str, ...]:
        return tuple(sorted({doc.committee for doc in self.docs if doc.committee}))


Vector = dict[str, float]


def vectors(docs: Sequence[Doc]) -> list[Vector]:
    """A unit vector for each text; empty for a text without words."""
    terms = [matter_of(doc.text)[1] for doc in docs]
    holding = Counter(term for found in terms for term in found)
    count = len(docs)
    weights = {term: _weight(term, n, count) for term, n in holding.items()}
    return [_unit({term: weights[term] for term in found}) for found in terms]


def _weight(term: str, holding: int, count: int) -> float:
    rare: float = math.log((count + OTHERS) / (holding + 0.5)) ** DAMPED
    return rare * (PAIR if len(term) > 1 else SINGLE) * (HAPAX if holding == 1 else 1.0)


def _unit(vector: Mapping[str, float]) -> Vector:
    norm = math.sqrt(sum(value * value for value in vector.values()))
    return {term: value / norm for term, value in vector.items()} if norm else {}


def _near(docs: Sequence[Doc], found: Sequence[Vector]) -> dict[tuple[int, int], float]:
    """Likeness of every two texts that share a pair of characters which is not everybody's."""
    postings: dict[str, list[int]] = defaultdict(list)
    for index, vector in enumerate(found):
        for term in vector:
            postings[term].append(index)
    most = max(COMMON * len(docs), 2 * LEAST)
    sharing: set[tuple[int, int]] = set()
    for term, indexes in postings.items():
        if len(term) > 1 and len(indexes) <= most:
            sharing.update((one, other) for at, one in enumerate(indexes) for other in indexes[at + 1 :])
    near = ((pair, _likeness(docs[pair[0]], docs[pair[1]], found[pair[0]], found[pair[1]])) for pair in sharing)
    return {pair: value for pair, value in near if value > FAINT}


def _likeness(one: Doc, other: Doc, mine: Vector, theirs: Vector) -> float:
    if len(mine) > len(theirs):
        mine, theirs = theirs, mine
    cosine = sum(value * theirs[term] for term, value in mine.items() if term in theirs)
    if not one.category or not other.category:
        return cosine
    return cosine + (SAME_CATEGORY if one.category == other.category else OTHER_CATEGORY)


def groups(docs: Sequence[Doc], link: float = LINK) -> list[list[int]]:
    """All texts, each in the group of its matter; most stand alone. Average link: a group's likeness to another is the mean over
    all pairs of their texts.
    """
    found = vectors(docs)
    total: dict[int, dict[int, float]] = defaultdict(dict)
    for (one, other), value in _near(docs, found).items():
        total[one][other] = total[other][one] = value
    members = {index: [index] for index in range(len(docs))}
    # Of each group its nearest neighbour; looked for again only where something was joined.
    best = {one: _nearest(one, total, members) for one in members}
    while True:
        one = max(best, key=lambda at: (best[at][0], -at), default=-1)
        if one < 0 or best[one][0] < link:
            return sorted(members.values(), key=lambda group: (-len(group), group[0]))
        other = best[one][1]
        _join(one, other, total, members)
        del best[other]
        best[one] = _nearest(one, total, members)
        for at, value in total[one].items():
            if best[at][1] in {one, other}:
                best[at] = _nearest(at, total, members)
            else:
                best[at] = max(best[at], (value / (len(members[one]) * len(members[at])), one), key=_order)


def _nearest(one: int, total: Mapping[int, Mapping[int, float]], members: Mapping[int, Sequence[int]]) -> tuple[float, int]:
    near = total.get(one, {})
    return max(
        ((value / (len(members[one]) * len(members[other])), other) for other, value in near.items()),
        key=_order,
        default=(-1.0, -1),
    )


def _order(near: tuple[float, int]) -> tuple[float, int]:
    """The nearer first, of equals the earlier."""
    return near[0], -near[1]


def _join(one: int, other: int, total: dict[int, dict[int, float]], members: dict[int, list[int]]) -> None:
    members[one] = sorted(members[one] + members.pop(other))
    for at, value in total.pop(other).items():
        total[at].pop(other)
        if at != one:
            total[one][at] = total[at][one] = total[one].get(at, 0.0) + value


def clusters(docs: Sequence[Doc], *, least: int = LEAST, committees: int = COMMITTEES) -> list[Cluster]:
    """Matters that several committees have: the largest first."""
    found = vectors(docs)
    made = [_cluster([docs[at] for at in group], [found[at] for at in group]) for group in groups(docs) if len(group) >= least]
    return [one for one in made if len(one.committees) >= committees]


def _cluster(docs: Sequence[Doc], theirs: Sequence[Vector]) -> Cluster:
    mean: dict[str, float] = defaultdict(float)
    shared = Counter(term for vector in theirs for term in vector)
    for vector in theirs:
        for term, value in vector.items():
            mean[term] += value / len(theirs)
    ordered = tuple(sorted(docs, key=lambda doc: (doc.at, doc.no)))
    return Cluster(
        ordered,
        _words(docs, mean),
        _unit(
            dict(
                sorted(((term, value) for term, value in mean.items() if shared[term] > 1), key=lambda pair: (-pair[1], pair[0]))[
                    :CENTRE
                ]
            )
        ),
    )


def _words(docs: Sequence[Doc], mean: Mapping[str, float]) -> tuple[str, ...]:
    """What at least half of the texts say in the same characters (after words of one meaning became one), the weightiest first;
    else what most of them do.
    """
    held: Counter[str] = Counter()
    for doc in docs:
        runs = matter_of(doc.text)[0]
        held.update({run[at:to] for run in runs for at in range(len(run)) for to in _ends(run, at)})
    enough = min(len(docs) / 2, max((n for n in held.values()), default=0))
    shared = {word: n for word, n in held.items() if n >= enough}
    whole = [word for word in shared if not any(word != other and word in other for other in shared)]
    return tuple(sorted(whole, key=lambda word: (-shared[word] * _says(word, mean), word))[:WORDS])


def _ends(run: str, at: int) -> Iterable[int]:
    """Where a word that begins there may end; Latin ones are whole."""
    if run.isascii():
        return (len(run),) if at == 0 else ()
    return range(at + 2, min(at + WORD_MAX, len(run)) + 1)


def _says(word: str, mean: Mapping[str, float]) -> float:
    parts = (f"{word}|",) if word.isascii() else (word[at : at + 2] for at in range(len(word) - 1))
    return sum(mean.get(part, 0.0) for part in parts)


@dataclass(frozen=True)
class Decided:
    """A matter that people have decided on: dismissed, or taken up as a class case."""

    id: str
    members: frozenset[str]
    centre: Mapping[str, float]


def same(cluster: Cluster, known: Decided) -> bool:
    """Whether the cluster is the matter that was decided on: its reports, or its words a month later."""
    numbers = {doc.no for doc in cluster.docs}
    both = len(numbers & known.members)
    if both and both >= SAME_MEMBERS * min(len(numbers), len(known.members)):
        return True
    return sum(value * known.centre.get(term, 0.0) for term, value in cluster.centre.items()) >= SAME_WORDS


def grown(cluster: Cluster, known: Decided) -> bool:
    """Whether a dismissed matter is to be shown again."""
    size = len(cluster.docs)
    return size >= GROWN * len(known.members) and size >= len(known.members) + GROWN_BY


def first(known: Iterable[Decided], cluster: Cluster) -> Decided | None:
    return next((one for one in known if same(cluster, one)), None)
