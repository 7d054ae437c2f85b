"""What dispatching makes of a case: lead and co-handlers (主办/协办), signing and refusing, reporting in, and pairs of cases."""

from __future__ import annotations

from typing import Any

import msgspec

from chalicelib.casework import steps
from chalicelib.casework.access import CONTACT, partner_of
from chalicelib.casework.case import Case, Party
from chalicelib.casework.situation import Made, Situation, named, note
from chalicelib.errors import FieldError, NotAllowed


def dispatch(s: Situation) -> Made:
    lead: Party = s.data["lead"]
    if not lead.grant:
        raise NotAllowed("fields", fields=[FieldError("lead", "contact_leads")])
    # Each once, whatever was ticked.
    called: dict[str, Party] = {party.id: party for party in (lead, *(s.data.get("co") or ()))}
    data: dict[str, Any] = {"to": [named(party) for party in called.values()], "demands": s.text("demands")}
    if s.text("until"):
        data["until"] = s.ahead("until")
    return [("dispatched", {**data, **steps.designation(s)})]


def sign(s: Situation) -> Made:
    return [("signed", note(s))]


def refuse(s: Situation) -> Made:
    """Back to who sent it; the case's own clocks run on."""
    data: dict[str, Any] = {"reason": s.text("reason"), "basis": s.text("basis")}
    lead = s.case.lead
    if lead is not None:
        return [("refused", {**data, "party": lead.party.id})]
    return [("refused", {**steps.back(s.case, s.street, ""), **data})]


def report_in(s: Situation) -> Made:
    partner = partner_of(s.actor, s.case, owing=True)
    if partner is not None:
        return [("reported_in", {"party": partner.party.id, "name": partner.party.name, **note(s)})]
    # The office says it for a party without an account, or that it is there itself (到场).
    party = s.text("party")
    owing = {one.party.id: one.party.name for one in s.case.owing if one.party.id.startswith(f"{CONTACT}:")}
    if party and party not in owing:
        raise NotAllowed("fields", fields=[FieldError("party", "choice")])
    if not party and s.case.state not in {"signed", "accepted"}:
        raise NotAllowed("fields", fields=[FieldError("party", "required")])
    return [("reported_in", {"party": party, "name": owing.get(party, ""), **note(s)})]


def release(s: Situation) -> Made:
    owing = {partner.party.id: partner.party.name for partner in s.case.owing}
    if s.text("party") not in owing:
        raise NotAllowed("fields", fields=[FieldError("party", "choice")])
    return [("released", {"party": s.text("party"), "name": owing[s.text("party")], "reason": s.text("reason")})]


def clear(s: Situation) -> Made:
    return [("cleared", {"text": s.text()})]


def meet(s: Situation) -> Made:
    return [("met", {"note": s.text(), "internal": True})]


def merge(s: Situation) -> Made:
    """The same person's repeat ends in the case that stays (并单); so may an order of another system, whoever called there: its
    own clock comes along, and its reporter is answered too.
    """
    other: Case = s.data["other"]
    if other.no == s.case.no or not other.open:
        raise NotAllowed("fields", fields=[FieldError("other", "not_open")])
    someone_else = s.case.phone_mac and other.phone_mac and s.case.phone_mac != other.phone_mac
    if someone_else and not s.case.external:
        raise NotAllowed("fields", fields=[FieldError("other", "another_person")])
    return [("merged", {"outcome": "duplicate", "into": other.no, "text": ""})]


def absorb(gone: Case, mirrored: list[dict[str, Any]]) -> Made:
    """The other half of merging, on the case that stays: who else is to be answered, and the clocks that came along."""
    follower = {"no": gone.no, "channel": gone.channel, "external": gone.external, "phone_mac": gone.phone_mac}
    data: dict[str, Any] = {"follower": follower, "no": gone.no, "internal": True}
    # Those merged into it before follow along.
    older = [("absorbed", {"follower": msgspec.structs.asdict(one), "no": one.no, "internal": True}) for one in gone.followers]
    return [("absorbed", {**data, "clocks": {"start": mirrored}} if mirrored else data), *older]


def link(s: Situation) -> Made:
    """Different people's cases of the same matter: each goes on and is answered."""
    other: Case = s.data["other"]
    if other.no == s.case.no or other.no in s.case.links:
        raise NotAllowed("fields", fields=[FieldError("other", "linked")])
    return [("linked", {"no": other.no, "internal": True})]
