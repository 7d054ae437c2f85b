"""The outbox page: every SMS that would have gone out, newest first. On this machine only, never in the package.

It shows what the outbox itself keeps: mask, template, text and time. The number behind a mask is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.casework import messages
from chalicelib.casework.events import parse
from chalicelib.models.outbox import OutboxRow, every, message_of
from chalicelib.web.csp import csp
from infra.proxy import Event

HOME = Path(__file__).parent
SHOWN = 500


@dataclass(frozen=True)
class Line:
    """One message as shown. `at` is when it was sent, or when it is to be sent."""

    at: datetime
    to: str
    mask: str
    template: str
    text: str
    state: str
    case: str


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((HOME / "words.json").read_text("utf-8"))
    return found


@cache
def sheet() -> str:
    return (HOME / "local.css").read_text("utf-8").replace("\n", "")


class OutboxPage:
    """Answers GET /outbox (`?lang=en`, `?format=json`). The models have to be bound."""

    def __init__(self, tz: ZoneInfo, sign: str) -> None:
        self._tz = tz
        self._sign = sign

    def __call__(self, event: Event) -> dict[str, Any]:
        query = event.get("queryStringParameters") or {}
        lines = sorted((self._line(row) for row in every()), key=lambda line: line.at, reverse=True)[:SHOWN]
        if query.get("format") == "json":
            return answer(json.dumps([self._plain(line) for line in lines], ensure_ascii=False), "application/json", "")
        page = self._page("en" if query.get("lang") == "en" else "zh-CN", lines)
        return answer(page, "text/html; charset=utf-8", csp(page))

    def _line(self, row: OutboxRow) -> Line:
        message = message_of(row)
        return Line(
            at=parse(row.sent_at or row.at),
            to=row.to,
            mask=row.mask or "",
            template=row.template,
            text=row.text or messages.fill(row.template, message.params, self._sign),
            state=row.state,
            case=row.case,
        )

    def _plain(self, line: Line) -> dict[str, str]:
        fields = ("to", "mask", "template", "text", "state", "case")
        return {"at": line.at.isoformat(timespec="milliseconds"), **{name: getattr(line, name) for name in fields}}

    def _page(self, lang: str, lines: Iterable[Line]) -> str:
        say = words()[lang]
        items = "".join(self._item(say, line) for line in lines) or f"<li><p>{say['empty']}</p></li>"
        other = "zh-CN" if lang == "en" else "en"
        return (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{say["title"]}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{sheet()}</style></head><body><main><h1>{say['title']}</h1><p>{say['where']}</p><p>{say['lost']}</p>"
            f'<nav><a href="/clock?lang={lang}">{say["clock"]}</a> '
            f'<a href="/outbox?lang={other}" lang="{other}">{say["other"]}</a></nav>'
            f"<ol>{items}</ol></main></body></html>"
        )

    def _item(self, say: Mapping[str, str], line: Line) -> str:
        number = messages.TEMPLATES[line.template].number
        local = line.at.astimezone(self._tz)
        pairs = (
            ("time", f"{local:%Y-%m-%d %H:%M:%S}"),
            ("to", say["to." + line.to.partition(":")[0]]),
            ("mask", line.mask or "—"),
            ("template", f"{number} {line.template}"),
            ("case", line.case),
            ("state", say[f"state.{line.state}"]),
        )
        details = "".join(f"<div><dt>{say[name]}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs)
        return f'<li data-template="{line.template}"><p lang="zh-CN">{escape(line.text)}</p><dl>{details}</dl></li>'


def answer(body: str, kind: str, policy: str) -> dict[str, Any]:
    headers = {"Content-Type": kind, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if policy:
        headers["Content-Security-Policy"] = policy
    return {"statusCode": 200, "headers": headers, "multiValueHeaders": {}, "body": body}
