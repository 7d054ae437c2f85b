"""A case and what it is made of: the values that its events fold to (`casework.folds`).

States are those of the vocabulary: received 待受理, accepted 已受理, dispatched 已派单, signed 已签收, returned 已退单, handling
办理中, waiting 待补充, long_run 长期推进, referred 已上报 (out of the ladder, upward), observing 观察中, handled 已办理, visiting
待回访, closed 已办结, reopened 重新办理, invalid 无效诉求. 已延期 is a mark, not a state: an extended case goes on.
"""

from __future__ import annotations

import msgspec

OPEN_STATES = frozenset(
    {
        "received",
        "accepted",
        "dispatched",
        "signed",
        "returned",
        "handling",
        "waiting",
        "long_run",
        "referred",
        "observing",
        "handled",
        "visiting",
        "reopened",
    }
)
ENDED_STATES = frozenset({"closed", "invalid"})
# Come in and not taken up, taken up, both, what staff call done, and everything before that.
ARRIVED = frozenset({"received", "returned", "reopened"})
WORKING = frozenset({"accepted", "signed", "handling"})
IN_HAND = ARRIVED | WORKING
DONE = frozenset({"handled", "visiting"})
UNFINISHED = OPEN_STATES - DONE - {"observing"}
OUTCOMES = (
    "solved",
    "mediated",
    "explained",
    "duplicate",
    "withdrawn",
    "out_of_scope",
    "unreachable",
    "not_confirmed",
    "adopted",
    "not_adopted",
)
# What becomes of a suggestion (金点子).
VERDICTS = ("adopted", "not_adopted")
# Chosen on the form in place of a category, which can't be called so.
IDEA = "+idea"


class ClockRun(msgspec.Struct, frozen=True, kw_only=True):
    """One running or ended clock. Instants are stored text (UTC, ms). `warn` goes when the reminder is out, `lapsed` comes when
    its end was acted on; it runs on after that until something stops it, and `again` is when its action comes once more.
    `party` is whose run it is where each lead and co-handler has one; `original` is the end that an extension moved.
    """

    id: str
    rung: str
    started: str
    due: str
    warn: str | None = None
    stopped: str | None = None
    paused: str | None = None
    lapsed: str | None = None
    again: str | None = None
    left: int = 0
    party: str = ""
    original: str | None = None

    @property
    def key(self) -> str:
        """What tells the runs of one clock apart."""
        return f"{self.id}~{self.party}" if self.party else self.id

    @property
    def running(self) -> bool:
        return self.stopped is None and self.paused is None


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    satisfied: bool
    score: int | None = None
    words: str = ""
    publish: bool = False
    at: str = ""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who works on a case: a member of staff (`grant` says in which role), an office (`id` is its grant, as
    `department@dept:police`), or a party without an account (`contact:<id>`).
    """

    id: str
    name: str
    grant: str = ""


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """主办 or 协办 of a dispatched case. Each owes a report (报到) until it has come or the office has released it."""

    party: Party
    lead: bool = False
    signed: str | None = None
    reported: str | None = None
    released: str | None = None

    @property
    def owing(self) -> bool:
        return self.reported is None and self.released is None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Something that takes a second person: `kind` is extend, long_run, invalid or unreachable."""

    kind: str
    by: str
    at: str
    reason: str = ""
    text: str = ""
    days: int = 0
    until: str | None = None


class Triage(msgspec.Struct, frozen=True, kw_only=True):
    """二级研判: the four questions, who answered, and who agreed for the other side."""

    answers: dict[str, bool]
    text: str
    side: str
    by: str
    agreed: str = ""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """The return visit: how, what the reporter said (satisfied, basic 基本满意, unsatisfied), and whether it is solved (yes,
    partly, no).
    """

    way: str
    said: str
    by: str
    at: str
    solved: str = ""
    text: str = ""
    cause: str = ""


class Follower(msgspec.Struct, frozen=True, kw_only=True):
    """A case merged into this one: its reporter is answered too."""

    no: str
    channel: str = ""
    external: str = ""
    phone_mac: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`rung` and `unit` say which office has it: the rung's id, and the unit that works it (`committee:c07`, `zone:z2`,
    `street`); `came` is the office that it was allocated or passed up from, and how. `supervised` is what a flag or the
    supervision list makes of it; `listed` says that a person or a rule has put it on the list, where an answer is owed.
    `handlings` counts how often staff called it handled, `redone` how often that was undone; `said` and `said_solved` are the
    reporter's latest word, by rating or on a visit; `published` is a sentence for the street's public page. `ordered_at` is when
    the system that sent the order took it, from where that system's own clock runs; `how` the
    kind of a reception, or in which role somebody helped the reporter. `slots` are the photos that the report named when it was
    sent, of those uploaded while it was written; None in cases from before that was kept, of which `photos` alone is known.
    """

    no: str
    version: int = 0
    state: str = "received"
    kind: str = "issue"
    channel: str = "qr"
    active: bool = False
    reporter: str = "resident"
    place: str = ""
    community: str = ""
    committee: str = ""
    zone: str = ""
    elsewhere: str = ""
    rung: str = ""
    unit: str = ""
    highest: int = 0
    case_class: str = ""
    category: str = ""
    text: str = ""
    nickname: str = ""
    phone_mask: str = ""
    phone_mac: str = ""
    last4_mac: str = ""
    photo_ref: str = ""
    photos: int = 0
    slots: tuple[int, ...] | None = None
    lang: str = "zh-CN"
    received_at: str = ""
    updated_at: str = ""
    first_reply_at: str | None = None
    accepted_at: str | None = None
    prelim_at: str | None = None
    handled_at: str | None = None
    closed_at: str | None = None
    accepted_by: str = ""
    assignee: Party | None = None
    proposed: str | None = None
    outcome: str | None = None
    result: str = ""
    question: str = ""
    reply_by: str | None = None
    before_waiting: str = ""
    additions: int = 0
    reopened: int = 0
    rating: Rating | None = None
    generation: int = 0
    lateness: int = 0
    supervised: bool = False
    listed: bool = False
    supervisions: int = 0
    urges: int = 0
    external: str = ""
    ordered_at: str = ""
    how: str = ""
    came_rung: str = ""
    came_unit: str = ""
    came_by: str = ""
    dispatched_at: str | None = None
    dispatches: int = 0
    refusals: int = 0
    designated: bool = False
    partners: tuple[Partner, ...] = ()
    demands: str = ""
    demanded_by: str | None = None
    triage: Triage | None = None
    requests: tuple[Request, ...] = ()
    extended: str | None = None
    long_run_until: str | None = None
    contacted_at: str | None = None
    contact_attempts: int = 0
    handled_by: str = ""
    handlings: int = 0
    redone: int = 0
    said: str = ""
    said_solved: str = ""
    visit_due: bool = False
    published: str = ""
    published_at: str = ""
    observe_until: str | None = None
    visit: Visit | None = None
    visit_attempts: int = 0
    cleared_at: str | None = None
    exit: str = ""
    merged_into: str = ""
    followers: tuple[Follower, ...] = ()
    links: tuple[str, ...] = ()
    recurs: str = ""
    class_case: str = ""
    clocks: tuple[ClockRun, ...] = ()

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def title(self) -> str:
        """The first clause of what the resident wrote, at most 30 characters, for lists and headings."""
        first = self.text.strip().splitlines()[0] if self.text.strip() else ""
        for mark in "。!！?？;；":
            first = first.split(mark)[0]
        return first if len(first) <= 30 else first[:29] + "…"

    def clock(self, clock_id: str) -> ClockRun | None:
        """The latest run of that clock."""
        return next((run for run in reversed(self.clocks) if run.id == clock_id), None)

    @property
    def lead(self) -> Partner | None:
        return next((partner for partner in self.partners if partner.lead), None)

    @property
    def owing(self) -> tuple[Partner, ...]:
        """Those who still owe their report."""
        return tuple(partner for partner in self.partners if partner.owing)

    def request(self, kind: str) -> Request | None:
        return next((request for request in self.requests if request.kind == kind), None)

    @property
    def deadline(self) -> str | None:
        """The next instant at which a running clock is over: what the desk sorts by."""
        return min((run.due for run in self.clocks if run.running), default=None)

    @property
    def next_due(self) -> str | None:
        """What sweeps look for: the next reminder or end of a running clock, or the day until which an answer is waited for."""
        ahead = [(run.warn, run.again if run.lapsed else run.due) for run in self.clocks if run.running]
        awaited = self.reply_by if self.state == "waiting" else None
        return min((instant for pair in (*ahead, (awaited,)) for instant in pair if instant), default=None)
