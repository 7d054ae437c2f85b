"""Jinja, made on first use: a submission is answered with a redirect and never pays for it.

The package has its templates compiled beforehand (`precompile`) and no sources of them; from sources it is the other way round.
"""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.street import Street
from chalicelib.web import i18n
from chalicelib.web.look import Look
from chalicelib.web.static import static_url

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HOME = Path(__file__).parent
TEMPLATES = HOME / "templates"
STYLES = HOME / "styles"
COMPILED = HOME / "compiled"

DEFAULT_PLATE = "#183E7C"
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


def make_environment(compiled: Path | None) -> Environment:
    """Reads compiled templates from that folder, or the sources."""
    from jinja2 import BaseLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined

    loader: BaseLoader = ModuleLoader(compiled) if compiled else FileSystemLoader(TEMPLATES)
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )


@cache
def environment() -> Environment:
    return make_environment(COMPILED if COMPILED.is_dir() else None)


def precompile(target: Path) -> None:
    """Writes every template as a Python module into `target` (`chalicelib/web/compiled` of the package)."""
    make_environment(None).compile_templates(target, zip=None, ignore_errors=False)


@cache
def css(*names: str) -> str:
    """The style sheets of a kind of page, one after the other, without comments and idle white space."""
    text = "".join((STYLES / f"{name}.css").read_text("utf-8") for name in names)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s*([{};,])\s*", r"\1", text)
    text = re.sub(r":\s+", ":", text)
    return text.replace(";}", "}").strip()


def rich(lang: str, key: str, **params: str | int) -> Markup:
    """A sentence in which `**…**` is bold; the catalogue's own text and every parameter are escaped."""
    from markupsafe import Markup, escape

    text = _BOLD.sub(r"<b>\1</b>", str(escape(i18n.pattern(lang, key))))
    return Markup(text).format_map(params)  # noqa: S704 - the pattern is escaped above, the parameters by Markup itself


@cache
def _sheet(styles: tuple[str, ...], plate: str) -> str:
    """The page's style sheet, with the street's own plate colour when it has one."""
    return css(*styles) + (f":root{{--plate:{plate}}}" if _COLOUR.fullmatch(plate) and plate.upper() != DEFAULT_PLATE else "")


def render(template: str, look: Look, street: Street | None, styles: tuple[str, ...], **view: Any) -> str:
    """The page's HTML. `view` holds plain values; templates also see `look`, `t`, `rich`, `static` and the style sheet."""
    from markupsafe import Markup

    sheet = _sheet(styles, street.plate if street else "")
    return (
        environment()
        .get_template(template)
        .render(
            look=look,
            t=partial(i18n.t, look.lang),
            rich=partial(rich, look.lang),
            static=partial(static_url, root=look.root),
            sheet=Markup(sheet),  # noqa: S704 - our own file, no reader's text in it
            **view,
        )
    )
