"""The words that a street file may use. Names are the street's own, these identifiers are not."""

from __future__ import annotations

from chalicelib.casework.access import ROLES as _ROLES

SCHEMA = 1
KINDS = ("issue", "rental", "population")
LANGUAGES = ("zh-CN", "en")
SCOPES = ("community", "committee", "zone", "street")
ROLES = tuple(sorted(_ROLES))

# Where reports come from. `register` is the rule that turns an overcrowded registration into a case by itself.
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
)

# Kinds of places where a code hangs, inside the walls and outside them.
PLACE_KINDS = ("building", "unit", "board", "lift", "property_office", "street_segment", "shop", "park", "campus")

# What clocks start and stop at, and what notices are caused by. `entered`: the case came to the rung that names the clock.
EVENTS = (
    "entered",
    "submitted",
    "accepted",
    "assigned",
    "asked",
    "replied",
    "added",
    "passed_up",
    "allocated",
    "prelim_given",
    "handled_proposed",
    "handled_confirmed",
    "handled_declined",
    "answered",
    "closed",
    "withdrawn",
    "reopened",
    "rated",
)
# What a street may send a message at: an event, or what one amounts to. `flagged`: late and put before the supervisors;
# `hazard`: a case of a dangerous class has come in, or was found to be one.
OCCASIONS = (*EVENTS, "reminded", "lapsed", "flagged", "hazard")
PAUSES = ("waiting", "handled", "visiting")
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
# `lead`: the roles that the rung names; `tell`: those that the clock names; `contacts`: parties without an account; `role:…`:
# whoever
# holds the role nearest to the place.
RECIPIENTS = ("reporter", "office", "assignee", "lead", "tell", "contacts", *(f"role:{role}" for role in ROLES))

PROVIDERS = ("aliyun", "tencent", "sns", "local")

# Names become SMS parameters, which carriers cut at twelve characters.
NAME_MAX = 12
# A printed address is `HTTPS://DOMAIN/Q/` + 21 characters; 67 characters are what a version 4 code of level Q holds.
DOMAIN_MAX = 67 - len("HTTPS:///Q/") - 21
