"""docs/asvs.md, docs/api-top10.md and docs/dependencies.md, from the lists under infra/security and infra/advisories.toml."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable

from infra import audit
from infra.docs.markdown import page, table
from infra.security import STATES, Chapter, Point, api_top10, asvs

_NOTE = "Rendered from the data under `infra/`; `make docs` writes it, a test holds it up to date."


def asvs_page() -> str:
    chapters = asvs()
    every = [point for chapter in chapters for point in chapter.points]
    said = ", ".join(f"{count} {state}" for state, count in zip(STATES, _counts(every), strict=True))
    open_ones = [(one.id, one.asks, one.how) for one in every if one.state == "not met"]
    lines = [
        "# OWASP ASVS 5.0, levels 1 and 2",
        "",
        "Ids and levels are those of OWASP's Application Security Verification Standard 5.0.0; what a point asks is said here in "
        f"our own words, shortly: the standard's own text counts. {_NOTE} [Back](security.md)",
        "",
        *table(("chapter", *STATES), [(f"{one.id} {one.name}", *_counts(one.points)) for one in chapters]),
        f"Altogether {len(every)} points: {said}.",
        "",
        "## Not met",
        "",
        *table(("point", "asks", "why, and what would mend it"), open_ones),
    ]
    for chapter in chapters:
        lines += [f"## {chapter.id} {chapter.name}", "", *_points(chapter)]
    return page(lines)


def api_page() -> str:
    found = api_top10()
    return page([f"# OWASP {found.name}", "", f"In our own words. {_NOTE} [Back](security.md)", "", *_points(found)])


def dependencies_page() -> str:
    data = audit.known()
    project = tomllib.loads((audit.ROOT / "pyproject.toml").read_text("utf-8"))
    pinned = {audit.normal(one.split("==")[0]): one.split("==")[1] for one in project["project"]["dependencies"]}
    rows = [(name, pinned.get(name, "with it"), about["licence"], about["for"]) for name, about in data["ships"].items()]
    flaws = [
        (one["package"], one["version"], ", ".join(one["ids"]), one["why"], one["meanwhile"], one["until"])
        for one in data["accepted"]
    ]
    return page(
        [
            "# What ships beside our own code",
            "",
            f"{_NOTE} Known flaws were looked up on {data['looked_up']}; `make audit` asks again. [Back](security.md)",
            "",
            *table(("package", "version", "licence", "what for"), rows),
            "## Known flaws that are open",
            "",
            *table(("package", "version", "flaws", "why", "meanwhile", "until"), flaws),
        ]
    )


def _counts(points: Iterable[Point]) -> list[str]:
    found = Counter(point.state for point in points)
    return [str(found[state]) for state in STATES]


def _points(chapter: Chapter) -> list[str]:
    has_levels = any(one.level for one in chapter.points)
    head = ("point", *(("level",) if has_levels else ()), "asks", "state", "how", "where", "shown by")
    return table(
        head,
        [
            (one.id, *((str(one.level),) if has_levels else ()), one.asks, one.state, one.how, _links(one.where), _tests(one))
            for one in chapter.points
        ],
    )


def _links(files: Iterable[str]) -> str:
    return "<br>".join(f"[{name.rpartition('/')[2]}](../{name})" for name in files)


def _tests(point: Point) -> str:
    if point.untested:
        return f"no test: {point.untested}"
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in point.tests)
