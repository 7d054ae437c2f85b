"""Puts the entries of `faq.toml` among the demo street's answers, once."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from chalicelib.casework.access import Actor
from chalicelib.casework.numbers import ALPHABET
from chalicelib.models import faq as stored
from chalicelib.usecases import faq
from chalicelib.usecases.context import Context

FILE = Path(__file__).with_name("faq.toml")
CLERK = Actor(id="staff:demo", name="街道管理员", grants=("street_admin@street",))


def keep(ctx: Context) -> int:
    """How many were added; those that are there, changed or not, are left alone."""
    added = 0
    for entry in tomllib.loads(FILE.read_text("utf-8"))["entries"]:
        name = entry_id(entry["question"])
        if stored.get(ctx.street.id, name) is not None:
            continue
        categories = ctx.street.categories
        category = categories[min(entry["category"], len(categories) - 1)].id if categories else ""
        faq.save(ctx, CLERK, faq.Written(entry["question"], entry["answer"], category), name, 0)
        added += 1
    return added


def entry_id(question: str) -> str:
    """The same for the same question, so that a second start finds it."""
    digest = hashlib.sha256(question.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[: faq.ID_LENGTH])
