"""The catalogues: complete in both languages, every key used, every used key there."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from chalicelib import errors
from chalicelib.casework.access import ROLES
from chalicelib.casework.case import ENDED_STATES, OPEN_STATES, OUTCOMES
from chalicelib.casework.figures_count import GROUPS as FIGURE_GROUPS
from chalicelib.casework.figures_count import Count, Line, Sums
from chalicelib.casework.finding import FACETS
from chalicelib.casework.folds import FOLDS
from chalicelib.casework.ladder import STEPS
from chalicelib.casework.property import DISCLOSURES
from chalicelib.casework.register import FOLDS as REGISTER_FOLDS
from chalicelib.casework.register import KINDS as REGISTER_KINDS
from chalicelib.casework.register import PARTS as PARTS_OF
from chalicelib.casework.register import STATES as REGISTER_STATES
from chalicelib.casework.register_card import PARTS
from chalicelib.casework.registering import BY
from chalicelib.casework.steps_oversee import REQUESTS
from chalicelib.casework.volunteers import HOURS as HELPING_HOURS
from chalicelib.casework.volunteers import REASONS as CALLING_REASONS
from chalicelib.casework.volunteers import SKILLS
from chalicelib.handlers.openapi_operations import OPERATIONS
from chalicelib.street import POSTS, Supervision
from chalicelib.usecases import orders_import
from chalicelib.usecases.intake import HOW
from chalicelib.usecases.register_digest import HEADS as LIST_HEADS
from chalicelib.usecases.register_reveal import REASONS as REGISTER_REASONS
from chalicelib.usecases.register_tables import HEADS as EXPORT_HEADS
from chalicelib.usecases.register_tables import TABLES as EXPORT_TABLES
from chalicelib.web import i18n, pages_orders
from chalicelib.web.desk_nav import ROOMS
from chalicelib.web.pages_sheets import DOCUMENTS, PAPERS
from chalicelib.web.present_acts import GROUPS
from chalicelib.web.present_events import INTERNAL, MOVES, variant
from chalicelib.web.present_form import REPORTERS
from chalicelib.web.present_queue import FILTERS, ORDER
from infra.streetfile.vocabulary import CHANNELS, UNITS
from tests.story_samples import stories

ROOT = Path(__file__).parent.parent
CODE = sorted((ROOT / "chalicelib").rglob("*.py"))
TEMPLATES = sorted((ROOT / "chalicelib/web/templates").glob("*.html"))
STATES = OPEN_STATES | ENDED_STATES
ERRORS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.DoorstepError)}


@cache
def keys() -> frozenset[str]:
    return frozenset(i18n.catalogue("zh-CN"))


@cache
def trees() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text("utf-8")) for path in CODE)


def nodes() -> Iterator[ast.AST]:
    for tree in trees():
        yield from ast.walk(tree)


def params(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def reasons() -> set[str]:
    """Every reason an error is raised with, anywhere in the package; gates return theirs."""
    found: set[str] = set()
    for node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            found |= _constants(node.args[0])
        if (
            isinstance(node, ast.Tuple)
            and len(node.elts) == 2
            and isinstance(node.elts[0], ast.Name)
            and node.elts[0].id in ERRORS
        ):
            found |= _constants(node.elts[1])
    return found | gate_reasons()


def gate_reasons() -> set[str]:
    """What the ladder's gates return."""
    tree = ast.parse((ROOT / "chalicelib/casework/gates.py").read_text("utf-8"))
    gates = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or node) == "str | None"
    ]
    returned = [back.value for gate in gates for back in ast.walk(gate) if isinstance(back, ast.Return) and back.value]
    return {reason for value in returned for reason in _returned(value)}


def options() -> set[str]:
    """Every option of the steps' own choices, under its field where two fields say it differently."""
    return {
        option if f"option.{spec.name}.{option}" not in keys() else f"{spec.name}.{option}"
        for step in STEPS.values()
        for spec in step.fields
        if spec.kind == "choice" and spec.name != "outcome" and "reporter" not in step.who
        for option in spec.options
    }


def _returned(value: ast.expr) -> set[str]:
    if isinstance(value, ast.IfExp):
        return _constants(value.body) | _constants(value.orelse)
    return _constants(value)


def _constants(value: ast.expr) -> set[str]:
    return {value.value} if isinstance(value, ast.Constant) and isinstance(value.value, str) else set()


def field_codes() -> set[str]:
    found: set[str] = set()
    for node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "FieldError" and len(node.args) > 1:
            found |= _constants(node.args[1])
    return found


def family(prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in keys() if key.startswith(prefix)}


def literal_keys() -> set[str]:
    """Keys that stand in code or templates as they are."""
    found = {node.value for node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for path in TEMPLATES:
        found |= set(re.findall(r"'([a-z_]+(?:\.[a-z0-9_]+)+)'", path.read_text("utf-8")))
    return found


def register_codes() -> set[str]:
    """Every code that a register's form is refused with."""
    path = ROOT / "chalicelib/casework/registering.py"
    found = {"consent", "consent_changed", "id_number", "personal", "phone"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "no" and len(node.args) > 1:
            code = node.args[1]
            parts = [code.body, code.orelse] if isinstance(code, ast.IfExp) else [code]
            found |= {name for part in parts for name in _constants(part)}
    return found


# Keys that are put together at run time, and exactly which there have to be.
FAMILIES: dict[str, set[str]] = {
    "state.": set(STATES),
    "who.verb.": set(STATES),
    "outcome.": set(OUTCOMES),
    "role.": {*ROLES, "reporter", "system", "staff", "lead", "co_handler"},
    "channel.": set(CHANNELS),
    "reporter.": set(REPORTERS),
    "option.": options(),
    "request.": set(REQUESTS),
    "desk.group.": set(GROUPS),
    "desk.known.rule_": set(Supervision.__struct_fields__),
    "figures.rate.": set(Count(Line(), {}, [], Sums()).rates),
    "figures.by.": {*FIGURE_GROUPS, "course", "hotline", "rest", "scans"},
    "figures.part.": {"day", "week", "month"},
    "figures.file.": {"xlsx", "csv", "json"},
    "figures.found.": {"active", "passive"},
    "figures.than.": {"more", "less", "same"},
    "duration.": {f"{unit}.{form}" for unit in UNITS for form in ("one", "other")},
    "date.weekday.": {str(n) for n in range(7)},
    "date.month.": {str(n) for n in range(1, 13)},
    "ladder.left.": {*MOVES, "auto"},
    "late.": {"escalate", "flag", "remind"},
    "desk.late.": {"escalate", "flag", "remind"},
    "desk.filter.": set(FILTERS),
    "property.kind.": {f"{kind}{end}" for kind in DISCLOSURES for end in ("", ".hint")},
    "property.mark.": {"ok", "bad"},
    "property.sign.": {"street", "committee", "company"},
    "volunteer.skill.": set(SKILLS),
    "volunteer.hours.": set(HELPING_HOURS),
    "volunteer.reason.": set(CALLING_REASONS),
    "desk.nav.": {room.id for room in ROOMS},
    "desk.find.": {
        *FACETS,
        "month",
        "outside",
        "label",
        "hint",
        "button",
        "narrow",
        "all",
        "option",
        "found",
        "clear",
        "none",
        "none_hint",
    },
    "desk.list.": {"scope", "listed", "ended", "only", "latest", "count", "page", "before", "after", "month"},
    "desk.queue.empty_": {"all", "filtered", "hint"},
    "desk.signin.": {"title", "button", "username", "password", "help"},
    "desk.activate.": {"title", "button", "password", "hint", "rule"},
    "photo.status.": {"pending", "refused"},
    "form.promise.": {"both", "first", "whole", "none"},
    "rate.satisfied.": {"label", "hint", "yes", "no"},
    "register.state.": set(REGISTER_STATES),
    "register.event.": set(REGISTER_FOLDS),
    "register.part.": set(PARTS),
    "register.by.": set(BY),
    "register.people.": {"landlord", "tenant", "member", "tenants", "members", "hint", "add", "remove", "gone"},
    "register.wrong.": {*register_codes(), "line"},
    "register.kind.": set(REGISTER_KINDS),
    "register.list.": {*LIST_HEADS, "new", "changed", "ending"},
    "register.export.": {*EXPORT_HEADS, *PARTS_OF},
    "register.sheet.": set(EXPORT_TABLES),
    "print.post.": set(POSTS),
    "api.op.": {one.id for one in OPERATIONS.values()},
    "api.tag.": {one.tag for one in OPERATIONS.values()},
    "api.path.": {"token", "case", "act", "file", "provider", "source"},
    "open311.attribute.": {f"{code}{end}" for code in ("notice", "elsewhere", "reporter", "submission") for end in ("", ".hint")},
    "how.": {how for hows in HOW.values() for how in hows},
    "desk.orders.state.": set(pages_orders.STATES),
    "desk.orders.count.": set(pages_orders.COUNTS),
    "desk.orders.why.": set(pages_orders.WHY),
    "desk.orders.result.": set(orders_import.RESULTS),
    "desk.orders.row.": set(orders_import.REASONS),
    "desk.orders.column.": set(orders_import.COLUMNS),
    "desk.register.tab.": {"queue", "digests", "exports", "people"},
    "desk.register.reason.": set(REGISTER_REASONS),
    "desk.register.digest.": {"none", "day", "committee", "new", "changed", "waiting", "ending", "flats", "people"},
    "desk.register.export.": {"none", "at", "committee", "who", "reason", "since", "count", "whole", "hint", "button", "numbers"},
}


def test_both_catalogues_have_the_same_keys_with_the_same_parameters() -> None:
    zh, en = (i18n.catalogue(lang) for lang in i18n.LANGUAGES)
    assert set(zh) == set(en)
    for key in zh:
        assert params(zh[key]) == params(en[key]), key
        assert zh[key].count("**") % 2 == en[key].count("**") % 2 == 0, key
        assert zh[key].strip(), key
        assert en[key].strip(), key


@pytest.mark.parametrize("prefix", FAMILIES)
def test_families_of_keys_are_complete_and_have_nothing_extra(prefix: str) -> None:
    assert family(prefix) == FAMILIES[prefix]


def test_every_paper_has_a_name() -> None:
    assert {f"desk.sheet.{paper}" for paper in (*PAPERS, "exit", "handover")} <= keys()
    for document in DOCUMENTS:
        assert (ROOT / f"chalicelib/web/templates/sheet_{document}.html").exists()


def test_every_step_of_staff_stands_in_one_group() -> None:
    placed = [action for members in GROUPS.values() for action in members]
    assert sorted(placed) == sorted(action for action, step in STEPS.items() if "reporter" not in step.who and action != "reveal")


def test_every_action_has_a_name() -> None:
    plain = {name for name in family("action.") if "." not in name}
    assert plain == set(STEPS)
    assert {name.split(".")[0] for name in family("action.")} <= set(STEPS)


def test_every_event_has_a_sentence_for_those_who_see_it() -> None:
    assert {name for name in family("event.") if "." not in name} == set(FOLDS)
    shown = {name for name in family("event.") if "." in name}
    assert {f"{event}.staff" for event in FOLDS} <= shown
    assert {name.split(".")[0] for name in shown if ".resident" in name} == set(FOLDS) - INTERNAL


# Said of cases that no story tells: taken in by staff, designated, late again, a date that came, withdrawn at the office.
RARE = {
    *("submitted.staff_taken", "submitted.resident_taken", "allocated.staff_designated", "dispatched.staff_designated"),
    *("answered.staff_adopted", "answered.resident_adopted", "answered.staff_not_adopted", "answered.resident_not_adopted"),
    *("lapsed.staff_again", "reminded.staff_date", "withdrawn.staff_office", "withdrawn.resident_office"),
}


def test_every_variant_of_a_sentence_is_said_of_some_case() -> None:
    said = {
        variant(event, audience).removeprefix("event.")
        for story in stories("话").values()
        for event in story.events
        for audience in ("staff", "resident")
        if audience == "staff" or event.type not in INTERNAL
    }
    # The plain sentences stand for events of other circumstances, too.
    there = {name for name in family("event.") if "." in name}
    assert {name for name in there - said if "_" in name.split(".")[1]} == RARE
    assert said <= there


def test_every_reason_of_a_refusal_has_a_title_and_a_remedy() -> None:
    wanted = reasons() | {kind.kind for kind in ERRORS.values()}
    told = {name.split(".")[0] for name in family("error.")} - {"page"}
    told |= {"page"} if "error.page.title" in keys() else set()
    limited = {f"{reason}_limited" for reason in wanted}
    assert wanted - told == set(), "raised, but without words"
    assert told - wanted - limited == set(), "words that nothing raises"
    for reason in told:
        assert {f"error.{reason}.title", f"error.{reason}.detail"} <= keys()


def test_every_code_of_a_wrong_field_has_a_sentence() -> None:
    codes = field_codes()
    assert codes <= family("field.")
    assert [name for name in family("field.") if not any(name == code or name.endswith(f"_{code}") for code in codes)] == []


def test_every_gate_that_is_shown_has_its_reason_beside_the_button() -> None:
    assert family("gate.") == {reason for reason in reasons() if reason.startswith("gate_")}


def test_every_input_of_an_action_has_a_label() -> None:
    staff = [step for step in STEPS.values() if "reporter" not in step.who]
    for step in staff:
        for spec in step.fields:
            assert f"label.{step.action}.{spec.name}" in keys() or f"label.{spec.name}" in keys()
    used = {f"{step.action}.{spec.name}" for step in staff for spec in step.fields} | {
        s.name for step in staff for s in step.fields
    }
    assert {name.removesuffix(".hint") for name in family("label.")} <= used


def test_marks_have_words() -> None:
    assert {*ORDER, "left", "near", "late", "paused", "standing", "date", "done", "missed", "reopened", "more"} == family("mark.")


def test_every_key_that_code_or_templates_name_exists() -> None:
    for path in TEMPLATES:
        for key in re.findall(r"\b(?:t|rich)\('([a-z0-9_.]+)'(?! ~)", path.read_text("utf-8")):
            assert key in keys(), f"{path.name}: {key}"
    for node in nodes():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"t", "count"}
            and len(node.args) > 1
        ):
            for key in _constants(node.args[1]):
                assert (f"{key}.other" if node.func.id == "count" else key) in keys(), key


# Keys that templates put together from a list beside them.
IN_LOOPS = (
    *("desk.sheet.", "desk.visit_day.", "desk.handover.", "desk.triage.", "figures.head.", "figures.number."),
    *("property.head.", "figures.how.", "figures.unit.", "figures.first.", "figures.closing."),
)


def test_every_key_is_used() -> None:
    named = literal_keys()
    counted = {f"{key}.{form}" for key in named for form in ("one", "other")}
    together = (*FAMILIES, "action.", "event.", "error.", "field.", "gate.", "label.", "mark.", "progress.state.", *IN_LOOPS)
    idle = {key for key in keys() - named - counted if not key.startswith(together)}
    assert idle == set()


def test_chinese_keeps_to_the_house_style() -> None:
    for key, text in i18n.catalogue("zh-CN").items():
        assert not re.search(r"[!！]|亲[，,]", text), f"{key}: no exclamation, no false intimacy"
        assert not re.search(r"[\u4e00-\u9fff] [0-9{]|[0-9}] [\u4e00-\u9fff]", text), f"{key}: the browser sets that space"
        assert not re.search(r"[\u4e00-\u9fff][,;:?]", text), f"{key}: full-width punctuation"


def test_a_missing_text_never_breaks_a_page_but_stops_a_test() -> None:
    assert i18n.t("en", "no.such.key") == "no.such.key"
    assert i18n.t("en", "mark.late") == i18n.pattern("en", "mark.late")
    with i18n.strict(), pytest.raises(i18n.MissingText):
        i18n.t("en", "no.such.key")
    with i18n.strict(), pytest.raises(i18n.MissingText):
        i18n.t("en", "mark.late")


def test_counted_words_follow_the_language() -> None:
    assert i18n.count("en", "span.day", 1) == "1 day"
    assert i18n.count("en", "span.day", 2) == "2 days"
    assert i18n.count("zh-CN", "span.day", 1) == "1天"
