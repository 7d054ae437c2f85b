"""What a phone needs to put the form on its home screen: the manifest, and icons made from the door plate.

The icons stand in the manifest itself, as data. API Gateway sends binary answers only to clients whose `Accept` begins with a
type it was told of, and browsers ask for pictures with a list; the manifest is read after the page, so their 3 kB cost nobody
anything.
"""

from __future__ import annotations

import base64
import struct
import zlib
from functools import cache
from typing import Any

from chalicelib.street import Street
from chalicelib.web.look import Look

SIZES = (192, 512)
KEYLINE, DOOR, PAGE = "#C9D8F0", "#FFFFFF", "#F4F4F2"
# The plate's parts on a grid of 48: (x, y, width, height), and which colour; later ones lie on top. All of it is inside the
# circle that phones may cut out.
_PARTS = (
    (0, 0, 48, 48, 0),
    (10, 10, 28, 28, 1),
    (11, 11, 26, 26, 0),
    (17, 14, 14, 20, 2),
    (18, 15, 12, 19, 0),
    (20, 17, 8, 17, 2),
    (26, 26, 1, 1, 0),
)


def _rgb(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@cache
def png(plate: str, size: int) -> bytes:
    """The icon with a palette of three; half a kilobyte, without an image library."""
    rows = [bytearray(size) for _ in range(size)]
    for x, y, width, height, colour in _PARTS:
        left, top, right, bottom = (round(edge * size / 48) for edge in (x, y, x + width, y + height))
        for row in rows[top:bottom]:
            row[left:right] = bytes([colour]) * (right - left)
    drawn = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    head = struct.pack(">IIBBBBB", size, size, 8, 3, 0, 0, 0)
    palette = b"".join(map(_rgb, (plate, KEYLINE, DOOR)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"PLTE", palette) + _chunk(b"IDAT", drawn) + _chunk(b"IEND", b"")


def svg(plate: str) -> str:
    colours = (plate, KEYLINE, DOOR)
    drawn = "".join(f'<path fill="{colours[c]}" d="M{x} {y}h{w}v{h}h-{w}z"/>' for x, y, w, h, c in _PARTS)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">{drawn}</svg>'


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@cache
def _icons(plate: str) -> tuple[dict[str, str], ...]:
    drawn = [{"src": _data("image/png", png(plate, n)), "type": "image/png", "sizes": f"{n}x{n}"} for n in SIZES]
    drawn.append({"src": _data("image/svg+xml", svg(plate).encode()), "type": "image/svg+xml", "sizes": "any"})
    return tuple({**icon, "purpose": purpose} for icon in drawn for purpose in ("any", "maskable"))


def manifest(look: Look, street: Street, code: str) -> dict[str, Any]:
    """The street's; it opens on the form of `code`, without one on the way in by number. `minimal-ui` keeps the domain in sight,
    which is what people compare with the print.
    """
    brand = street.brand.text(look.lang)
    return {
        "id": f"{look.root}/",
        "name": brand,
        "short_name": brand,
        "lang": look.lang,
        "start_url": f"{look.root}/Q/{code}" if code else f"{look.root}/",
        "scope": f"{look.root}/",
        "display": "minimal-ui",
        "background_color": PAGE,
        "theme_color": street.plate,
        "icons": _icons(street.plate),
    }
