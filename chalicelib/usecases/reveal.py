"""Showing a phone number to the person who has to call: logged first, shown after.

This runs in the function `reveal`, the only one besides the sender that may decrypt. It trusts nobody: it checks the session, the
scope and the action again. The log is an event of the case; if it can't be written, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chalicelib.casework import access
from chalicelib.casework.decide import Command
from chalicelib.errors import DoorstepError, Forbidden, NotAllowed, Unknown
from chalicelib.models import cases
from chalicelib.ports import VaultClosed
from chalicelib.usecases import register_reveal, signin, volunteers
from chalicelib.usecases.acting import commit
from chalicelib.usecases.context import Context
from chalicelib.usecases.nearby import crew


def reveal(ctx: Context, session_id: str, no: str, reason: str, note: str, attempt: str) -> str:
    """The phone in its written form. Raises like any action of the desk, `NotAllowed("erased")` when the number is gone."""
    actor = signin.session(ctx, session_id).actor
    stored = cases.get(no)
    if stored is None or not access.may_read(actor, stored.case, ctx.street):
        raise Unknown("case")
    if not access.sees_reporter(actor):
        raise Forbidden("secret_reporter")
    commit(ctx, stored, Command("reveal", attempt, {"reason": reason, "note": note}), actor)
    if not stored.sealed:
        raise NotAllowed("no_phone")
    try:
        return ctx.vault.open(f"case:{no}", stored.sealed)["phone"]
    except VaultClosed as error:
        raise NotAllowed("erased") from error


def handle(ctx: Context, event: Mapping[str, str]) -> dict[str, str]:
    """The function's own entry: `{session, case, reason, note, attempt}` → `{phone}`; `{session, case, crew}` → `{crew}`, the
    colleagues nearest to a hazard as JSON; or `{error, reason}`.
    """
    try:
        if event.get("register") or event.get("whose"):
            return register_reveal.handle(ctx, event)
        if event.get("volunteer"):
            return volunteers.handle(ctx, event)
        if event.get("crew"):
            return {"crew": msgspec.json.encode(crew(ctx, event["session"], event["case"])).decode()}
        phone = reveal(
            ctx, event["session"], event["case"], event.get("reason", ""), event.get("note", ""), event.get("attempt", "")
        )
    except DoorstepError as error:
        return {"error": type(error).__name__, "reason": error.reason}
    return {"phone": phone}
