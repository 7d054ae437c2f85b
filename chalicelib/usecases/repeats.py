"""Whether a submission's key has made its case already, without submitting again."""

from __future__ import annotations

from chalicelib.casework import numbers
from chalicelib.casework.case import Case
from chalicelib.models import cases
from chalicelib.usecases.context import Context


def already(ctx: Context, key: str) -> Case | None:
    """One consistent read. The number derives from the key; that two keys share one is for `submit` to sort out."""
    standing = cases.get(numbers.case_number(ctx.keys.mac("case", key, "0")))
    return standing.case if standing and standing.submission == ctx.keys.mac("submission", key).hex() else None
