"""Mistakes in clocks, ladder, tree, messages and calendar, and in the TOML itself."""

from __future__ import annotations

from tests.wrong_street import Wrong

SEVEN_DAYS = 'start = "submitted"\nstop = ["handled_confirmed"]\npause = ["long_run", "referred"]\nlate = "7d"'
FIRST_ZONE = '[[zones]]\nid = "z1"\n'

LADDER = [
    # clocks
    Wrong("duration", 'late = "7d"', '@late = "7 days"', "clocks.whole_case.late", "not a duration", 'did you mean "7d"?'),
    Wrong(
        "duration of nothing", 'late = "7d"', '@late = "0d"', "clocks.whole_case.late", "not a duration", '"3wd" (working days)'
    ),
    Wrong("duration as number", 'late = "7d"', "@late = 7", "clocks.whole_case.late", "whole number", '"7d"'),
    Wrong(
        "reminder too early",
        'late = "30m"\nwarn = "15m"',
        'late = "30m"\n@warn = "1h"',
        "clocks.centre_dispatch.warn",
        "not shorter than late = 30m",
        "before the end",
    ),
    Wrong(
        "unknown event",
        SEVEN_DAYS,
        "@" + SEVEN_DAYS.replace("submitted", "submited"),
        "clocks.whole_case.start",
        "not known",
        'did you mean "submitted"?',
    ),
    Wrong(
        "stops at its start",
        SEVEN_DAYS,
        SEVEN_DAYS.replace('stop = ["handled_confirmed"]', '@stop = ["submitted"]'),
        "clocks.whole_case.stop",
        "at which the clock starts",
        "end it",
    ),
    Wrong(
        "never stops",
        SEVEN_DAYS,
        SEVEN_DAYS.replace('stop = ["handled_confirmed"]', "@stop = []"),
        "clocks.whole_case.stop",
        "empty list",
        "at least one",
    ),
    Wrong(
        "unknown action",
        'late = "30m"\nwarn = "15m"\naction = ["remind"',
        'late = "30m"\nwarn = "15m"\n@action = ["remnd"',
        "clocks.centre_dispatch.action[1]",
        "not known",
        '"remind"',
    ),
    Wrong(
        "unknown pause",
        'pause = ["waiting", ',
        '@pause = ["weekends", ',
        "clocks.committee_handle.pause[1]",
        "not known",
        "waiting",
    ),
    Wrong("basis", 'basis = "stated" # 7', '@basis = "guessed" # 7', "clocks.whole_case.basis", "not known", "stated, assumed"),
    Wrong("clock id", "[clocks.whole_case]", "@[clocks.Whole-Case]", "clocks.Whole-Case", "not a good id", "lower-case letter"),
    # the ladder
    Wrong(
        "escalates nowhere",
        'late = "centre" #',
        "#",
        "rungs[committee].clocks",
        "escalates, but leads nowhere",
        'late = "<rung>"',
    ),
    Wrong(
        "circle",
        'clocks = ["centre_dispatch"]',
        'clocks = ["centre_dispatch"]\npass_up = "zone"',
        "rungs[centre].pass_up",
        "centre → zone → centre",
        "highest rung",
    ),
    Wrong(
        "leads to itself",
        'late = "centre" #',
        '@late = "committee" #',
        "rungs[committee].late",
        "this rung itself",
        "another rung",
    ),
    Wrong(
        "channel enters nowhere", ', "petition"] }]', "] }]", "rungs", "nothing takes channel petition", 'channels = ["petition"]'
    ),
    Wrong(
        "rung never reached",
        '["zone", "committee", "verifier"]',
        '["committee", "verifier"]',
        "rungs[zone].id",
        "no case ever reaches",
        "enters",
    ),
    # tree
    Wrong(
        "zone without committee",
        FIRST_ZONE,
        '[[zones]]\n@id = "z0"\nname = "空片区"\n\n' + FIRST_ZONE,
        "zones[z0].id",
        "without a committee",
        "take it out",
    ),
    # messages
    Wrong(
        "unknown template",
        'to = "reporter"\ntemplate = "received"',
        'to = "reporter"\n@template = "recieved"',
        "notices[1].template",
        "not known",
        'did you mean "received"?',
    ),
    Wrong(
        "template by number",
        'to = "reporter"\ntemplate = "received"',
        'to = "reporter"\n@template = 1',
        "notices[1].template",
        "is a number",
        '"received"',
    ),
    Wrong(
        "template of no event",
        'to = "reporter"\ntemplate = "received"',
        'to = "reporter"\n@template = "digest"',
        "notices[1].template",
        "belongs to no event",
        "received",
    ),
    Wrong("event of a notice", 'on = "submitted"', '@on = "sent"', "notices[1].on", "not known", "submitted"),
    Wrong("recipient", 'to = "assignee"', '@to = "neighbour"', "notices[4].to", "not known", "assignee"),
    Wrong(
        "unmapped template",
        'question = { code = "SMS_000000003" }\n',
        "",
        "notices[5].template",
        "not among [sms.templates]",
        "question = {",
    ),
    Wrong(
        "fifteenth template",
        "register = { code",
        '@registers = { code = "SMS_1234" }\nregister = { code',
        "sms.templates.registers",
        "fourteen",
        '"register"',
    ),
    Wrong(
        "template code", "SMS_000000007", "@1234567", "sms.templates.new.code", "not a template code of aliyun", "SMS_123456789"
    ),
    Wrong(
        "too few variables",
        'new = { code = "SMS_000000007" }',
        'new = { code = "SMS_000000007", @names = ["no", "class"] }',
        "sms.templates.new.names",
        "does not fit the template",
        "3 variables",
    ),
    Wrong(
        "endpoint with a path",
        "[sms.templates]",
        '[sms.aliyun]\n@endpoint = "https://dysmsapi.aliyuncs.com/"\n\n[sms.templates]',
        "sms.aliyun.endpoint",
        "right form",
        "host name",
    ),
    Wrong(
        "Tencent without its application",
        'new = { code = "SMS_000000007" }',
        'new = { code = "1234567", provider = "tencent" }',
        "sms.tencent",
        "missing",
        "SmsSdkAppId",
    ),
    Wrong("no digest", 'digest = { code = "SMS_000000012" }\n', "", "sms.templates.digest", "missing", "digest = {"),
    Wrong("SNS in China", 'provider = "aliyun"', '@provider = "sns"', "sms.provider", "no SNS SMS", '"aliyun" or "tencent"'),
    Wrong("provider", 'provider = "aliyun"', '@provider = "aliyuan"', "sms.provider", "not known", 'did you mean "aliyun"?'),
    Wrong("brackets", 'sign = "示例长桥"', '@sign = "【示例长桥】"', "sms.sign", "right form", "without brackets"),
    Wrong(
        "long sign", 'sign = "示例长桥"', '@sign = "示例市示例区示例长桥街道办"', "sms.sign", "right form", "2 to 12 characters"
    ),
    Wrong("quiet hours", 'quiet_from = "22:00"', '@quiet_from = "10pm"', "sms.quiet_from", "right form", "22:00"),
    Wrong(
        "more than carriers allow",
        "per_number_per_day = 10",
        "@per_number_per_day = 50",
        "sms.per_number_per_day",
        "out of range",
        "1 to 10",
    ),
    # calendar
    Wrong("no date", "holidays = []", '@holidays = ["2027-02-30"]', "calendar.holidays[1]", "not a date", "year first"),
    Wrong(
        "holiday and working day", "workdays = []", "@workdays = [2026-12-05]", "calendar.workdays", "holidays too", "one of them"
    ),
    Wrong("day turned round", 'day_end = "18:00"', '@day_end = "08:00"', "calendar.day_end", "not after day_start", "later time"),
    # TOML itself
    Wrong(
        "missing quote", 'domain = "changqiao.example"', "@domain = changqiao.example", "domain", "is not TOML", "straight quotes"
    ),
    Wrong(
        "curly quotes",
        'domain = "changqiao.example"',
        "@domain = “changqiao.example”",
        "domain",
        "is not TOML",
        "straight quotes",
    ),
    Wrong(
        "key twice",
        'domain = "changqiao.example"',
        'domain = "changqiao.example"\n@domain = "x.example"',
        "domain",
        "is not TOML",
        "each key once",
    ),
]
