"""A street as the running system sees it: frozen, typed, read once per process.

People write `infra/streets/<id>.toml` and the places CSV beside it; `infra.streetfile` checks them and compiles them into
two JSON files that ship with the functions (`street.json`, `places.json`), so that no start pays for parsing TOML
or for checking again what was already refused at build time.
"""

from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.street_parts import (
    POSTS,
    Account,
    Again,
    Approvals,
    Calendar,
    CardLine,
    CaseClass,
    Category,
    Clock,
    Committee,
    Community,
    Contact,
    Department,
    Duration,
    Entry,
    Exit,
    FollowUp,
    FormTerms,
    Kind,
    Label,
    Notice,
    Option,
    Orders,
    PropertyTerms,
    Reasons,
    RegisterTerms,
    Retention,
    Rung,
    Sms,
    Supervision,
    Template,
    Terms,
    Webhook,
    Zone,
)

# The parts are imported from here.
__all__ = [
    "POSTS",
    "Account",
    "Again",
    "Approvals",
    "Calendar",
    "CardLine",
    "CaseClass",
    "Category",
    "Clock",
    "Committee",
    "Community",
    "Contact",
    "Department",
    "Duration",
    "Entry",
    "Exit",
    "FollowUp",
    "FormTerms",
    "Kind",
    "Label",
    "Notice",
    "Option",
    "Orders",
    "Place",
    "PropertyTerms",
    "Reasons",
    "RegisterTerms",
    "Retention",
    "Rung",
    "Sms",
    "Street",
    "Supervision",
    "Template",
    "Terms",
    "Webhook",
    "Zone",
    "read_places",
    "read_street",
]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a code hangs. `id` is six characters of the alphabet; `community` may be empty outside the walls."""

    id: str
    kind: str
    name: str
    committee: str
    community: str = ""
    en: str = ""
    plate: str = ""
    retired: bool = False


class Street(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    schema: int
    id: str
    name: Label
    brand: Label
    city: Label
    district: Label
    phone: str
    domain: str
    region: str
    timezone: str
    languages: tuple[str, ...]
    plate: str
    kinds: tuple[Kind, ...]
    categories: tuple[Category, ...]
    zones: tuple[Zone, ...]
    committees: tuple[Committee, ...]
    communities: tuple[Community, ...]
    rungs: tuple[Rung, ...]
    classes: tuple[CaseClass, ...]
    clocks: dict[str, Clock]
    notices: tuple[Notice, ...]
    sms: Sms
    retention: Retention
    follow_up: FollowUp
    calendar: Calendar
    notice_version: str
    contacts: tuple[Contact, ...] = ()
    cards: tuple[CardLine, ...] = ()
    departments: tuple[Department, ...] = ()
    exits: tuple[Exit, ...] = ()
    reasons: Reasons = Reasons()
    approvals: Approvals = Approvals()
    terms: Terms = Terms()
    supervision: Supervision = Supervision()
    register: RegisterTerms = RegisterTerms()
    property: PropertyTerms = PropertyTerms()
    forms: tuple[FormTerms, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    orders: Orders = Orders()

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def rung_by_id(self) -> dict[str, Rung]:
        return {rung.id: rung for rung in self.rungs}

    @cached_property
    def zone_by_id(self) -> dict[str, Zone]:
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def committee_by_id(self) -> dict[str, Committee]:
        return {committee.id: committee for committee in self.committees}

    @cached_property
    def community_by_id(self) -> dict[str, Community]:
        return {community.id: community for community in self.communities}

    @cached_property
    def class_by_id(self) -> dict[str, CaseClass]:
        return {case_class.id: case_class for case_class in self.classes}

    @cached_property
    def ideas(self) -> CaseClass | None:
        """The class of suggestions, where the street asks for them."""
        return next((case_class for case_class in self.classes if case_class.idea), None)

    @cached_property
    def department_by_id(self) -> dict[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def exit_by_id(self) -> dict[str, Exit]:
        return {way.id: way for way in self.exits}

    @cached_property
    def category_by_id(self) -> dict[str, Category]:
        return {category.id: category for category in self.categories}

    def kind(self, kind_id: str) -> Kind | None:
        """The enabled kind of that id, or None when the street switched it off."""
        return next((kind for kind in self.kinds if kind.id == kind_id), None)

    def form(self, kind_id: str) -> FormTerms | None:
        """What a register's form tells and asks; every enabled register has one."""
        return next((form for form in self.forms if form.kind == kind_id), None)

    def sorted_to(self, channel: str, case_class: str) -> Rung | None:
        """The rung that names this class among what enters there; None when no rung asks for the class by name."""
        for rung in self.rungs:
            for entry in rung.enters:
                if case_class in entry.classes and (not entry.channels or channel in entry.channels):
                    return rung
        return None

    def entry_rung(self, channel: str, case_class: str) -> Rung:
        """Where a case enters; the first rung, in file order, that takes this channel and class.

        The street file is refused when a channel enters nowhere, so there always is one.
        """
        for rung in self.rungs:
            for entry in rung.enters:
                if (not entry.channels or channel in entry.channels) and (not entry.classes or case_class in entry.classes):
                    return rung
        return self.rungs[0]


def read_street(path: Path) -> Street:
    """The compiled street file. Raises `msgspec.ValidationError` for a file that the builder did not write."""
    return msgspec.json.decode(path.read_bytes(), type=Street)


def read_places(path: Path) -> dict[str, Place]:
    """The compiled places, by id."""
    return {place.id: place for place in msgspec.json.decode(path.read_bytes(), type=list[Place])}
