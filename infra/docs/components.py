"""docs/components.html: every component of the pages in its states, drawn by the pages' own macros and style sheets.

Residents' pages and the desk have a sheet each, and light and dark are one sheet with other variables. The page shows the four
beside each other in frames that carry the very sheets, so that what is seen here is what is served.
"""

from __future__ import annotations

import html
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from chalicelib.web.i18n import t
from chalicelib.web.render import TEMPLATES, css, rich

HERE = Path(__file__).parent / "components"
SHEETS = {
    "resident": ("tokens", "resident", "form", "progress"),
    "desk": ("tokens", "desk"),
}
_DARK = re.compile(r"@media \(prefers-color-scheme: ?dark\)")
LANG = "zh-CN"


def tokens() -> list[tuple[str, str, str]]:
    """(name, light, dark) of every colour, as the style sheet has them."""
    text = css("tokens")
    light, dark = _DARK.split(text, maxsplit=1)
    first: dict[str, str] = dict(re.findall(r"--(\w+):(#[0-9A-Fa-f]{6})", light))
    second: dict[str, str] = dict(re.findall(r"--(\w+):(#[0-9A-Fa-f]{6})", dark.split("}}")[0]))
    return [(name, value, second.get(name, value)) for name, value in first.items()]


def clock(standing: str, words: str, share: int, notch: int | None = None) -> SimpleNamespace:
    """A clock as the macros take it."""
    glyphs = {"plain": "clock", "near": "hourglass", "late": "bang", "done": "tick"}
    return SimpleNamespace(standing=standing, glyph=glyphs[standing], words=words, share=share, notch=notch)


def frame(kind: str, scheme: str) -> str:
    """One frame: the components of a kind of page under its own sheet, held to a scheme."""
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(HERE), FileSystemLoader(TEMPLATES)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sheet = _DARK.sub("@media all" if scheme == "dark" else "@media not all", css(*SHEETS[kind]))
    sheet = sheet.replace("color-scheme:light dark", f"color-scheme:{scheme}")
    said = partial(t, LANG)
    return environment.get_template(f"{kind}.html").render(
        sheet=sheet,
        t=said,
        rich=partial(rich, LANG),
        tokens=tokens(),
        clocks=[
            clock("plain", "还有2天", 40),
            clock("near", "2小时10分", 88),
            clock("late", "1天3小时", 100, 80),
            clock("done", "按时", 100),
        ],
        problem=SimpleNamespace(
            title=said("error.fields.title"),
            detail="",
            summary=[("phone", said("field.phone"))],
            fields={"phone": said("field.phone")},
        ),
        none=None,
    )


def render() -> str:
    """The whole page, to be opened from a disk: nothing is asked of anywhere."""
    frames = []
    for kind in SHEETS:
        for scheme in ("light", "dark"):
            inside = html.escape(frame(kind, scheme))
            frames.append(
                f'<section><h2>{kind}, {scheme}</h2><iframe title="{kind}, {scheme}" srcdoc="{inside}"></iframe></section>'
            )
    return (HERE / "index.html").read_text("utf-8").replace("{{ frames }}", "\n".join(frames))
