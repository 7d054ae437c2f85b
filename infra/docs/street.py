"""`docs/ladder/<street>.md`: one street's ladder as its file says it: rungs, clocks, and what each step turns and tells."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.casework.clocks import ENDING
from chalicelib.casework.ladder import LADDER, STEPS
from chalicelib.casework.notices import FILLS
from chalicelib.casework.steps_oversee import REQUESTS
from chalicelib.street import Clock, Rung, Street
from infra.docs import diagrams, effects, roles
from infra.docs.effects import Effect
from infra.docs.markdown import joined, mermaid, page, table
from infra.docs.words import both, has_own, label, length, own, role, word

NOTE = "Rendered by `make docs` from the street file; [the ladder](../ladder.md) has what every street's steps have in common."
RUNG_HEAD = (
    *("级 · Rung", "谁 · Who", "进入 · Enters", "时限 · Clocks"),
    *("上报、派给、超时 · Up, down, late", "派给谁 · Gives to", "出口 · Ways out"),
)
CLOCK_HEAD = (
    *("时限 · Clock", "开始 · Starts at", "停止 · Stops at", "暂停 · Stands still in", "长度 · Length"),
    *("提醒 · Reminder", "到时 · At its end", "依据 · Basis"),
)
STEP_HEAD = (
    *("操作 · Action", "谁 · Who", "开始计时 · Starts", "停止计时 · Stops"),
    *("暂停与续走 · Pauses, goes on", "告知 · Tells"),
)


def render(street: Street) -> str:
    return page(
        [
            f"# {label(street.name)}: {label(street.brand)}",
            "",
            NOTE,
            "",
            "## 阶梯 · Ladder",
            "",
            *mermaid(diagrams.ladder(street)),
            *table(RUNG_HEAD, (_rung(rung, street) for rung in street.rungs)),
            "A case enters at the first rung in this order that takes its channel and class.",
            "",
            *_classes(street),
            "## 时限 · Clocks",
            "",
            *table(CLOCK_HEAD, (_clock(clock, street) for clock in street.clocks.values())),
            "## 操作 · Actions",
            "",
            "What nobody can do on this street is left out.",
            "",
            *table(STEP_HEAD, _steps(street)),
            "## 到时自动告知 · What time tells by itself",
            "",
            *table(("何时 · When", "告知 · Tells"), _by_itself(street)),
            *_terms(street),
        ]
    )


# ---- Rungs and classes


def _rung(rung: Rung, street: Street) -> list[str]:
    leads = [f"↑ {label(street.rung_by_id[rung.pass_up].name)}"] if rung.pass_up else []
    leads += [f"↓ {label(street.rung_by_id[target].name)}" for target in rung.allocate]
    leads += [f"⏰ {label(street.rung_by_id[rung.late].name)}"] if rung.late else []
    marks = [own("marks", mark) for mark in ("sorts", "triage") if getattr(rung, mark)]
    return [
        joined([f"{rung.level} **{label(rung.name)}**", *marks]),
        f"{role(rung.role)} @ {own('scopes', rung.scope)}",
        joined(_enters(rung, street)),
        joined(label(street.clocks[clock].name) for clock in rung.clocks),
        joined(leads),
        joined(role(one) for one in dict.fromkeys((*rung.assign, *rung.dispatch))),
        joined(label(street.exit_by_id[way].name) for way in rung.exits),
    ]


def _enters(rung: Rung, street: Street) -> list[str]:
    found = []
    for entry in rung.enters:
        channels = [word(f"channel.{channel}") for channel in entry.channels] or [own("marks", "every_channel")]
        classes = [label(street.class_by_id[case_class].name) for case_class in entry.classes]
        found += [f"{channel}: {'; '.join(classes)}" if classes else channel for channel in channels]
    return found


def _classes(street: Street) -> list[str]:
    rows = []
    for one in street.classes:
        marks = [own("marks", mark) for mark in ("answers", "hazard", "idea") if getattr(one, mark)]
        if one.observe:
            marks.append(f"{own('marks', 'observe')}: {length(one.observe)}")
        rows.append([f"**{label(one.name)}**", joined(marks), joined(label(street.clocks[clock].name) for clock in one.clocks)])
    return table(("类型 · Class", "特点 · What is special", "自带时限 · Its clocks"), rows)


# ---- Clocks


def _clock(clock: Clock, street: Street) -> list[str]:
    return [
        joined([f"**{label(clock.name)}**", f"`{clock.id}`", *(word(f"channel.{channel}") for channel in clock.channels)]),
        own("occasions", "entered") if clock.start == "entered" else word(f"event.{clock.start}"),
        joined(word(f"event.{event}") for event in clock.stop),
        joined(word(f"state.{state}") for state in clock.pause),
        _length(clock, street),
        joined([length(clock.warn) if clock.warn else ""]),
        _end(clock, street),
        own("basis", clock.basis),
    ]


def _length(clock: Clock, street: Street) -> str:
    if clock.until:
        return own("marks", "until")
    found = [length(clock.late)]
    found += [f"{label(street.class_by_id[one].name)}: {length(late)}" for one, late in clock.late_for.items()]
    found += [clock.hours] if clock.hours else []
    found += [own("marks", mark) for mark in ("party", "extend") if getattr(clock, mark)]
    return joined(found)


def _end(clock: Clock, street: Street) -> str:
    found = [own("ends", action) for action in clock.action]
    if not clock.counts:
        found.append(own("marks", "date"))
    if clock.again:
        found.append(f"{own('marks', 'again')}: {length(clock.again.every)} × {clock.again.times}")
    if clock.tell:
        found.append("→ " + ", ".join(role(one) for one in clock.tell))
    return joined(found)


# ---- Steps


def _steps(street: Street) -> Iterator[list[str]]:
    for step in LADDER:
        who = roles.who(step.action, street)
        if not who:
            continue
        name = f"**{word(f'action.{step.action}')}**"
        if step.action != "approve":
            yield _step(name, who, step.action, effects.on(step.action, street), street)
            continue
        for kind, effect in effects.GRANTED.items():
            granting = [role(one) for one in street.approvals.roles(kind)]
            if granting:
                yield _step(f"{name}<br>{word(f'request.{kind}')}", granting, step.action, effect, street)


def _step(name: str, who: list[str], action: str, effect: Effect, street: Street) -> list[str]:
    clocks = [clock for clock in street.clocks.values() if not effects.ends_all(effect)]
    through = effects.ways(action, effect)
    turned = [f"⏸ {label(clock.name)}" for clock in clocks if effects.pauses(clock, through)]
    turned += [f"▶ {label(clock.name)}" for clock in clocks if effects.resumes(clock, through)]
    return [
        name,
        joined(who),
        joined(_starts(effect, street)),
        joined(_stops(effect, street)),
        joined(turned),
        joined(_told(occasion, street) for occasion in sorted(effects.occasions(effect))),
    ]


def _starts(effect: Effect, street: Street) -> list[str]:
    """Those of a rung are said in one word: which they are depends on the rung."""
    started = [clock for clock in street.clocks.values() if effects.starts(clock, effect)]
    found = [label(clock.name) for clock in started if clock.start != "entered" or not effects.owned(clock, street)]
    if effects.enters(effect):
        found.insert(0, _of_rung("next_rung", effect) if effect.moves else own("marks", "this_rung"))
    return found


def _stops(effect: Effect, street: Street) -> list[str]:
    if effects.ends_all(effect):
        return [own("marks", "all")]
    if set(effect.events) & ENDING:
        return [own("marks", "all_but_parties")]
    stopped = [clock for clock in street.clocks.values() if effects.stops(clock, effect, street)]
    by_step = [label(clock.name) for clock in stopped if not effects.owned(clock, street) or set(effect.events) & set(clock.stop)]
    return [_of_rung("left_rung", effect), *by_step] if effect.moves else by_step


def _of_rung(mark: str, effect: Effect) -> str:
    """Taking a case in moves it only where it is sorted on to another rung."""
    return f"({own('marks', 'if_routed')}) {own('marks', mark)}" if "routed" in effect.events else own("marks", mark)


def _told(occasion: str, street: Street) -> str:
    notices = [one for one in street.notices if one.on == occasion and one.template in FILLS]
    return joined(f"{_recipient(one.to)}: {_template(one.template)}" for one in notices)


def _recipient(to: str) -> str:
    return role(to.removeprefix("role:")) if to.startswith("role:") else own("recipients", to)


def _template(name: str) -> str:
    return own("templates", name)


def _by_itself(street: Street) -> list[list[str]]:
    made = {event for action in STEPS for event in effects.occasions(effects.on(action, street))}
    names = [name for name in dict.fromkeys(one.on for one in street.notices) if name not in made or has_own("occasions", name)]
    return [[_occasion(name), _told(name, street)] for name in names if _told(name, street)]


def _occasion(name: str) -> str:
    return own("occasions", name) if has_own("occasions", name) else word(f"event.{name}")


# ---- Terms


def _terms(street: Street) -> list[str]:
    follow, terms, rules = street.follow_up, street.terms, street.supervision
    says = [
        (own("terms", "refuse"), both(f"{terms.refusals} 次", f"{terms.refusals} times") + f", {length(terms.refuse)}"),
        (own("terms", "extension"), both(f"最多 {terms.extension_wd} 个工作日", f"at most {terms.extension_wd} working days")),
        (own("terms", "recurrence"), both(f"{terms.recurrence_days} 天", f"{terms.recurrence_days} days")),
        *((word(f"request.{kind}"), joined(role(one) for one in street.approvals.roles(kind))) for kind in REQUESTS),
        (own("terms", "preliminary"), own("answers", "yes" if follow.preliminary else "no")),
        (own("terms", "visit"), own("answers", "yes" if follow.visit else "no")),
        (own("terms", "visitors"), joined(role(one) for one in follow.visitors) or own("recipients", "office")),
        (own("terms", "attempts"), str(follow.attempts)),
        (own("terms", "micro_grid"), own("answers", "yes" if follow.micro_grid else "no")),
        (own("terms", "reopen_once"), own("answers", "yes" if follow.reopen_once else "no")),
        (own("terms", "late"), str(rules.late) if rules.late else own("answers", "no")),
        (own("terms", "reopened"), str(rules.reopened) if rules.reopened else own("answers", "no")),
        (own("terms", "cluster"), str(rules.cluster) if rules.cluster else own("answers", "no")),
        *((own("terms", f"{kind}_reasons"), _reasons(street, kind)) for kind in ("refusal", "extension", "cause")),
        *((label(way.name), own("documents", way.document)) for way in street.exits),
        *((label(one.name), _paired(street, one.zones)) for one in street.departments),
    ]
    return ["## 规则 · Terms", "", *table(("规则 · Term", ""), says)]


def _reasons(street: Street, kind: str) -> str:
    return joined(label(option.name) for option in street.reasons.named(kind))


def _paired(street: Street, zones: tuple[str, ...]) -> str:
    return joined([own("marks", "department"), *(label(street.zone_by_id[zone].name) for zone in zones)])
