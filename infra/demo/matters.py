"""Class cases in the demo (`matters.toml`): the machine proposes them among the cases of the story, people take them up."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.casework.access import Actor
from chalicelib.casework.class_cases import ClassCase, decides, offices
from chalicelib.models import classes as stored
from chalicelib.usecases import classes, clusters
from chalicelib.usecases.context import Context

FILE = Path(__file__).with_name("matters.toml")

Act = Callable[[Context], None]


def turns(ctx: Context, people: Sequence[Actor], now: datetime) -> list[tuple[datetime, Act]]:
    """What happens and when; nothing where there are class cases already, and where the machine proposes none."""
    if stored.every(ctx.street.id):
        return []
    found: list[tuple[datetime, Act]] = []
    for entry in tomllib.loads(FILE.read_text("utf-8"))["matters"]:
        found.append((now - timedelta(hours=entry["ago"]), _taken_up(entry, people)))
        if "done" in entry:
            found.append((now - timedelta(hours=entry["done"]["ago"]), _done(entry, people)))
    return found


def _taken_up(entry: Mapping[str, Any], people: Sequence[Actor]) -> Act:
    def act(ctx: Context) -> None:
        clusters.propose(ctx)
        one = _find(ctx, entry["word"], "proposed")
        actor = _decider(one, people)
        if one is None or actor is None:
            return
        lead = offices(ctx.street)[0]
        typed = {"title": entry["title"], "unit": entry["unit"], "lead": lead, "keep": list(one.numbers)}
        one = classes.act(ctx, actor, one.id, "accept", typed, one.version)
        for committee, number in zip(one.committees, entry["needs"], strict=False):
            one = classes.act(ctx, actor, one.id, "need", {"committee": committee, "number": str(number)}, one.version)
        classes.act(ctx, actor, one.id, "note", {"text": entry["note"]}, one.version)

    return act


def _done(entry: Mapping[str, Any], people: Sequence[Actor]) -> Act:
    def act(ctx: Context) -> None:
        one = _find(ctx, entry["word"], "open")
        actor = _decider(one, people)
        if one is not None and actor is not None:
            classes.act(ctx, actor, one.id, "finish", entry["done"], one.version)

    return act


def _find(ctx: Context, word: str, state: str) -> ClassCase | None:
    """By what its proposal is for: the words change with every report."""
    found = (one for one in stored.every(ctx.street.id) if one.state == state)
    return next((one for one in found if any(word in said for said in one.words)), None)


def _decider(one: ClassCase | None, people: Sequence[Actor]) -> Actor | None:
    return next((actor for actor in people if one is not None and decides(actor, one)), None)
