"""The page of components: drawn from the pages' own parts, free of violations, with nothing that the sheets don't know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from chalicelib.web import i18n
from chalicelib.web.render import css
from infra.docs import components
from tests import browser_checks as checks
from tests import pictures

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Marks of a state that the sheets show by another selector, or by the element alone.
PLAIN = {"at", "bar", "plain", "primary", "ahead", "near", "n", "i"}


@pytest.mark.parametrize("kind", components.SHEETS)
def test_every_class_on_the_page_is_one_of_the_sheets(kind: str) -> None:
    with i18n.strict():
        text = components.frame(kind, "light")
    used = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", css(*components.SHEETS[kind])))
    assert used - known - PLAIN == set()


def test_both_schemes_are_the_same_sheet_with_other_colours() -> None:
    for name, light, dark in components.tokens():
        assert re.fullmatch(r"#[0-9A-F]{6}", light), name
        assert re.fullmatch(r"#[0-9A-F]{6}", dark), name
    assert "prefers-color-scheme" not in components.frame("desk", "dark")
    assert components.frame("desk", "dark").replace("media all", "media not all").replace(
        "color-scheme:dark", "color-scheme:light"
    ) == components.frame("desk", "light")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", components.SHEETS)
def test_every_component_is_free_of_violations_in_both_schemes(page: Page, kind: str, scheme: str) -> None:
    page.set_content(components.frame(kind, scheme))
    assert checks.axe(page) == []
    assert checks.sticking_out(page) == []


def test_the_gallery_shows_every_picture_and_every_picture_of_the_readme_is_there() -> None:
    docs = pictures.ROOT / "docs"
    assert (docs / "pictures.md").read_text("utf-8") == pictures.gallery()
    shown = set(re.findall(r'src="docs/pictures/([^"]+)"', (pictures.ROOT / "README.md").read_text("utf-8")))
    taken = {f"{shot.name}.png" for shot in pictures.SHOTS}
    assert shown <= taken
    assert {path.name for path in (docs / "pictures").iterdir()} == taken
