"""From whatever a phone sent to two harmless JPEGs, in memory: bytes in, bytes out.

Nothing of the input's bytes survives: the picture is decoded, turned upright, converted to sRGB and encoded anew, so positions,
serial numbers, comments, colour profiles and anything appended or hidden in the file stay behind. What can't be decoded within
limits is refused with a code; the caller says it in words.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

MAX_BYTES = 10_000_000
# A phone's 50-megapixel sensor has up to 50.4 million; JPEG is decoded at a fraction of its size, the others in full.
MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 30_000_000, "WEBP": 30_000_000}
MAX_SCANS = 100
FULL_EDGE = 1920
THUMB_EDGE = 320
FULL_QUALITY = 82
THUMB_QUALITY = 75

_ORIENTATION = 0x0112
# What EXIF of a photo needs at most; reading much more of it can take for ever.
_EXIF_MAX = 65_536
# Markers of a JPEG: frames that a phone's photo may have, and what stands before its pixels without a length.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN, _END = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
# Tables, application data, comments, restart intervals. Anything else there is no camera's: readers disagree on how to skip it.
_SEGMENTS = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
# What Pillow's decoders raise for files that were cut, damaged or made up.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})


class PhotoRefused(Exception):
    """The file becomes no photo. `code` is one of empty, too_large, not_image, svg, heic, damaged, too_many_pixels."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Rendered:
    """Two JPEGs without metadata, and the size of the full one in pixels."""

    full: bytes
    thumb: bytes
    width: int
    height: int


def sniff(data: bytes) -> str:
    """JPEG, PNG or WEBP by the file's own first bytes, whatever its name or declared type. Raises `PhotoRefused`."""
    if not data:
        raise PhotoRefused("empty")
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        raise PhotoRefused("heic")
    if b"<svg" in data[:4096].lower():
        raise PhotoRefused("svg")
    raise PhotoRefused("not_image")


def render(data: bytes) -> Rendered:
    """The photo at ≤ 1920 px and ≤ 320 px on its longer edge. Of an animation the first frame. Raises `PhotoRefused`."""
    if len(data) > MAX_BYTES:
        raise PhotoRefused("too_large")
    kind = sniff(data)
    # Each scan of a progressive JPEG costs a pass over the whole picture; a small file can hold thousands of empty ones.
    if kind == "JPEG" and _scans(data) > MAX_SCANS:
        raise PhotoRefused("damaged")
    picture = _decoded(data, kind)
    full = _fitted(picture, FULL_EDGE)
    thumb = _fitted(full, THUMB_EDGE)
    return Rendered(_encoded(full, FULL_QUALITY), _encoded(thumb, THUMB_QUALITY), full.width, full.height)


def _decoded(data: bytes, kind: str) -> Image:
    """Upright sRGB, not much larger than needed. The size is checked from the header, before any pixel is decoded."""
    from PIL import Image, UnidentifiedImageError

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as opened:
            if opened.width * opened.height > MAX_PIXELS[kind]:
                raise PhotoRefused("too_many_pixels")
            if kind == "JPEG":
                _check_agreed(opened, _frame(data))
                opened.draft(None, (FULL_EDGE, FULL_EDGE))
            opened.load()
            turn = _turn_of(opened)
            profile = opened.info.get("icc_profile")
            small = _fitted(_opaque(_in_8_bits(opened)), FULL_EDGE)
            picture = _in_srgb(small, profile if isinstance(profile, bytes) else None)
    except bombs as error:
        raise PhotoRefused("too_many_pixels") from error
    except UnidentifiedImageError as error:
        raise PhotoRefused("damaged") from error
    except _BROKEN as error:
        raise PhotoRefused("damaged") from error
    return picture if turn is None else picture.transpose(turn)


def _frame(data: bytes) -> tuple[int, int, int]:
    """Width, height and components as the decoder itself will read them: of the one frame before the pixels.

    Pillow looks for the frame by itself and makes room for it; were the two to read a file in different ways, scan lines could be
    written beyond that room. So whatever could be read in two ways is refused. Raises `PhotoRefused`.
    """
    found, at = None, 2
    while (at := data.find(b"\xff", at)) >= 0 and len(data) > at + 9:
        if data[at + 1] in (0x00, 0xFF):
            at += 1 + (data[at + 1] == 0)
            continue
        marker, at = data[at + 1], at + 2
        if marker in _BARE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if marker == _SCAN and found is not None:
            return found
        if length < 2 or marker not in _FRAMES | _SEGMENTS:
            break
        if marker in _FRAMES:
            if found is not None or length < 8:
                break
            height, width = struct.unpack(">HH", data[at + 3 : at + 7])
            found = (width, height, data[at + 7])
        at += length
    raise PhotoRefused("damaged")


def _scans(data: bytes) -> int:
    """How many scans the picture has. What a phone appends to it, a short film or a second picture, has none of its."""
    count, at = 0, 2
    while count <= MAX_SCANS and (found := _MARKER.search(data, at)):
        marker, at = found[1][0], found.end()
        if marker == _END:
            break
        count += marker == _SCAN
        # Reserved ones, which the decoder passes over where it looks for a restart between the pixels, have no length.
        if marker >= 0xC0:
            at += int.from_bytes(data[at : at + 2], "big")
    return count


def _check_agreed(opened: Image, frame: tuple[int, int, int]) -> None:
    tiles: list[Any] = getattr(opened, "tile", [])
    whole = len(tiles) == 1 and tuple(tiles[0][1]) == (0, 0, *opened.size) and tiles[0][2] == 0
    if not whole or (*opened.size, getattr(opened, "layers", 0)) != frame:
        raise PhotoRefused("damaged")


def _turn_of(picture: Image) -> Transpose | None:
    """How to turn the pixels so that up is up, from EXIF; damaged EXIF turns nothing."""
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    exif = picture.info.get("exif", b"")
    if not isinstance(exif, bytes) or len(exif) > _EXIF_MAX:
        return None
    try:
        return turns.get(picture.getexif().get(_ORIENTATION, 1))
    except _BROKEN:
        return None


def _in_8_bits(picture: Image) -> Image:
    """16-bit grey scaled to 8 bits; Pillow's own conversion would clip everything above 255 to white."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        grey = picture.convert("I").point(lambda value: value / 257).convert("L")
        grey.info.pop("transparency", None)
        return grey
    return picture


def _opaque(picture: Image) -> Image:
    """Transparent places become white, as on the page that shows the photo."""
    from PIL import Image

    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return picture.convert("RGB") if picture.mode in {"P", "1"} else picture


def _in_srgb(picture: Image, profile: bytes | None) -> Image:
    """By the file's colour profile where it fits the pixels; without one, or with a broken one, the values are taken as sRGB."""
    if profile is not None and picture.mode in {"RGB", "L", "CMYK"}:
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None
        if converted is not None:
            return converted
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _fitted(picture: Image, edge: int) -> Image:
    """Within a square of `edge` pixels, never enlarged, never thinner than one pixel."""
    from PIL import Image

    longer = max(picture.size)
    if longer <= edge:
        return picture
    width, height = (max(1, round(side * edge / longer)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _encoded(picture: Image, quality: int) -> bytes:
    """Pixels only: a fresh picture knows nothing of the file that its pixels came from."""
    from PIL import Image

    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    out = BytesIO()
    bare.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()
