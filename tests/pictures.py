"""`make pictures`: every page of the demo street as a picture in docs/pictures/, docs/pictures.md that shows them, and
docs/components.html.

Starts `make serve` in a folder of its own, uses it in a real browser as residents and staff do, and writes what is seen. The
demo's numbers are made anew each time, so that two runs differ in them and in nothing else.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from infra.docs import components
from infra.say import say
from tests import chromium
from tests.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"
PHONE, WIDE = (375, 812), (1280, 900)
# Flat colours: a palette is a fifth of the size and looks the same.
COLOURS = 128
LONGEST = 2600


@dataclass(frozen=True)
class Shot:
    """A picture: its file, what stands below it, whose page it is (a role of the demo's staff, or "" for a resident), how one
    comes to the page, and how it is looked at.
    """

    name: str
    caption: str
    who: str
    way: Callable[[Page, str], None]
    size: tuple[int, int] = PHONE
    dark: bool = False


def at(path: str) -> Callable[[Page, str], None]:
    return lambda page, base: _go(page, base + path)


def _go(page: Page, url: str) -> None:
    page.goto(url)


def _form(page: Page, base: str) -> None:
    page.goto(FORMS["issue"])


def _typed(page: Page, base: str) -> None:
    _form(page, base)
    page.fill("[name=text]", "楼道里的灯坏了，晚上看不清台阶")
    page.locator("label.o", has_text="社区硬件设施").first.click()
    page.fill("[name=phone]", "021-0012 7788")


def _large(page: Page, base: str) -> None:
    _form(page, base)
    page.click("a[href*='large=1']")


def _refused(page: Page, base: str) -> None:
    _form(page, base)
    page.fill("[name=phone]", "123")
    page.evaluate("document.getElementById('report').noValidate = true")
    page.click("button.main")
    page.wait_for_selector("#errors")


def _sent(page: Page, base: str) -> None:
    _typed(page, base)
    page.click("button.main")
    page.wait_for_url("**/received")


def _progress(page: Page, base: str) -> None:
    _sent(page, base)
    page.goto(page.url.removesuffix("/received"))


def _kind(kind: str) -> Callable[[Page, str], None]:
    return lambda page, base: _go(page, FORMS[kind])


def _case(page: Page, base: str) -> None:
    page.goto(base + "/desk")
    page.locator(".rows h2 a").first.click()


def _bulk(page: Page, base: str) -> None:
    page.goto(base + "/desk")
    for box in page.locator(".pick").all()[:3]:
        box.click()
    page.click(".bulk button")


def _sheet(page: Page, base: str) -> None:
    _case(page, base)
    page.locator(".papers a").first.click()


def _poster(page: Page, base: str) -> None:
    page.goto(base + "/desk/places")
    page.locator("main a[href*='/desk/places/']").first.click()


def _components(page: Page, base: str) -> None:
    page.set_content(components.render())


FORMS: dict[str, str] = {}
SHOTS = [
    Shot("form", "The form behind a door's code", "", _form),
    Shot("form-filled", "The same, filled in", "", _typed),
    Shot("form-large", "Large print", "", _large),
    Shot("form-dark", "At night", "", _form, dark=True),
    Shot("form-refused", "What was wrong, beside where it was typed", "", _refused),
    Shot("received", "Sent: the number, the link, what happens next", "", _sent),
    Shot("progress", "Whose turn it is, until when, and the ladder", "", _progress),
    Shot("track", "Looking it up by number", "", at("/track")),
    Shot("rental", "Registering a let flat", "", _kind("rental")),
    Shot("population", "Registering who lives here", "", _kind("population")),
    Shot("faq", "Questions that were answered before", "", at("/faq")),
    Shot("public", "What the street shows of itself", "", at("/public")),
    Shot("public-wide", "The same on a wide screen", "", at("/public"), WIDE),
    Shot("volunteer", "Offering help", "", at("/volunteer")),
    Shot("public-property", "What a property company discloses", "", at("/public/property")),
    Shot("api", "The API, described by itself", "", at("/api"), WIDE),
    Shot("desk", "My queue, nearest deadline first", "committee", at("/desk"), WIDE),
    Shot("desk-phone", "The same on a phone", "committee", at("/desk")),
    Shot("desk-all", "Everything in my scope, at night", "dispatcher", at("/desk?show=scope"), WIDE, dark=True),
    Shot("case", "One case: what was said, its clocks, the next step", "committee", _case, WIDE),
    Shot("case-phone", "The same on a phone", "committee", _case),
    Shot("bulk", "Several cases to one person", "committee", _bulk, WIDE),
    Shot("new", "Taking in what came by phone", "dispatcher", at("/desk/new"), WIDE),
    Shot("order", "A case on paper", "committee", _sheet, WIDE),
    Shot("handover", "The hand-over sheet", "committee", at("/desk/handover"), WIDE),
    Shot("registers", "Registrations that wait for a visit", "verifier", at("/desk/registers"), WIDE),
    Shot("figures", "Figures, each chart beside its table", "street_admin", at("/desk/figures"), WIDE),
    Shot("desk-faq", "Answers kept for the next who asks", "committee", at("/desk/faq"), WIDE),
    Shot("warnings", "What rises beyond its own past", "dispatcher", at("/desk/warnings"), WIDE),
    Shot("classes", "Classes of matters, proposed for people to accept", "dispatcher", at("/desk/classes"), WIDE),
    Shot("library", "Every case with cause, handling and outcome", "dispatcher", at("/desk/library"), WIDE),
    Shot("orders", "Other systems' orders, taken in as a list", "dispatcher", at("/desk/orders"), WIDE),
    Shot("volunteers", "Who offers help", "committee", at("/desk/volunteers"), WIDE),
    Shot("property", "Property service: what is disclosed, checked and rated", "street_admin", at("/desk/property"), WIDE),
    Shot("ended", "What has ended, by month", "dispatcher", at("/desk?show=ended"), WIDE),
    Shot("account", "My password and where I am signed in", "committee", at("/desk/account"), WIDE),
    Shot("places", "Doors and their posters", "street_admin", at("/desk/places"), WIDE),
    Shot("poster", "One door's poster, printed from the browser", "street_admin", _poster, WIDE),
    Shot(
        "components",
        "What the pages are made of, light and dark",
        "",
        _components,
        WIDE,
    ),
    Shot("outbox", "make serve: what would have been sent", "", at("/outbox"), WIDE),
    Shot("clock", "make serve: moving time on", "", at("/clock"), WIDE),
]


def take(browser: Browser, server: Server, shot: Shot, folder: Path) -> None:
    base = server.demo["base_url"]
    context = browser.new_context(
        locale="zh-CN", viewport={"width": shot.size[0], "height": shot.size[1]}, color_scheme="dark" if shot.dark else "light"
    )
    page = context.new_page()
    if shot.who:
        person = next(entry for entry in server.demo["staff"] if entry["role"] == shot.who)
        page.goto(base + "/desk")
        page.fill("[name=username]", person["username"])
        page.fill("[name=password]", person["password"])
        page.click("main button")
        page.wait_for_url("**/desk")
    shot.way(page, base)
    page.wait_for_load_state("networkidle")
    seen = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    seen = seen.crop((0, 0, seen.width, min(seen.height, LONGEST)))
    seen.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        folder / f"{shot.name}.png", optimize=True
    )
    context.close()


def gallery() -> str:
    """docs/pictures.md."""
    lines = ["# Pictures", "", "Every page of the demo street, made by `make pictures`.", ""]
    for shot in SHOTS:
        width = 280 if shot.size == PHONE else 640
        lines += [f"**{shot.caption}**", "", f'<img src="pictures/{shot.name}.png" width="{width}" alt="{shot.caption}">', ""]
    return "\n".join(lines)


def main(only: list[str]) -> int:
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as local, sync_playwright() as playwright:
        server = Server(Path(local)).by_day()
        say("pictures: starting the demo street")
        server.start()
        try:
            FORMS.update({kind: url for kind, url in server.demo["forms"].items() if url})
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.ARGS, *chromium.OFFLINE])
            for shot in SHOTS:
                if not only or shot.name in only:
                    take(browser, server, shot, FOLDER)
                    say(f"  {shot.name}.png  {(FOLDER / f'{shot.name}.png').stat().st_size // 1024} KB")
            browser.close()
        finally:
            server.stop()
    (ROOT / "docs" / "pictures.md").write_text(gallery(), "utf-8")
    (ROOT / "docs" / "components.html").write_text(components.render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
