"""The clock page and its endpoint: civil time shown, and moved forward. On this machine only, never in the package.

`POST {"advance": "3d"}` (`5m`, `1h`, `3wd`, `7d`; working days by the street's calendar) or `{"to": "2026-12-01T09:00:00+08:00"}`
answers `{"now": …, "steps": n}`; the page's own form posts the same names and is answered by a 303.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from chalicelib.casework import calendar
from chalicelib.casework.events import stamp
from chalicelib.models import cases
from chalicelib.ports import Clock
from chalicelib.street import Duration, Street
from chalicelib.web.csp import csp
from infra.proxy import Event
from infra.serve.advance import Interrupted, Mover, upcoming, waiting
from infra.serve.outbox import answer, sheet, words

SHOWN = 12
FARTHEST = timedelta(days=3660)
BUTTONS = ("5m", "1h", "1d", "1wd")
_DURATION = re.compile(r"(-?)([0-9]{1,5})(m|h|wd|d)")


@dataclass
class Refused(Exception):
    """`reason` is a word of words.json (`clock.no.<reason>`)."""

    status: int
    reason: str


def target_of(wanted: Mapping[str, str], street: Street) -> Callable[[datetime], datetime]:
    """What was asked for, as a function of civil time. Raises `Refused`, and so does the function for going back."""
    given = {name: value.strip() for name, value in wanted.items() if name in {"advance", "to"} and value.strip()}
    if len(given) != 1:
        raise Refused(422, "one")
    goal = _by(given["advance"], street) if "advance" in given else _until(given["to"])

    def checked(now: datetime) -> datetime:
        target = goal(now)
        if target < now:
            raise Refused(409, "back")
        if target - now > FARTHEST:
            raise Refused(422, "far")
        return target

    return checked


def _by(text: str, street: Street) -> Callable[[datetime], datetime]:
    found = _DURATION.fullmatch(text.replace(" ", ""))
    if found is None:
        raise Refused(422, "duration")
    if found[1]:
        raise Refused(409, "back")
    duration = Duration(int(found[2]), found[3])
    if found[3] in {"d", "wd"} and duration.amount > FARTHEST.days:
        raise Refused(422, "far")
    return lambda now: calendar.due(now, duration, street.calendar, street.tz)


def _until(text: str) -> Callable[[datetime], datetime]:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(422, "instant") from error
    if instant.tzinfo is None:
        raise Refused(422, "zone")
    return lambda now: instant


class ClockPage:
    """Answers GET and POST /clock (`?lang=en`, `?format=json`). The models have to be bound."""

    def __init__(self, street: Street, clock: Clock, mover: Mover) -> None:
        self._street = street
        self._clock = clock
        self._mover = mover

    def __call__(self, event: Event) -> dict[str, Any]:
        query = event.get("queryStringParameters") or {}
        lang = "en" if query.get("lang") == "en" else "zh-CN"
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        plain = "json" in headers.get("content-type", "") or query.get("format") == "json"
        try:
            if event["httpMethod"] == "POST":
                return self._moved(event, headers, lang, plain)
            if event["httpMethod"] != "GET":
                raise Refused(405, "method")
        except Refused as refused:
            return self._refused(refused, lang, plain)
        if plain:
            return answer(json.dumps(self._state()), "application/json", "")
        return self._page(lang, steps=query.get("steps", ""))

    def _moved(self, event: Event, headers: Mapping[str, str], lang: str, plain: bool) -> dict[str, Any]:
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise Refused(403, "origin")
        wanted = target_of(_fields(event, headers), self._street)
        try:
            moved = self._mover.move(wanted)
        except Interrupted as error:
            raise Refused(503, "stopping") from error
        if plain:
            return answer(json.dumps({"now": stamp(moved.now), "steps": moved.steps}), "application/json", "")
        made = answer("", "text/plain; charset=utf-8", "")
        made["headers"]["Location"] = "/clock?" + urlencode({"lang": lang, "steps": moved.steps})
        return {**made, "statusCode": 303}

    def _state(self) -> dict[str, Any]:
        due = [{"at": stamp(at), "case": no} for at, no in upcoming(SHOWN)]
        return {"now": stamp(self._clock.civil()), "wall": stamp(self._clock.wall()), "next": due, "messages": waiting()}

    def _refused(self, refused: Refused, lang: str, plain: bool) -> dict[str, Any]:
        say = words()[lang]
        if not plain:
            return {**self._page(lang, refused=refused.reason), "statusCode": refused.status}
        problem = {
            "type": f"/errors/clock_{refused.reason}",
            "title": say["clock.refused"],
            "status": refused.status,
            "detail": say[f"clock.no.{refused.reason}"],
        }
        return {**answer(json.dumps(problem, ensure_ascii=False), "application/problem+json", ""), "statusCode": refused.status}

    def _page(self, lang: str, *, steps: str = "", refused: str = "") -> dict[str, Any]:
        say = words()[lang]
        other = "zh-CN" if lang == "en" else "en"
        note = ""
        if refused:
            note = f'<p class="wrong" role="alert"><b>{say["clock.refused"]}</b> {say[f"clock.no.{refused}"]}</p>'
        elif steps.isdecimal():
            note = f'<p class="done" role="status">{say["clock.moved"].format(steps=int(steps))}</p>'
        times = (("civil", self._clock.civil()), ("wall", self._clock.wall()))
        shown = "".join(f'<div><dt>{say[f"clock.{name}"]}</dt><dd id="{name}">{self._local(at)}</dd></div>' for name, at in times)
        buttons = "".join(f'<button name="advance" value="{by}">+{say[f"clock.by.{by}"]}</button>' for by in BUTTONS)
        page = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{say["clock.title"]}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{sheet()}</style></head><body><main><h1>{say['clock.title']}</h1><p>{say['clock.where']}</p>{note}"
            f'<dl class="times">{shown}</dl>'
            f'<form method="post" action="/clock?lang={lang}" class="row">{buttons}</form>'
            f'<form method="post" action="/clock?lang={lang}" class="row"><label for="by">{say["clock.free"]}</label>'
            f'<input id="by" name="advance" required autocomplete="off" aria-describedby="how">'
            f'<button>{say["clock.move"]}</button></form><p id="how">{say["clock.how"]}</p>'
            f"<h2>{say['clock.next']}</h2>{self._ahead(say)}"
            f'<nav><a href="/outbox?lang={lang}">{say["title"]}</a> <a href="/desk">{say["clock.desk"]}</a> '
            f'<a href="/clock?lang={other}" lang="{other}">{say["other"]}</a></nav></main></body></html>'
        )
        made = answer(page, "text/html; charset=utf-8", csp(page))
        # With `no-referrer` a browser would say `Origin: null` with this page's own form.
        made["headers"]["Referrer-Policy"] = "same-origin"
        return made

    def _ahead(self, say: Mapping[str, str]) -> str:
        rows = "".join(
            f'<li><a href="/desk/cases/{escape(no)}">{escape(no)}</a> {self._local(at)} {escape(self._what(no, at, say))}</li>'
            for at, no in upcoming(SHOWN)
        )
        messages = waiting()
        note = f"<p>{say['clock.messages'].format(count=messages)}</p>" if messages else ""
        return f'<ol class="ahead">{rows or "<li>" + say["clock.nothing"] + "</li>"}</ol>{note}'

    def _what(self, no: str, at: datetime, say: Mapping[str, str]) -> str:
        """Which clock it is, and whether it reminds or ends. A case that can't be read is still listed."""
        try:
            stored = cases.get(no)
        except Exception:
            stored = None
        for run in stored.case.clocks if stored else ():
            clock = self._street.clocks.get(run.id)
            if run.running and clock is not None and stamp(at) in {run.warn, run.due}:
                name = clock.name.text("en" if say is words()["en"] else "zh-CN")
                return say["clock.reminds" if run.warn == stamp(at) else "clock.ends"].format(clock=name)
        return ""

    def _local(self, instant: datetime) -> str:
        return f'<time datetime="{stamp(instant)}">{instant.astimezone(self._street.tz):%Y-%m-%d %H:%M:%S}</time>'


def _fields(event: Event, headers: Mapping[str, str]) -> dict[str, str]:
    """Of a JSON object or a form; only texts count. Raises `Refused(400)` for a body that is neither."""
    body = event.get("body") or ""
    if "json" not in headers.get("content-type", ""):
        return {name: values[-1] for name, values in parse_qs(body).items()}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "body") from error
    if not isinstance(found, dict):
        raise Refused(400, "body")
    return {name: value for name, value in found.items() if isinstance(value, str)}
