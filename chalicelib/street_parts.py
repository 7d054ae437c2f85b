"""What a street file is made of, piece by piece: names, the ladder's rungs and clocks, terms, messages, places.

`chalicelib.street` puts them together and is where they are imported from. In both, annotations are evaluated as they stand:
msgspec would compile each from its text when the street is read, 2 % of a cold start.
"""

import msgspec


class Duration(msgspec.Struct, frozen=True):
    """`5m`, `1h`, `3wd` or `7d` of a street file. `unit` is one of `m h wd d`; wd = working day of the street's calendar."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


class Label(msgspec.Struct, frozen=True):
    """A name people read, Chinese first; English falls back to Chinese."""

    zh: str
    en: str = ""

    def text(self, lang: str) -> str:
        return self.en if lang == "en" and self.en else self.zh


class Kind(msgspec.Struct, frozen=True):
    """A kind of code and form: `issue`, `rental` or `population`, under the street's own name for it."""

    id: str
    name: Label


class Category(msgspec.Struct, frozen=True):
    id: str
    name: Label


class Zone(msgspec.Struct, frozen=True):
    """片区."""

    id: str
    name: Label


class Committee(msgspec.Struct, frozen=True):
    """居委会."""

    id: str
    zone: str
    name: Label


class Community(msgspec.Struct, frozen=True):
    """小区."""

    id: str
    committee: str
    name: Label


class Entry(msgspec.Struct, frozen=True):
    """What enters the ladder at a rung: any of `channels` with any of `classes`; an empty tuple means all."""

    channels: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One office of the ladder. `scope` is the level whose unit works it: community, committee, zone or street.

    `assign` are the roles it may give a case to, `dispatch` those that may lead or help (主办/协办; `contact` = a party without
    an account), `lead` those who are told when it is late. `sorts` (分流): what gets its class here goes on to the rung that the
    class enters at. `triage`: the four questions come before dispatching. `exits` are the ways out of the ladder from here.
    """

    id: str
    level: int
    name: Label
    role: str
    scope: str
    enters: tuple[Entry, ...] = ()
    clocks: tuple[str, ...] = ()
    pass_up: str | None = None
    late: str | None = None
    allocate: tuple[str, ...] = ()
    assign: tuple[str, ...] = ()
    dispatch: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    sorts: bool = False
    triage: bool = False
    exits: tuple[str, ...] = ()


class CaseClass(msgspec.Struct, frozen=True, kw_only=True):
    """How fast and by whom: consult, simple, facility, urgent, complex, hard, …

    `observe`: how long the effect is watched before a case of this class counts as handled for good. `idea`: a suggestion, which
    is adopted or declined with a reason.
    """

    id: str
    name: Label
    answers: bool = False
    hazard: bool = False
    idea: bool = False
    observe: Duration | None = None
    clocks: tuple[str, ...] = ()


class Again(msgspec.Struct, frozen=True):
    """What a clock does after its end while nothing stops it: the same once more, every so long, so many times."""

    every: Duration
    times: int


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """`{start, stop, pause, warn, late, action}` of the street file.

    `start` is the event that starts it (`entered` = the case reached the rung that names this clock); `stop` the events that
    end it; `pause` the states in which it stands still; `warn` how long before its end the reminder goes out; `late` its
    length; `action` what is done at the end, once: `escalate`, `remind`, `flag`. `basis` is `stated` by the street or `assumed`.

    `late_for` gives classes a length of their own; `hours` (`08:00-21:00`) makes minutes and hours count only then; `again`
    repeats the action. `until`: the end is the date that the starting step names (a long run's next date, a demanded date).
    `party`: one run for each lead and co-handler, which only that party's own step ends. `extend`: an approved extension moves
    its end. `counts` is off for a date to remember, which nobody can be late for.
    """

    id: str
    name: Label
    start: str
    stop: tuple[str, ...]
    late: Duration
    warn: Duration | None = None
    pause: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    late_for: dict[str, Duration] = {}
    hours: str = ""
    again: Again | None = None
    until: bool = False
    party: bool = False
    extend: bool = False
    counts: bool = True
    basis: str = "assumed"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Which event tells whom with which template (numbered names of the catalogue of messages)."""

    on: str
    to: str
    template: str


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A party without an account that is told of hazards: a power company, a property firm's hotline. An office's number."""

    id: str
    name: Label
    phone: str
    units: tuple[str, ...] = ("street",)


# Whom a contact card names, in its order: committee, community police, property company, family doctor, lawyer, housing officer.
POSTS = ("committee", "police", "property", "doctor", "lawyer", "housing")


class CardLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the contact card: whom the people of `units` call. The line nearest to a community is printed on its card."""

    post: str
    phone: str
    units: tuple[str, ...] = ("street",)
    name: Label | None = None


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """What the carrier approved for a template: the provider's code and the signature shown before the text.

    `names` are the template's variables at a provider that knows them by name; without them p1, p2, …
    """

    provider: str
    code: str
    sign: str
    names: tuple[str, ...] = ()


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider is asked, and as which application; its keys are no part of the street file."""

    endpoint: str
    region: str = ""
    app: str = ""


class Sms(msgspec.Struct, frozen=True, kw_only=True):
    """`receipts` numbers the secret addresses that providers push their receipts to: a higher one makes new addresses."""

    provider: str
    sign: str
    templates: dict[str, Template] = {}
    aliyun: Account = Account(endpoint="dysmsapi.aliyuncs.com", region="cn-hangzhou")
    tencent: Account = Account(endpoint="sms.tencentcloudapi.com", region="ap-guangzhou")
    receipts: int = 1
    quiet_from: str = "22:00"
    quiet_to: str = "07:00"
    per_number_per_day: int = 10
    few: int = 3


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Days after closing (cases) or after arrival (the rest) until the data goes."""

    case_days: int
    photo_days: int
    register_days: int
    log_days: int
    message_days: int


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """Which gates stand before closing (双回访) and the terms around them.

    `visitors` are the roles that make the return visit (nobody named: the office that has the case); `attempts` failed calls make
    a reporter unreachable; `micro_grid`: a micro-grid worker makes contact before and visits after, as a standing step.
    """

    preliminary: bool = False
    visit: bool = False
    visitors: tuple[str, ...] = ()
    attempts: int = 3
    micro_grid: bool = False
    reopen_once: bool = True
    rate_days: int = 30
    reply_wd: int = 3


class Option(msgspec.Struct, frozen=True):
    """A listed reason, under the street's own words."""

    id: str
    name: Label


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """Listed reasons: why a dispatched office refuses, why a term is extended, why somebody was not satisfied."""

    refusal: tuple[Option, ...] = ()
    extension: tuple[Option, ...] = ()
    cause: tuple[Option, ...] = ()

    def named(self, kind: str) -> tuple[Option, ...]:
        return {"refusal": self.refusal, "extension": self.extension, "cause": self.cause}[kind]


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """A way out of the ladder, upward. `document` is what is written for it."""

    id: str
    name: Label
    document: str


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A section, a department, a station of another authority: its people hold `department@dept:<id>`. `zones` it is paired
    with (结对) are offered it first.
    """

    id: str
    name: Label
    zones: tuple[str, ...] = ()


class Approvals(msgspec.Struct, frozen=True, kw_only=True):
    """Which roles approve what somebody else asked for."""

    extend: tuple[str, ...] = ()
    long_run: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()

    def roles(self, kind: str) -> tuple[str, ...]:
        return {"extend": self.extend, "long_run": self.long_run, "invalid": self.invalid, "unreachable": self.unreachable}[kind]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of the ladder's own steps: how long a dispatched office may refuse, after how many refusals the centre designates,
    the longest extension in working days, and how long a second report at a place counts as a recurrence.
    """

    refuse: Duration = Duration(1, "wd")
    refusals: int = 3
    extension_wd: int = 10
    recurrence_days: int = 30


class Supervision(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that put a case on the supervision list (督办清单) by themselves: so often late, so often opened again, one of so
    many in a class case (类案); 0 is never.
    """

    late: int = 0
    reopened: int = 0
    cluster: int = 0


class PropertyTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of the street's monthly check of property services; the manager rates the same ones."""

    check: tuple[Option, ...] = ()


class RegisterTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Terms of the registers: the hour of the daily digest, how many days ahead an ending lease is listed, and what a person must
    have at least (m²) and a room may hold at most before a flat looks like a group let. `suspicion` is what the case says that is
    raised then, with {room}, {people}, {rooms} and {area}.
    """

    digest_at: str = "17:00"
    ending_days: int = 30
    min_area: str = "5"
    per_room: int = 2
    suspicion: Label = Label("")


class FormTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a register's form tells before it asks, on which lawful basis, in which version. `consent` is the sentence to agree to
    where the basis is `consent`; a `statutory` form asks for none.
    """

    kind: str
    basis: str
    version: str
    purpose: Label
    notice: Label
    consent: Label | None = None


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Exceptions to Monday–Friday. `holidays` and `workdays` are ISO dates; `known_to` is the last day with published data."""

    holidays: frozenset[str] = frozenset()
    workdays: frozenset[str] = frozenset()
    known_to: str
    day_start: str = "09:00"
    day_end: str = "18:00"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """Where events of cases go, signed with the shared secret of that name. No `channels` are all; `events` are never none."""

    id: str
    url: str
    secret: str
    events: tuple[str, ...]
    channels: tuple[str, ...] = ()


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """Orders of other systems (12345, petitions). `place` is the door that stands for an order which names no place of ours."""

    place: str = ""
