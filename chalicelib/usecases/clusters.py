"""Once a day: which reports of the last weeks are one matter of several committees. Proposed to people, who decide.

What reports said is read here and nowhere kept: a proposal holds numbers of cases and the pairs of characters that at least two
of them share. What was dismissed is known again and stays so until it has grown.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from chalicelib.casework import clusters, numbers
from chalicelib.casework.card import Card
from chalicelib.casework.class_cases import ClassCase, Member
from chalicelib.casework.clusters import Cluster, Doc
from chalicelib.casework.events import stamp
from chalicelib.casework.figures_period import Period
from chalicelib.models import classes
from chalicelib.usecases.classes import MEMBERS_MAX
from chalicelib.usecases.context import Context

log = logging.getLogger("doorstep")

# How far back is looked, how many reports at most (the latest), and how much of each is read.
WEEKS, MOST, READ = 5, 2000, 160
# What looking takes of a run's time at most; begun with less, it is left to the next run.
NEEDS_S, CLAIM_S = 45.0, 300
A_DAY = 86_400
VERIFIER = "verifier"

replace = msgspec.structs.replace


@dataclass(frozen=True)
class Proposed:
    """`looked` reports, `new` proposals; None where it was not the time for it."""

    looked: int
    new: int


def daily(ctx: Context, seconds_left: Callable[[], float]) -> Proposed | None:
    """Proposes once a day of the street's; a run that breaks is made up for by the next one."""
    wall, day = int(ctx.clock.wall().timestamp()), ctx.clock.civil().astimezone(ctx.street.tz).date().isoformat()
    if seconds_left() < NEEDS_S or not classes.claim(ctx.street.id, "clusters", day, wall, wall + CLAIM_S):
        return None
    made = propose(ctx)
    classes.finished(ctx.street.id, "clusters", wall + A_DAY)
    return made


def propose(ctx: Context) -> Proposed:
    known = classes.every(ctx.street.id)
    found = _recent(ctx, {no for one in known if one.state == "done" for no in one.numbers})
    docs = [
        Doc(no, text, found[no].category, found[no].committee, found[no].received_at)
        for no, text in sorted(classes.texts(list(found), READ))
    ]
    new, seen = 0, set()
    for cluster in clusters.clusters(docs):
        standing = _standing(known, cluster)
        seen |= {standing.id} if standing else set()
        new += _keep(ctx, standing, cluster, found)
    for one in known:
        if one.state == "proposed" and one.id not in seen:
            classes.forget(ctx.street.id, one)
    return Proposed(len(docs), new)


def _recent(ctx: Context, done: set[str]) -> dict[str, Card]:
    """Reports of the last weeks that stand for a matter; verifiers' own cases are nobody's to compare."""
    now = ctx.clock.civil()
    since = now - timedelta(weeks=WEEKS)
    days = Period(since.astimezone(ctx.street.tz).date(), now.astimezone(ctx.street.tz).date() + timedelta(days=1))
    cards = sorted(classes.came(days.months(), stamp(since), stamp(now)), key=lambda card: card.received_at, reverse=True)
    verified = {rung.id for rung in ctx.street.rungs if rung.role == VERIFIER}
    kept = [card for card in cards if card.state != "invalid" and card.rung not in verified and card.no not in done]
    return {card.no: card for card in kept[:MOST]}


def _standing(known: Sequence[ClassCase], cluster: Cluster) -> ClassCase | None:
    """What is there already of this matter: taken up first, then proposed, then dismissed. What is done is done: the same matter
    afterwards is a new one.
    """
    for state in ("open", "proposed", "dismissed"):
        there = {one.id: one for one in known if one.state == state}
        match = clusters.first((one.decided for one in there.values()), cluster)
        if match is not None:
            return there[match.id]
    return None


def _keep(ctx: Context, standing: ClassCase | None, cluster: Cluster, cards: dict[str, Card]) -> int:
    """Stores what is to be shown; 1 for what was not shown before."""
    members = tuple(_member(cards[doc.no]) for doc in cluster.docs[-MEMBERS_MAX:])
    fresh = ClassCase(
        id="".join(secrets.choice(numbers.ALPHABET) for _ in range(6)),
        members=members,
        words=cluster.words,
        centre=dict(cluster.centre),
        proposed_at=stamp(ctx.clock.civil()),
    )
    after: ClassCase | None = fresh
    if standing is not None:
        after = _again(standing, fresh, cluster)
    if after is None or after == standing:
        return 0
    try:
        classes.put(ctx.street.id, after)
    except classes.Stale:
        # Somebody is deciding on it this very moment: tomorrow's look sees what they did.
        log.info("a class case was changed while it was proposed again")
        return 0
    return int(standing is None or standing.state != after.state)


def _again(standing: ClassCase, fresh: ClassCase, cluster: Cluster) -> ClassCase | None:
    if standing.state == "open":
        there = {*standing.numbers, *standing.out}
        return replace(standing, more=tuple(member for member in fresh.members if member.no not in there))
    if standing.state == "proposed":
        return replace(standing, members=fresh.members, words=fresh.words, centre=fresh.centre)
    if not clusters.grown(cluster, standing.decided):
        return None
    return replace(fresh, id=standing.id, version=standing.version, steps=standing.steps, grown_from=len(standing.members))


def _member(card: Card) -> Member:
    return Member(no=card.no, committee=card.committee, zone=card.zone, at=card.received_at)
