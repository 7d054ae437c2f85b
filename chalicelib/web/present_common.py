"""What every page needs: its frame, its switches, the words of an error, the state of its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from chalicelib.errors import DoorstepError, FieldError
from chalicelib.street import Street
from chalicelib.web.i18n import DEFAULT, has, t
from chalicelib.web.look import Look

# The fields of the desk's forms in which people write.
WRITTEN = ("question", "answer", "text", "demands", "basis", "reason", "note", "sentence", "result", "remark")


@dataclass(frozen=True)
class Frame:
    """`street` and `phone` are empty when a page has no street to speak for."""

    title: str
    brand: str
    street: str
    domain: str
    phone: str
    tel: str
    other_lang: str
    lang_url: str
    large_url: str


@dataclass(frozen=True)
class Problem:
    """An error beside what caused it. `fields` is name → sentence; `summary` the same in the form's order, with anchors."""

    title: str
    detail: str
    fields: Mapping[str, str]
    summary: Sequence[tuple[str, str]]
    conflict: bool


def with_param(path: str, name: str, value: str) -> str:
    """The page's own address with one query parameter set; the switches' links."""
    base, _, query = path.partition("?")
    kept = [(key, old) for key, old in parse_qsl(query, keep_blank_values=True) if key != name]
    return f"{base}?{urlencode([*kept, (name, value)])}"


def tel(phone: str) -> str:
    return "tel:" + re.sub(r"[^0-9+]", "", phone)


def spoken(phone: str) -> str:
    """A number as people read it aloud: `138 0000 0000`, `021-0012 3456`; anything but the stored form as it is."""
    mobile = re.fullmatch(r"\+86(1\d{2})(\d{4})(\d{4})", phone)
    if mobile:
        return "\u00a0".join(mobile.groups())
    line = re.fullmatch(r"\+86(10|2\d|[3-9]\d{2})(\d{3,4})(\d{4})", phone)
    return f"0{line[1]}-{line[2]}\u00a0{line[3]}" if line else phone.replace(" ", "\u00a0")


def frame(look: Look, street: Street | None, title: str) -> Frame:
    other = "en" if look.lang == DEFAULT else DEFAULT
    offered = street is None or other in street.languages
    brand = street.brand.text(look.lang) if street else t(look.lang, "frame.product")
    return Frame(
        title=t(look.lang, "frame.title", page=title, brand=brand),
        brand=brand,
        street=street.name.text(look.lang) if street else "",
        domain=street.domain if street else "",
        phone=street.phone.replace(" ", "\u00a0") if street else "",
        tel=tel(street.phone) if street else "",
        other_lang=other if offered else "",
        lang_url=look.root + with_param(look.path, "lang", other),
        large_url=look.root + with_param(look.path, "large", "0" if look.large else "1"),
    )


def _readable(lang: str, params: Mapping[str, str | int]) -> dict[str, str | int]:
    """Identifiers among an error's parameters become words."""
    words = dict(params)
    for name in ("state", "action", "outcome"):
        key = f"{name}.{params.get(name)}"
        if name in params and has(lang, key):
            words[name] = t(lang, key)
    return words


def describe(lang: str, error: DoorstepError) -> tuple[str, str]:
    """(title, detail) of an error, for pages and for RFC 9457 objects alike. An unknown reason reads as its kind."""
    overtaken = f"event.{error.params.get('event')}"
    if error.reason == "someone_else" and has(lang, overtaken):
        return t(lang, "error.someone_else.title"), t(lang, "error.someone_else.detail_event", event=t(lang, overtaken))
    for name in (f"{error.reason}_{error.kind}", error.reason, error.kind, "unexpected"):
        if has(lang, f"error.{name}.title"):
            params = _readable(lang, error.params)
            return t(lang, f"error.{name}.title", **params), t(lang, f"error.{name}.detail", **params)
    return error.reason, ""


def field_text(lang: str, field: FieldError) -> str:
    own = f"field.{field.name}_{field.code}"
    return t(lang, own if has(lang, own) else f"field.{field.code}", **field.params)


def problem(lang: str, error: DoorstepError | None, order: Sequence[str] = ()) -> Problem | None:
    """`order` is how the fields stand on the page: the summary goes through them as the eye does."""
    if error is None:
        return None
    title, detail = describe(lang, error)
    wrong = sorted(error.fields, key=lambda field: order.index(field.name) if field.name in order else len(order))
    fields = {field.name: field_text(lang, field) for field in wrong}
    return Problem(title, detail, fields, tuple(fields.items()), error.status == 409)


def written(fields: Mapping[str, str]) -> str:
    """What somebody wrote into a form of the desk, to be copied where the form itself is not there any more."""
    said = (fields.get(name, "").strip() for name in WRITTEN)
    # What was only chosen is a name of ours, and soon chosen again.
    return "\n\n".join(one for one in said if one and not (one.isascii() and one.isidentifier()))


def missing_text(lang: str, key: str | None) -> str:
    """Why an action can't be done yet; a bare reason means the title of that error."""
    if not key:
        return ""
    return t(lang, key if "." in key else f"error.{key}.title")
