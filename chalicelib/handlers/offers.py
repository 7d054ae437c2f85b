"""The steps that a case's page offers to whoever reads it: which, with which inputs, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.casework import access
from chalicelib.casework.access import CONTACT, Actor
from chalicelib.casework.case import DONE, Case
from chalicelib.casework.ladder import Field, Step
from chalicelib.casework.steps import DIRECT_OUTCOMES
from chalicelib.street import Street
from chalicelib.usecases import work
from chalicelib.usecases.context import Context
from chalicelib.usecases.work import Opened
from chalicelib.web import next_steps, pages
from chalicelib.web.i18n import has, t
from chalicelib.web.present_offices import role_name
from chalicelib.web.views import ActionView, FieldSpec

Options = tuple[tuple[str, str], ...]
# How a kind of input of the table is drawn; the others are drawn as they are named.
DRAWN = {
    "class": "choice",
    "party": "choice",
    "partner": "choice",
    "partners": "many",
    "office": "choice",
    "reason": "choice",
    "exit": "choice",
    "owing": "choice",
    "request": "choice",
    "case": "line",
    "days": "number",
}


def actions(ctx: Context, actor: Actor, opened: Opened, lang: str) -> list[ActionView]:
    """Every step that makes sense now, those that a gate of the street holds back with the reason."""
    open_now = [(step, held) for step, held in opened.steps if _offered(actor, opened.case, ctx.street, step, held)]
    mine = access.relations(actor, opened.case, ctx.street)
    ready = {step.action for step, held in open_now if held is None}
    primary, near = next_steps.arrange(opened.case, opened.events, ctx.street, mine, ready)
    return [
        ActionView(
            step.action,
            _fields(ctx, actor, opened.case, step, lang) if held is None else (),
            primary=step.action == primary,
            missing=f"gate.{held}" if held else None,
            near=near.index(step.action) + 1 if step.action in near else 0,
        )
        for step, held in open_now
    ]


def _offered(actor: Actor, case: Case, street: Street, step: Step, held: str | None) -> bool:
    if step.action == "reveal":
        return held is None and access.sees_reporter(actor)
    if step.action in {"approve", "reject"} and not _approvable(actor, case, street):
        return False
    return held is None or held.startswith("gate_")


def _approvable(actor: Actor, case: Case, street: Street) -> list[str]:
    """The kinds of request that wait for this actor's yes."""
    return [
        request.kind
        for request in case.requests
        if request.by != actor.id and access.holds(actor, street.approvals.roles(request.kind), case)
    ]


def _fields(ctx: Context, actor: Actor, case: Case, step: Step, lang: str) -> tuple[FieldSpec, ...]:
    return tuple(
        FieldSpec(
            spec.name,
            DRAWN.get(spec.kind, spec.kind),
            spec.required or (spec.kind == "request"),
            _options(ctx, actor, case, step.action, spec, lang),
            ctx.street.terms.extension_wd if spec.kind == "days" else 0,
        )
        for spec in step.fields
        if _asked(ctx, actor, case, step, spec)
    )


def _asked(ctx: Context, actor: Actor, case: Case, step: Step, spec: Field) -> bool:
    """Inputs with nothing, or only one thing, to choose are left out."""
    if spec.kind == "reason":
        return bool(ctx.street.reasons.named(spec.options[0]))
    if spec.kind == "request":
        return len(case.requests) > 1
    if spec.kind == "owing" and step.action == "report_in":
        return access.partner_of(actor, case) is None and bool(_contacts(case))
    return True


def _contacts(case: Case) -> Options:
    """Parties without an account that still owe their report: the office says it for them."""
    return tuple((one.party.id, one.party.name) for one in case.owing if one.party.id.startswith(f"{CONTACT}:"))


def _options(ctx: Context, actor: Actor, case: Case, action: str, spec: Field, lang: str) -> Options:
    street = ctx.street
    made: dict[str, Callable[[], Options]] = {
        "class": lambda: tuple((one.id, one.name.text(lang)) for one in street.classes),
        "party": lambda: tuple((value, f"{one.name} · {role_name(one.grant, lang)}") for value, one in work.parties(ctx, case)),
        "partner": lambda: _partners(case, street, lang, lead=True),
        "partners": lambda: _partners(case, street, lang, lead=False),
        "office": lambda: tuple(
            (f"{rung.id}@{unit}", pages.office_label(lang, street, rung, unit)) for rung, unit in work.offices_below(ctx, case)
        ),
        "reason": lambda: tuple((one.id, one.name.text(lang)) for one in street.reasons.named(spec.options[0])),
        "exit": lambda: tuple((one, street.exit_by_id[one].name.text(lang)) for one in street.rung_by_id[case.rung].exits),
        "owing": lambda: _contacts(case) if action == "report_in" else _owing(case, lang),
        "request": lambda: tuple((kind, t(lang, f"request.{kind}")) for kind in _approvable(actor, case, street)),
        "choice": lambda: _choices(case, action, spec, lang),
    }
    return made[spec.kind]() if spec.kind in made else ()


def _partners(case: Case, street: Street, lang: str, *, lead: bool) -> Options:
    """Those paired with the case's zone come first and say so; who has no account can't lead."""
    paired = {f"department@dept:{one.id}" for one in street.departments if case.zone in one.zones}
    found = access.partners_for(street.rung_by_id[case.rung], case, street)
    labels = {
        party.id: t(lang, "desk.partner.paired", name=party.name)
        if party.id in paired
        else t(lang, "desk.partner.contact", name=party.name)
        if not party.grant
        else party.name
        for party in found
    }
    return tuple((party.id, labels[party.id]) for party in found if party.grant or not lead)


def _owing(case: Case, lang: str) -> Options:
    return tuple(
        (one.party.id, f"{one.party.name} · {t(lang, 'role.lead' if one.lead else 'role.co_handler')}") for one in case.owing
    )


def _choices(case: Case, action: str, spec: Field, lang: str) -> Options:
    if spec.name == "outcome":
        # Before anything was handled only the outcomes that need no handling are open.
        early = action == "close" and case.state not in DONE
        return tuple((one, t(lang, f"outcome.{one}")) for one in spec.options if not early or one in DIRECT_OUTCOMES)
    return tuple((one, option_name(spec.name, one, lang)) for one in spec.options)


def option_name(field: str, option: str, lang: str) -> str:
    """The option's own words under that field, or what the option says anywhere."""
    own = f"option.{field}.{option}"
    return t(lang, own if has(lang, own) else f"option.{option}")
