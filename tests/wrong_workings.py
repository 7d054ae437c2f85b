"""Mistakes around the ladder's steps: lengths by class, hours, repeats, parties, dispatch, exits, approvals, follow-ups."""

from __future__ import annotations

from tests.wrong_street import Wrong

CENTRE_LATE = 'late = "30m"\nwarn'
CONTACT_LATE = 'channels = ["qr", "open311", "committee", "hotline_12345", "petition"]\nlate = "1wd"\n'
PARTY = 'start = "dispatched"\nstop = ["reported_in", "released"]\nlate = "1wd"\nwarn = "1h"\naction = ["flag"]\n'
PARTY += 'tell = ["supervisor"]\n'
DATED = 'start = "long_run_started"\nstop = ["resumed", "handled_proposed"]\n'
REVIEW = 'late = "30d"\nagain = { every = "30d", times = 24 }\n'
VERIFIER = 'assign = ["verifier", "grid_worker"]\n'
ZONE_SENDS = 'dispatch = ["department", "property", "contact"] # zone'
ATTEMPTS = "attempts = 3 #"
REFUSALS = "[reasons]\nrefusal = ["

WORKINGS = [
    # lengths
    Wrong(
        "length of an unknown class",
        'late = "3d"\n',
        'late = "3d"\n@late_for = { simpl = "1d" }\n',
        "clocks.committee_handle.late_for.simpl",
        "no class",
        'did you mean "simple"?',
    ),
    Wrong(
        "length of a class",
        'late = "3d"\n',
        'late = "3d"\n@late_for = { simple = "one day" }\n',
        "clocks.committee_handle.late_for.simple",
        "not a duration",
        '"3wd" (working days)',
    ),
    Wrong(
        "hours of no form",
        CENTRE_LATE,
        'late = "30m"\n@hours = "8-21"\nwarn',
        "clocks.centre_dispatch.hours",
        "right form",
        '"08:00-21:00"',
    ),
    Wrong(
        "hours turned round",
        CENTRE_LATE,
        'late = "30m"\n@hours = "21:00-08:00"\nwarn',
        "clocks.centre_dispatch.hours",
        "ends before it begins",
        '"08:00-21:00"',
    ),
    Wrong(
        "hours of days",
        CONTACT_LATE,
        CONTACT_LATE + '@hours = "08:00-21:00"\n',
        "clocks.contact.hours",
        "a length in days",
        "minutes or hours",
    ),
    Wrong(
        "hours and days of a class",
        CENTRE_LATE,
        'late = "30m"\nlate_for = { hard = "2wd" }\n@hours = "08:00-21:00"\nwarn',
        "clocks.centre_dispatch.hours",
        "a length in days",
        "minutes or hours",
    ),
    Wrong(
        "hours and pause",
        CENTRE_LATE,
        'late = "30m"\npause = ["waiting"]\n@hours = "08:00-21:00"\nwarn',
        "clocks.centre_dispatch.hours",
        "beside pause",
        "one of the two",
    ),
    Wrong(
        "no repeats",
        CENTRE_LATE,
        'late = "30m"\n@again = { every = "5m", times = 0 }\nwarn',
        "clocks.centre_dispatch.again.times",
        "out of range",
        "1 to 99",
    ),
    Wrong(
        "repeats of no length",
        CENTRE_LATE,
        'late = "30m"\n@again = { times = 3 }\nwarn',
        "clocks.centre_dispatch.again.every",
        "missing",
        '"5m"',
    ),
    Wrong(
        "date and length",
        "until = true\n",
        'until = true\n@late = "3d"\n',
        "clocks.long_run.late",
        "stands beside until = true",
        "one of the two",
    ),
    Wrong(
        "date of no step",
        DATED + "until = true\n",
        'start = "accepted"\nstop = ["resumed", "handled_proposed"]\n@until = true\n',
        "clocks.long_run.until",
        "which names no date",
        "long_run_started",
    ),
    Wrong(
        "no length and no date",
        'start = "submitted"\nstop = ["handled_confirmed"]\npause = ["long_run", "referred"]\nlate = "7d"\n',
        'start = "submitted"\nstop = ["handled_confirmed"]\npause = ["long_run", "referred"]\n',
        "clocks.whole_case.late",
        "missing",
        '"7d"',
    ),
    Wrong(
        "parties before they are called",
        PARTY + "party = true\n",
        PARTY.replace("dispatched", "assigned") + "@party = true\n",
        "clocks.report_in.party",
        "beside start = assigned",
        'start = "dispatched"',
    ),
    Wrong(
        "late for a date to remember",
        REVIEW,
        REVIEW + '@action = ["flag"]\n',
        "clocks.long_run_review.action",
        "counts = false rules out",
        "leave it out",
    ),
    Wrong(
        "starts at what never happens",
        'start = "supervised"',
        '@start = "triaged"',
        "clocks.supervision_feedback.start",
        "never happens in this street",
        "triage = true",
    ),
    # the ladder
    Wrong(
        "triage without dispatch",
        VERIFIER,
        VERIFIER + "@triage = true\n",
        "rungs[verifier].triage",
        "dispatches to nobody",
        'dispatch = ["department"]',
    ),
    Wrong(
        "sorting to nowhere",
        VERIFIER,
        VERIFIER + "@sorts = true\n",
        "rungs[verifier].sorts",
        "no other rung takes a class by name",
        "take sorts out",
    ),
    Wrong(
        "nobody can lead",
        ZONE_SENDS,
        '@dispatch = ["contact"] # zone',
        "rungs[zone].dispatch",
        "nobody who can lead",
        "add a role",
    ),
    Wrong(
        "role to dispatch to",
        ZONE_SENDS,
        '@dispatch = ["departments"] # zone',
        "rungs[zone].dispatch[1]",
        "not known",
        'did you mean "department"?',
    ),
    Wrong(
        "unknown exit",
        'exits = ["district"] ',
        '@exits = ["distrikt"] ',
        "rungs[centre].exits[1]",
        "not known",
        'did you mean "district"?',
    ),
    Wrong("exit of old", 'exits = ["district"] ', '@exit = "district" ', "rungs[centre].exit", "is not a key", '"exits"?'),
    Wrong("exit nobody takes", 'exits = ["district"] ', "", "exits[district].id", "no rung leads to", "exits of a rung"),
    Wrong(
        "document of an exit",
        'document = "district"',
        '@document = "letter"',
        "exits[district].document",
        "not known",
        "suggestion, visit_day, district, survey",
    ),
    Wrong(
        "zone of a department",
        'zones = ["z1", "z2"]',
        '@zones = ["z1", "z9"]',
        "departments[management].zones[2]",
        "not known",
        "z1, z2",
    ),
    Wrong(
        "department twice",
        'id = "safety"',
        '@id = "management"',
        "departments[management].id",
        "another one above",
        "each its own",
    ),
    Wrong(
        "how long an effect is watched",
        "hazard = true # told",
        '@observe = "next day" # told',
        "classes[urgent].observe",
        "not a duration",
        '"7d"',
    ),
    # who says yes, terms, follow-ups
    Wrong(
        "approver",
        'extend = ["dispatcher", "supervisor"]',
        '@extend = ["dispatcher", "superviser"]',
        "approvals.extend[2]",
        "not known",
        'did you mean "supervisor"?',
    ),
    Wrong(
        "what is approved",
        'invalid = ["supervisor"]',
        '@invalids = ["supervisor"]',
        "approvals.invalids",
        "is not a key",
        'did you mean "invalid"?',
    ),
    Wrong("refusals", "refusals = 3 ", "@refusals = 0 ", "terms.refusals", "out of range", "1 to 9"),
    Wrong("time to refuse", 'refuse = "1wd"', '@refuse = "1 working day"', "terms.refuse", "not a duration", '"3wd"'),
    Wrong("rule of supervision", "late = 2 ", "@late = -1 ", "supervision.late", "out of range", "0 to 99"),
    Wrong(
        "reason twice",
        "[approvals]\n",
        REFUSALS + '\n  { id = "no", name = "职责不符" },\n@  { id = "not", name = "职责不符" },\n]\n\n[approvals]\n',
        "reasons.refusal[not].name",
        "name of another one above",
        "each its own",
    ),
    Wrong(
        "list of reasons",
        "[approvals]\n",
        '[reasons]\n@refusals = [{ id = "no", name = "职责不符" }]\n\n[approvals]\n',
        "reasons.refusals",
        "is not a key",
        'did you mean "refusal"?',
    ),
    Wrong(
        "empty list of reasons", "[approvals]\n", "[reasons]\n@cause = []\n\n[approvals]\n", "reasons.cause", "empty list", "one"
    ),
    Wrong(
        "visitor who works no rung",
        ATTEMPTS,
        '@visitors = ["deputy"]\nattempts = 3 #',
        "follow_up.visitors[1]",
        "works no rung",
        "committee, dispatcher, verifier, zone_head",
    ),
    Wrong(
        "unknown visitor",
        ATTEMPTS,
        '@visitors = ["dispacher"]\nattempts = 3 #',
        "follow_up.visitors[1]",
        "not known",
        'did you mean "dispatcher"?',
    ),
    Wrong("calls that failed", ATTEMPTS, "@attempts = 0 #", "follow_up.attempts", "out of range", "1 to 9"),
    Wrong("standing practice", "micro_grid = true", '@micro_grid = "yes"', "follow_up.micro_grid", "is text", "true or false"),
    Wrong("recipient of many", 'to = "partners"', '@to = "partner"', "notices[7].to", "not known", 'did you mean "partners"?'),
]
