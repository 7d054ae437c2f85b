"""What `/api/v1` takes and gives, as values: what arrives is read into these, what is answered is written from them, and the
description of the API is made of them. Instants are UTC with milliseconds; words are in the reader's language.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Instant = Annotated[str, msgspec.Meta(examples=["2026-11-22T03:04:05.000Z"])]
Number = Annotated[str, msgspec.Meta(description="The case's number", examples=["K7M3-9QXA-C"])]
Key = Annotated[
    str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32, description="128 random bits, made once for each report")
]
Attempt = Annotated[
    str,
    msgspec.Meta(pattern="^[0-9A-Za-z]{16,64}$", max_length=64, description="Made once for each step: a repeat does nothing"),
]


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form's fields. `code` is the printed code; `photos` are the slots that were uploaded to under the same key."""

    key: Key
    code: str
    text: str
    category: str = ""
    nickname: str = ""
    phone: str = ""
    elsewhere: str = ""
    photos: tuple[int, ...] = ()
    reporter: str = "resident"
    proof: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """`link` is a path, and a secret of the reporter's: whoever holds it reads the case and may add, rate and withdraw."""

    number: Number
    link: str
    state: str
    received_at: Instant


class ClockNow(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that runs. `standing` is plain, near, late or paused."""

    id: str
    name: str
    started: Instant
    due: Instant
    standing: str


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """`who` and `visible` (to the reporter) are said to staff only."""

    type: str
    at: Instant
    text: str
    quote: str = ""
    who: str = ""
    visible: bool = True


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses are signed for minutes, and empty unless it is ready."""

    slot: int
    status: Literal["pending", "ready", "refused"]
    by: str
    thumb: str = ""
    full: str = ""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What the progress page shows. `actions` are the steps that its form offers now: reply, add, rate, withdraw."""

    number: Number
    state: str
    state_name: str
    open: bool
    text: str
    category: str
    place: str
    office: str
    received_at: Instant
    updated_at: Instant
    outcome: str
    result: str
    question: str
    reply_by: Instant | None
    notes: tuple[str, ...]
    clocks: tuple[ClockNow, ...]
    timeline: tuple[Happened, ...]
    photos: tuple[Photo, ...]
    actions: tuple[str, ...]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    number: Number
    title: str
    place: str
    committee: str
    zone: str
    case_class: str = msgspec.field(name="class")
    category: str
    state: str
    rung: str
    owner: str
    channel: str
    received_at: Instant
    deadline: Instant | None
    marks: tuple[str, ...]


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for me, the nearest deadline first. `csrf` is what every change of this session carries as `X-CSRF`."""

    csrf: str
    cases: tuple[Listed, ...]


class Choice(msgspec.Struct, frozen=True):
    value: str
    label: str


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """`many` takes a list, every other kind a text; `check` takes `yes`."""

    name: str
    kind: str
    required: bool
    options: tuple[Choice, ...] = ()


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """A step that makes sense now; `missing` says why it can't be done yet."""

    id: str
    name: str
    inputs: tuple[Input, ...] = ()
    missing: str = ""


class StaffCase(msgspec.Struct, frozen=True, kw_only=True):
    """`nickname` and `phone` (masked) are null to whoever must not learn who reported."""

    number: Number
    version: int
    state: str
    state_name: str
    open: bool
    title: str
    text: str
    case_class: str = msgspec.field(name="class")
    category: str
    channel: str
    place: str
    committee: str
    zone: str
    rung: str
    unit: str
    office: str
    nickname: str | None
    phone: str | None
    received_at: Instant
    updated_at: Instant
    outcome: str
    result: str
    clocks: tuple[ClockNow, ...]
    timeline: tuple[Happened, ...]
    photos: tuple[Photo, ...]
    actions: tuple[Action, ...]


class Do(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step. `version` is the one that was seen; `inputs` are those that the case offers for the step."""

    attempt: Attempt
    version: Annotated[int, msgspec.Meta(ge=0, le=999_999)]
    inputs: dict[str, str | list[str]] = {}


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """`readable` is false when the step has taken the case out of the actor's scope."""

    number: Number
    version: int
    state: str
    readable: bool


class PhotoAsk(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    key: Key
    slot: Annotated[int, msgspec.Meta(ge=1, le=6)]


class PhotoGrant(msgspec.Struct, frozen=True, kw_only=True):
    """Post `fields`, then the file as `file`, to `url` as multipart/form-data, within ten minutes."""

    url: str
    fields: dict[str, str]
    slot: int


class SimilarAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What is being typed at a door; or, with `read`, that an answer was opened."""

    code: str
    text: str = ""
    read: str = ""


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    category: str
    date: str
    state: str
    recurs: bool
    line: str


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    question: str
    answer: str


class Similar(msgspec.Struct, frozen=True, kw_only=True):
    similar: tuple[Alike, ...]
    faq: tuple[Answered, ...]
    words: dict[str, str]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider of messages wants to hear; each looks at its own two."""

    code: int
    result: int
    msg: str
    errmsg: str


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    code: str
    text: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457. `reason` is a stable word for programs, `title` and `detail` are for people; `ref` is what the log calls it."""

    type: str
    title: str
    status: int
    detail: str
    reason: str
    fields: tuple[Wrong, ...]
    ref: str


class OrderTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of another system's order. `left_out` are its fields that could not be read; the order was taken without."""

    case: Number
    state: str
    result: Annotated[str, msgspec.Meta(description="made, same or added")]
    left_out: tuple[str, ...] = ()
