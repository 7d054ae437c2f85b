"""The words that a street file may use. Names are the street's own, these identifiers are not."""

from __future__ import annotations

from chalicelib.casework.access import CONTACT as _CONTACT
from chalicelib.casework.access import ROLES as _ROLES
from chalicelib.casework.access import SCOPES as _SCOPES
from chalicelib.casework.case import OPEN_STATES as _OPEN_STATES
from chalicelib.casework.folds import FOLDS as _FOLDS

_BOOKKEEPING = frozenset(
    {"lapsed", "reminded", "revealed", "link_renewed", "absorbed", "parted", "erased", "classed", "unclassed", "class_done"}
)

SCHEMA = 1
KINDS = ("issue", "rental", "population")
LANGUAGES = ("zh-CN", "en")
SCOPES = _SCOPES
ROLES = tuple(sorted(_ROLES))
# Who a rung may dispatch to; `contact`: a party without an account, which can help and never lead.
PARTNERS = (*ROLES, _CONTACT)
CONTACT = _CONTACT
# What is written for a case that leaves the ladder upward.
DOCUMENTS = ("suggestion", "visit_day", "district", "survey")
# What takes a second person's yes, and the lists of reasons that a street may word itself.
APPROVALS = ("extend", "long_run", "invalid", "unreachable")
REASONS = ("refusal", "extension", "cause")

# Where reports come from. `register` is the rule that turns an overcrowded registration into a case by itself, `open311` another
# city's or company's application.
CHANNELS = (
    "qr",
    "hotline_12345",
    "petition",
    "walk_in",
    "visit",
    "patrol",
    "meeting",
    "committee",
    "phone",
    "assisted",
    "register",
    "open311",
)

# Kinds of places where a code hangs, inside the walls and outside them.
PLACE_KINDS = ("building", "unit", "board", "lift", "property_office", "street_segment", "shop", "park", "campus")

# What clocks start and stop at, and what notices are caused by: what can happen to a case, less what is only bookkeeping.
# `entered`: the case came to the rung that names the clock.
EVENTS = ("entered", *(event for event in _FOLDS if event not in _BOOKKEEPING))
# What a street may send a message at: an event, or what one amounts to. `flagged`: late and put before the supervisors;
# `hazard`: a case of a dangerous class has come in, or was found to be one; `due`: a date to look again has come.
OCCASIONS = (*EVENTS, "reminded", "lapsed", "flagged", "hazard", "due")
# Steps that can name a date, at which an `until` clock ends.
DATING = ("dispatched", "long_run_started", "handled_confirmed")
PAUSES = tuple(sorted(_OPEN_STATES - {"received"}))
ACTIONS = ("escalate", "remind", "flag")
BASES = ("stated", "assumed")
UNITS = ("m", "h", "wd", "d")

# Numbered as in the carriers' approvals.
TEMPLATES = (
    "received",
    "accepted",
    "question",
    "extended",
    "handled",
    "reopened",
    "new",
    "near",
    "late",
    "dispatched",
    "supervised",
    "digest",
    "hazard",
    "register",
)
# `lead`: the roles that the rung names; `tell`: those that the clock names; `contacts`: parties without an account near the
# place; `partners`: the lead and co-handlers that the event is about; `visitors`: who makes the return visit; `approvers`:
# who can say yes to what was asked for; `role:…`: whoever holds the role nearest to the place.
RECIPIENTS = (
    "reporter",
    "office",
    "assignee",
    "lead",
    "tell",
    "contacts",
    "partners",
    "visitors",
    "approvers",
    *(f"role:{role}" for role in ROLES),
)

PROVIDERS = ("aliyun", "tencent", "sns", "local")

# Names become SMS parameters, which carriers cut at twelve characters.
NAME_MAX = 12
# A printed address is `HTTPS://DOMAIN/Q/` + 21 characters; 67 characters are what a version 4 code of level Q holds.
DOMAIN_MAX = 67 - len("HTTPS:///Q/") - 21
