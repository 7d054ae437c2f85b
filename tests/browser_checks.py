"""What a browser is asked about a page: axe's rules, sizes of text and targets, whether anything sticks out, where it asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
# Everything that axe knows of WCAG 2.2 A and AA, and its own good practices.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """(tags) => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then((found) => found.violations.map((one) =>
  one.id + ": " + one.nodes.map((node) =>
    node.html.slice(0, 160) + " " + node.any.concat(node.all).map((check) => check.message).join("; ")).join(" | ")))"""
# Text that is shown and read: what is hidden from sight alone (`vh`) has no size.
_SMALL = """(floor) => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, box = node.parentElement;
    if (!node.textContent.trim() || box.closest(".vh, script, style, template") || !box.checkVisibility()) continue;
    const size = parseFloat(getComputedStyle(box).fontSize);
    if (size < floor - 0.01) found.push(size + "px: " + node.textContent.trim().slice(0, 40));
  }
  return found;
}"""
# Main targets: what a form is filled in and sent with. A choice is its label, which is the whole box.
_NARROW = """(floor) => [...document.querySelectorAll(
    "button, .btn, .box, label.o > span, summary.cell, a.cell, .call, .tile.add")]
  .filter((one) => one.checkVisibility() && !one.closest(".vh") && !one.matches(".rm, .again"))
  .filter((one) => one.getBoundingClientRect().height < floor - 0.5)
  .map((one) => Math.round(one.getBoundingClientRect().height) + "px: " + one.outerHTML.slice(0, 120))"""
_WIDE = """() => [...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    if (!one.checkVisibility({contentVisibilityAuto: true})) return false;
    if (box.right <= innerWidth + 0.5 && box.left >= -0.5 || !box.width || one.closest(".vh, .defs, svg")) return false;
    for (let up = one.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== "visible") return false;
    return true;
  }).map((one) => one.outerHTML.slice(0, 120))"""


def axe(page: Page) -> list[str]:
    """Violations: rule, element, reason."""
    # It stays in the window while one page's content is put in the place of another's.
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(_RUN, TAGS)
    return found


def small_text(page: Page, floor: float) -> list[str]:
    """Texts under `floor` CSS pixels."""
    found: list[str] = page.evaluate(_SMALL, floor)
    return found


def low_targets(page: Page, floor: float) -> list[str]:
    """Main targets that are lower than `floor` CSS pixels."""
    found: list[str] = page.evaluate(_NARROW, floor)
    return found


def sticking_out(page: Page) -> list[str]:
    """Elements beyond the window's edges that nothing scrolls or clips."""
    found: list[str] = page.evaluate(_WIDE)
    return found


def watched(page: Page, wrong: list[str], allowed: tuple[str, ...]) -> None:
    """Writes into `wrong` what the console says, what scripts throw, and every request to anywhere else than `allowed`."""
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "console",
        lambda said: wrong.append(f"console: {said.text} {said.location['url']}") if said.type in {"error", "warning"} else None,
    )

    def asked(request: Any) -> None:
        if not request.url.startswith((*allowed, "data:", "blob:")):
            wrong.append(f"request: {request.url}")

    page.on("request", asked)
