"""The desk's pages about doors as tests look at them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chalicelib.adapters.codeimages import code_url, svg
from chalicelib.street import Place, Street
from chalicelib.web import pages_places as pages
from chalicelib.web.look import Look
from chalicelib.web.views import Viewer


def drawn(street: Street, *kinds: str) -> dict[str, tuple[str, str]]:
    urls = {kind: code_url(street.domain, f"{kind[0].upper()}2AAAAAA4RVJMMXUHHPS3") for kind in kinds}
    return {kind: (url, svg(url, kind).decode()) for kind, url in urls.items()}


def samples(look: Look, street: Street, door: Place, me: Viewer, words: str = "") -> dict[str, Callable[[], str]]:
    """Name → the page's HTML. `words` is what somebody typed."""
    gone = msgspec.structs.replace(door, retired=True)
    kinds = [kind.id for kind in street.kinds]
    return {
        "doors": lambda: pages.listed(look, street, me, [door, gone], words),
        "doors, many": lambda: pages.listed(look, street, me, [door] * (pages.LISTED_MAX + 1), ""),
        "doors, none": lambda: pages.listed(look, street, me, [], words or "x"),
        "poster": lambda: pages.poster(look, street, me, door, drawn(street, *kinds), "2026-11"),
        "poster alone": lambda: pages.poster(look, street, me, door, drawn(street, kinds[0]), "2026-11"),
        "poster taken down": lambda: pages.poster(look, street, me, gone, {}, "2026-11"),
    }
