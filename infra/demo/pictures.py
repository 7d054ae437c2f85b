"""Drawn photos for demo cases: plain shapes, no file of anybody's."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from chalicelib.casework.photos import incoming_key
from infra.demo.cases import Played

SIZE = (1280, 960)
COLOURS = ((92, 107, 122), (140, 122, 96), (88, 112, 92))


def draw(number: int) -> bytes:
    """A JPEG of a wall with a door or a broken cover, different for each number."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", SIZE, COLOURS[number % len(COLOURS)])
    pen = ImageDraw.Draw(image)
    for row in range(0, SIZE[1], 96):
        pen.line((0, row, SIZE[0], row), fill=(120, 120, 120), width=3)
    pen.ellipse((420, 380, 860, 760), fill=(52, 54, 58), outline=(200, 200, 196), width=10)
    pen.line((430 + 20 * number, 560, 850, 600 + 15 * number), fill=(230, 190, 60), width=22)
    made = io.BytesIO()
    image.save(made, "JPEG", quality=82)
    return made.getvalue()


def upload(s3: Any, bucket: str, played: Iterable[Played]) -> int:
    """Puts each announced photo where a browser would; the photo function does the rest."""
    count = 0
    for entry in played:
        for slot in entry.photos:
            count += 1
            s3.put_object(
                Bucket=bucket,
                Key=incoming_key(entry.case.photo_ref, slot),
                Body=draw(count),
                ContentType="image/jpeg",
            )
    return count
