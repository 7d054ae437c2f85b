"""What people really send: every page that links lead to, and every form on it, asked for as everybody who works here and as a
visitor. The changes begin from these.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tests.crawl import kind_of
from tests.fuzz.mutate import Mutator, Pairs

if TYPE_CHECKING:
    from tests.client import Form, Page, Visitor
    from tests.fuzz.street import Street

# Pages of one kind that are looked at by one person: the others differ by their case, and cases differ by what may be done.
EACH = 2
CASE = re.compile(r"/desk/(cases|registers)/[^/?]+$")
EACH_CASE = 12
MOST, FEW = 1000, 45
VISITOR = ""


@dataclass(frozen=True)
class Link:
    who: str
    target: str


@dataclass(frozen=True)
class Filled:
    """A form as the page shows it: fixed fields, and fields to choose for."""

    who: str
    action: str
    fields: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...]

    def pairs(self, mutator: Mutator) -> Pairs:
        """Filled in as somebody would: a new attempt, something chosen, words where words are asked for."""
        chance, made = mutator.chance, []
        chosen = dict(self.choices)
        for name, value in self.fields:
            if name in {"attempt", "key"} and len(value) == 32:
                made.append((name, f"{chance.getrandbits(128):032x}"))
            elif name in chosen or name in {"csrf", "version", "code", "do"} or chance.random() < 0.1:
                made.append((name, value))
            else:
                made.append((name, value or chance.choice(WORDS)))
        for name, options in self.choices:
            made = [pair for pair in made if pair[0] != name]
            if options and chance.random() < 0.9:
                made += [(name, one) for one in chance.sample(options, chance.choice((1, 1, min(2, len(options)))))]
        return made


WORDS = (
    "三号楼",
    "换了灯泡",
    "2026-11-25",
    "2026-11-23",
    "3",
    "30",
    "021-0012 7788",
    "08:00",
    "101室",
    "2026-11",
    "2026Q4",
    "contact",
)


@dataclass
class Corpus:
    links: list[Link] = field(default_factory=list)
    forms: list[Filled] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{len(self.links)} pages and {len(self.forms)} forms of {len({one.who for one in self.links})} people"


def gather(street: Street, whole: bool) -> Corpus:
    """Of everybody; or of two who see most, one page of each kind."""
    found = Corpus()
    world = street.world
    starts = ["/", "/track", "/faq", "/public", "/public/property", "/volunteer", "/api", "/desk/signin", "/openapi.json"]
    places = (0, 3) if whole else (0,)
    starts += [f"/Q/{world.code(place, kind)}" for place in places for kind in ("issue", "rental", "population")]
    tokens = street.tokens if whole else street.tokens[-3:]
    starts += [f"/t/{token}{act}" for token in tokens for act in ("", "/received", "/photos", "/rate", "/edit")]
    each = {False: EACH, True: EACH_CASE} if whole else {False: 1, True: 3}
    most = MOST if whole else FEW
    _walk(found, VISITOR, world.client(), starts, each, most)
    for name in street.desk if whole else ("dispatcher", "verifier"):
        cases = [f"/desk/cases/{no}" for no in street.numbers] + [f"/desk/registers/{no}" for no in street.registrations]
        _walk(found, name, street.desk[name], ["/desk", "/desk?show=scope", *cases], each, most)
    return found


def _walk(found: Corpus, who: str, visitor: Visitor, starts: list[str], each: Mapping[bool, int], most: int) -> None:
    """`each` is how many pages of a kind, of others and of cases; `most` of all."""
    seen: dict[str, int] = {}
    known: set[tuple[str, tuple[str, ...], tuple[str, ...]]] = set()
    waiting, done = deque(starts), set(starts)
    while waiting and sum(seen.values()) < most:
        target = waiting.popleft()
        kind = kind_of(target)
        if seen.get(kind, 0) >= each[CASE.search(target.split("?")[0]) is not None]:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        page = visitor.get(target)
        found.links.append(Link(who, target))
        if not page.header("Content-Type").startswith("text/html"):
            continue
        for one in _forms(who, page):
            key = (kind_of(one.action), tuple(name for name, _ in one.fields), tuple(name for name, _ in one.choices))
            if key not in known:
                known.add(key)
                found.forms.append(one)
        for link in _links(page):
            if link not in done:
                done.add(link)
                waiting.append(link)


def _links(page: Page) -> Iterator[str]:
    for link in page.links:
        where = urlsplit(urljoin(page.path, link))
        if not where.netloc and not where.scheme:
            yield where.path + (f"?{where.query}" if where.query else "")


def _forms(who: str, page: Page) -> Iterator[Filled]:
    for form in page.forms:
        if form.method == "post" and form.enctype.startswith("application/x-www"):
            yield _filled(who, page, form)


def _filled(who: str, page: Page, form: Form) -> Filled:
    fields = [(name, value) for name, value in form.fields.items()]
    fields += [(name, "") for name in form.choices if name not in form.fields]
    choices = tuple((name, tuple(options)) for name, options in form.choices.items())
    return Filled(who, urlsplit(urljoin(page.path, form.action or page.path)).path, tuple(fields), choices)
