"""The digests that a member of staff may read."""

from __future__ import annotations

from chalicelib.casework import register_rules as rules
from chalicelib.casework.access import Actor
from chalicelib.models import register_digests
from chalicelib.models.register_digests import Digest
from chalicelib.usecases.context import Context

# For one committee; whoever sees the whole street sees the last day of each.
DAYS, MOST = 14, 70


def digests(ctx: Context, actor: Actor) -> list[Digest]:
    """Of the actor's committees, the latest day first."""
    committees = rules.committees_of(actor, rules.READERS, ctx.street)
    days = max(1, min(DAYS, MOST // max(1, len(committees))))
    found = [digest for one in committees for _, _, digest in register_digests.digests(one, days) if digest is not None]
    return sorted(found, key=lambda digest: (digest.day, digest.committee), reverse=True)
