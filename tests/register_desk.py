"""What tests of the registers' desk share: a street with registers, its verifier, and looking at what is stored."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import EndpointConnectionError

from chalicelib.models import registers
from tests.client import FORM, Page, Visitor
from tests.register_people import rows
from tests.world import World

NO_WAY = EndpointConnectionError(endpoint_url="https://engine.example")


def press(visitor: Visitor, path: str, **fields: str) -> Page:
    """A post as somebody sends it whose page offers no such form."""
    from urllib.parse import urlencode

    csrf = visitor.get("/desk").form("/signout").fields["csrf"]
    sent = urlencode({"csrf": csrf, "attempt": "a" * 32, **fields}).encode("ascii")
    return visitor.call("POST", path, sent, {"Content-Type": FORM, "Origin": visitor.origin})


def stored(no: str) -> registers.Stored:
    found = registers.get(no)
    assert found is not None
    return found


def events(no: str) -> list[str]:
    return [event.type for event in stored(no).events]


def reveal_form(page: Page, key: str) -> Any:
    return next(form for form in page.forms if form.action.endswith("/reveal") and form.fields["person"] == key)


def everything(world: World) -> str:
    """What an intruder with every table would read, bodies decompressed."""
    import zlib

    found = []
    for item in rows(world):
        text = str({name: value for name, value in item.items() if name not in {"body", "sealed"}})
        body = item.get("body", {}).get("B")
        found.append(text + (zlib.decompress(bytes(body)).decode() if body else ""))
    return "\n".join(found)
