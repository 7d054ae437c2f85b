"""The tables about the street itself: who it is, its tree of offices, its terms. The ladder is in `ladder`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Protocol
from zoneinfo import available_timezones

from chalicelib.casework.messages import TEMPLATES
from chalicelib.casework.notices import FILLS
from chalicelib.casework.people import is_hotline, normalise_phone
from chalicelib.street import (
    Account,
    Category,
    Committee,
    Community,
    Contact,
    Kind,
    Label,
    Notice,
    Retention,
    Sms,
    Template,
    Zone,
)
from infra.streetfile import vocabulary as words
from infra.streetfile.contrast import PLATE, PLATE_RATIO, white_on
from infra.streetfile.problems import one_of
from infra.streetfile.reader import Table, duplicates
from infra.streetfile.regions import known_regions, sms_problem

_STREET_ID = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,30}")
PHONE = re.compile(r"\+?[0-9][0-9 -]{3,18}[0-9]")
PHONE_REMEDY = 'write digits, spaces and dashes, e.g. "021-0012 3456"'
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
# As providers approve them; the brackets around it are theirs.
_SIGN = re.compile(r"[^【】\[\]\s]{2,12}")
_SIGN_REMEDY = 'write 2 to 12 characters without brackets, e.g. "示例街道"'
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
TIME_REMEDY = 'write a time as "22:00"'
_CODES = {
    "aliyun": (re.compile(r"SMS_[0-9]{4,12}"), 'Aliyun calls its templates "SMS_123456789"'),
    "tencent": (re.compile(r"[0-9]{4,10}"), 'Tencent numbers its templates, "1234567"'),
}


_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z0-9]+)+")
_APP = re.compile(r"[0-9]{6,12}")


class Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> Label: ...


class Identity:
    """`[street]`."""

    def __init__(self, table: Table, stem: str) -> None:
        self.id = table.text(
            "id",
            like=_STREET_ID,
            remedy="use lower-case letters, digits and single dashes, a letter first, as the file's own name",
        )
        if self.id and self.id != stem:
            table.wrong("id", f"differs from the file's name {stem}.toml", f'write id = "{stem}" or rename the file and its CSV')
        self.name = table.label("name", longest=words.NAME_MAX)
        self.brand = table.label("brand", longest=words.NAME_MAX)
        self.city = table.label("city")
        self.district = table.label("district")
        self.phone = table.text("phone", like=PHONE, remedy=PHONE_REMEDY)
        self.domain = table.text(
            "domain",
            like=_DOMAIN,
            remedy='write the bare host name in lower case, without https:// and paths, e.g. "street.example"',
        )
        if len(self.domain) > words.DOMAIN_MAX:
            table.wrong(
                "domain",
                f"has {len(self.domain)} characters",
                f"use at most {words.DOMAIN_MAX}, or the printed code gets too fine",
            )
        self.region = table.text("region", remedy='write an AWS region, e.g. "cn-north-1"')
        if self.region and self.region not in known_regions():
            table.wrong("region", "is no AWS region", one_of(self.region, known_regions()))
            self.region = ""
        self.timezone = table.text("timezone", "Asia/Shanghai")
        if self.timezone not in available_timezones():
            table.wrong("timezone", "is no time zone", one_of(self.timezone, ["Asia/Shanghai", "Asia/Chongqing", "Asia/Urumqi"]))
            self.timezone = "Asia/Shanghai"
        self.languages = table.texts("languages", words.LANGUAGES) if table.has("languages") else words.LANGUAGES
        if self.languages[:1] != ("zh-CN",):
            table.wrong("languages", "does not begin with zh-CN", 'write languages = ["zh-CN", "en"]')
        self.plate = table.text("plate", PLATE, like=_COLOUR, remedy=f'write a colour as "{PLATE}"').upper()
        ratio = white_on(self.plate)
        if ratio < PLATE_RATIO:
            table.wrong(
                "plate",
                f"gives white letters a contrast of {ratio:.1f}:1",
                f'use a darker colour, {PLATE_RATIO}:1 or more, e.g. "{PLATE}"',
            )
        self.notice_version = table.text("notice_version", remedy='name the version of the privacy notice, e.g. "2026-11"')
        table.done()


def kinds(tables: list[Table]) -> tuple[Kind, ...]:
    found = []
    for table in tables:
        found.append(Kind(table.choice("id", words.KINDS), table.label("name", longest=words.NAME_MAX)))
        table.done()
    no_twins(found, tables)
    return tuple(found)


def categories(tables: list[Table]) -> tuple[Category, ...]:
    found = []
    for table in tables:
        found.append(Category(table.id(), table.label("name", longest=words.NAME_MAX)))
        table.done()
    no_twins(found, tables)
    return tuple(found)


def zones(tables: list[Table]) -> tuple[Zone, ...]:
    found = []
    for table in tables:
        found.append(Zone(table.id(), table.label("name", longest=words.NAME_MAX)))
        table.done()
    no_twins(found, tables)
    return tuple(found)


def committees(tables: list[Table], known_zones: tuple[Zone, ...]) -> tuple[tuple[Committee, ...], tuple[Community, ...]]:
    """The committees and, below each, its communities."""
    ids = [zone.id for zone in known_zones if zone.id]
    found: list[Committee] = []
    below: list[Community] = []
    below_tables: list[Table] = []
    for table in tables:
        committee = Committee(table.id(), table.choice("zone", ids), table.label("name", longest=words.NAME_MAX))
        members = table.tables("communities", required=False)
        if not members:
            table.wrong(
                "communities",
                "is missing: a committee without a community",
                "write at least one [[committees.communities]] below it",
            )
        for member in members:
            below.append(Community(member.id(), committee.id, member.label("name", longest=20)))
            member.done()
        below_tables += members
        table.done()
        found.append(committee)
    no_twins(found, tables)
    no_twins(below, below_tables)
    for zone_number, zone in enumerate(known_zones):
        if zone.id and not any(committee.zone == zone.id for committee in found) and tables:
            tables[0].problems.add(
                ("zones", zone_number, "id"), "is a zone without a committee", "put a committee into it or take it out"
            )
    return tuple(found), tuple(below)


def notices(tables: list[Table], sms: Sms) -> tuple[Notice, ...]:
    """Templates have to be fillable (the software knows their parameters) and mapped to the provider's."""
    found = []
    for table in tables:
        raw = table.raw.get("template")
        if isinstance(raw, int) and not isinstance(raw, bool) and 1 <= raw <= len(words.TEMPLATES):
            table.wrong("template", "is a number", f'write its name: "{words.TEMPLATES[raw - 1]}"')
            table.raw = {**table.raw, "template": words.TEMPLATES[raw - 1]}
        on, to = table.choice("on", words.OCCASIONS), table.choice("to", words.RECIPIENTS)
        template = table.choice("template", words.TEMPLATES)
        if template and template not in FILLS:
            table.wrong("template", "belongs to no event", one_of(template, [name for name in words.TEMPLATES if name in FILLS]))
        elif template and sms.provider != "local" and template not in sms.templates:
            table.wrong("template", "is not among [sms.templates]", f'add {template} = {{ code = "…" }} there')
        table.done()
        found.append(Notice(on=on, to=to, template=template))
    return tuple(found)


def contacts(tables: list[Table], units: Collection[str]) -> tuple[Contact, ...]:
    """Parties without an account. `units` are those of this street: `street`, `zone:…`, `committee:…`, `community:…`."""
    found = []
    for table in tables:
        contact = Contact(
            id=table.id(),
            name=table.label("name", longest=words.NAME_MAX),
            phone=table.text("phone", like=PHONE, remedy=PHONE_REMEDY),
            units=table.texts("units", units) if table.has("units") else ("street",),
        )
        if contact.phone and normalise_phone(contact.phone) is None and not is_hotline(contact.phone):
            table.wrong("phone", "can't be called", "write a mobile number, a landline with its area code, or a hotline")
        table.done()
        found.append(contact)
    no_twins(found, tables)
    return tuple(found)


def sms(table: Table | None, region: str) -> Sms:
    if table is None:
        return Sms(provider="", sign="")
    provider = _provider(table, region)
    sign = table.text("sign", like=_SIGN, remedy=_SIGN_REMEDY)
    templates: dict[str, Template] = {}
    mapped = table.table("templates", required=provider != "local")
    if mapped is not None:
        for name in mapped.raw:
            if name not in words.TEMPLATES:
                mapped.wrong(name, "is not one of the fourteen templates", one_of(name, words.TEMPLATES))
                continue
            inner = mapped.table(name)
            if inner is not None:
                own = _provider(inner, region, provider)
                code = inner.text("code")
                like, remedy = _CODES.get(own, (None, ""))
                if code and like is not None and not like.fullmatch(code):
                    inner.wrong("code", f"is not a template code of {own}", remedy)
                signed = inner.text("sign", sign, like=_SIGN, remedy=_SIGN_REMEDY)
                templates[name] = Template(provider=own, code=code, sign=signed, names=_variables(inner, name))
                inner.done()
    if provider and provider != "local" and mapped is not None and "digest" not in mapped.raw:
        mapped.wrong("digest", "is required but missing", 'many messages to one person become it: add digest = { code = "…" }')
    used = {provider, *(template.provider for template in templates.values())}
    found = Sms(
        provider=provider,
        sign=sign,
        aliyun=_account(table, "aliyun", Sms(provider="", sign="").aliyun),
        tencent=_account(table, "tencent", Sms(provider="", sign="").tencent, app="tencent" in used),
        receipts=table.whole("receipts", 1, 999, 1),
        templates=dict(sorted(templates.items())),
        quiet_from=table.text("quiet_from", "22:00", like=TIME, remedy=TIME_REMEDY),
        quiet_to=table.text("quiet_to", "07:00", like=TIME, remedy=TIME_REMEDY),
        per_number_per_day=table.whole("per_number_per_day", 1, 10, 10),
        few=table.whole("few", 1, 9, 3),
    )
    table.done()
    return found


def _variables(table: Table, template: str) -> tuple[str, ...]:
    """The provider's names of a template's parameters, in our order."""
    names = table.texts("names")
    count = TEMPLATES[template].count
    if names and (len(names) != count or not all(_VARIABLE.fullmatch(name) for name in names)):
        table.wrong(
            "names", "does not fit the template", f"name its {count} variables as the provider has them: letters and digits"
        )
    return names


def _account(table: Table, provider: str, default: Account, *, app: bool = False) -> Account:
    """`[sms.aliyun]`, `[sms.tencent]`: where it is asked. Tencent's messages belong to an application, whose number is needed."""
    inner = table.table(provider, required=False)
    if inner is None:
        if app:
            table.wrong(provider, "is required but missing", f'add [sms.{provider}] with the SmsSdkAppId: app = "1400006666"')
        return default
    found = Account(
        endpoint=inner.text("endpoint", default.endpoint, like=_DOMAIN, remedy="write a host name, e.g. " + default.endpoint),
        region=inner.text("region", default.region, like=_REGION, remedy="write a region, e.g. " + default.region),
        app=inner.text("app", like=_APP, remedy='write the SmsSdkAppId, e.g. "1400006666"') if app else "",
    )
    inner.done()
    return found


def _provider(table: Table, region: str, default: str | None = None) -> str:
    provider = table.choice("provider", words.PROVIDERS, default)
    problem = sms_problem(provider, region)
    if problem and table.has("provider"):
        table.wrong("provider", *problem)
    return provider


def retention(table: Table | None) -> Retention:
    keys = ("case_days", "photo_days", "register_days", "log_days", "message_days")
    if table is None:
        return Retention(**dict.fromkeys(keys, 1))
    found = Retention(**{key: table.whole(key, 1, 3650) for key in keys})
    table.done()
    return found


def no_twins(found: Sequence[Named], tables: list[Table]) -> None:
    for what in ("id", "name"):
        values = [member.id if what == "id" else member.name.zh for member in found]
        if tables:
            duplicates(
                [(value, (*table.path, what)) for value, table in zip(values, tables, strict=True)], tables[0].problems, what
            )
