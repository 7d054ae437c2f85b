"""The registers' desk on a phone and on a wide screen: nothing runs out of the page, and a shown number goes away by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.client import Visitor
from tests.register_people import household, id_number, register_world, rental, send
from tests.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("DOORSTEP_PICTURES", "")


@pytest.fixture
def town(moto: Any, tmp_path: Path) -> Iterator[World]:
    with register_world(moto, tmp_path) as world:
        yield world


def show(page: Page, visitor: Visitor, path: str, name: str) -> None:
    """The page as the application answers it, looked at by a browser."""
    answer = visitor.get(path)
    assert answer.status == 200, answer.words
    page.set_content(answer.text)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize("width", [320, 1280])
def test_the_registers_desk_fits(town: World, page: Page, width: int) -> None:
    register = send(town, rental(3, area="12", rooms="1"))
    send(town, household(), "population")
    town.clock.advance(hours=7)
    from chalicelib import wiring
    from chalicelib.usecases import register_digest

    house = wiring.house()
    register_digest.run(house.context, house.lists, lambda key, **_: key, lambda: 60.0)
    page.set_viewport_size({"width": width, "height": 740})
    verifier = town.signed_in("verifier", "committee:c01")
    admin = town.signed_in("street_admin", "street")
    flat = f"/desk/households?place={register.place}&room=101"
    shown = [(verifier, "/desk/registers", "queue"), (verifier, f"/desk/registers/{register.no}", "case")]
    shown += [
        (verifier, flat, "household"),
        (verifier, "/desk/digests", "digests"),
        (verifier, f"/desk/registers/{register.no}/correct", "correct"),
    ]
    shown += [
        (admin, "/desk/exports", "exports"),
        (admin, "/desk/people", "people"),
        (admin, f"/desk/registers/{register.no}", "admin"),
    ]
    for visitor, path, name in shown:
        show(page, visitor, path, f"desk-{width}-{name}")
        assert id_number(0) not in page.content()
