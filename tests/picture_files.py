"""Real files as phones and attackers send them, made here byte by byte so that nobody's photo is in the repository."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, TiffImagePlugin

MAKER = "Example Phone 7"
SERIAL = "SN-0012-3456"
LATITUDE = (31.0, 7.0, 12.34)


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def scene(width: int = 1200, height: int = 900) -> Image.Image:
    """Four plain quarters, so that every turn and mirror can be told: red, green above blue, white."""
    picture = Image.new("RGB", (width, height), "white")
    picture.paste((255, 0, 0), (0, 0, width // 2, height // 2))
    picture.paste((0, 128, 0), (width // 2, 0, width, height // 2))
    picture.paste((0, 0, 255), (0, height // 2, width // 2, height))
    return picture


def jpeg(width: int = 1200, height: int = 900, **options: Any) -> bytes:
    return saved(scene(width, height), **options)


def gps_jpeg(orientation: int = 1, picture: Image.Image | None = None) -> bytes:
    """A JPEG as a phone writes it: maker, serial number, position and a comment inside."""
    exif = Image.Exif()
    exif[0x010F] = MAKER
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0xA431] = SERIAL
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", tuple(TiffImagePlugin.IFDRational(round(part * 100), 100) for part in LATITUDE)
    gps[3], gps[4] = "E", tuple(TiffImagePlugin.IFDRational(round(part * 100), 100) for part in (121.0, 26.0, 1.5))
    return saved(picture or scene(), exif=exif, comment=b"written at home", quality=95)


def turned(orientation: int) -> bytes:
    """The scene stored the way a camera held in that orientation stores it."""
    back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    picture = scene()
    return gps_jpeg(orientation, picture if back is None else picture.transpose(back))


def png(width: int, height: int, depth: int = 1, colour: int = 0) -> bytes:
    """A black PNG of any size, compressed row by row: 200 megapixels take 25 kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    channels = {0: 1, 2: 3, 6: 4}[colour]
    row = bytes(1 + (width * depth * channels + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def bomb() -> bytes:
    return png(20_000, 10_000)


def grey_16_bit() -> bytes:
    """A ramp from black to white in 16 bits, left to right."""
    ramp = b"".join(struct.pack("<H", x * 65535 // 255) for x in range(256))
    return saved(Image.frombytes("I;16", (256, 64), ramp * 64), "PNG")


def animated_webp() -> bytes:
    frames = [Image.new("RGB", (400, 200), colour) for colour in ("red", "blue", "green")]
    return saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100)


def exchanged_colours_jpeg() -> bytes:
    """Red pixels under a colour profile in which red is where sRGB has blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12)}
    profile[entries[b"rXYZ"] : entries[b"rXYZ"] + 4], profile[entries[b"bXYZ"] : entries[b"bXYZ"] + 4] = b"bXYZ", b"rXYZ"
    return saved(Image.new("RGB", (64, 64), "red"), icc_profile=bytes(profile), quality=95)


def scan_bomb(scans: int = 2000, between: bytes = b"") -> bytes:
    """A progressive JPEG whose last scan is repeated: every repetition is one more pass over the whole picture."""
    whole = saved(Image.new("L", (64, 64), 128), progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + between + whole[last:-2] * scans + whole[-2:]


def restart_bomb(scans: int = 400) -> bytes:
    """The same behind a reserved marker, where a restart is looked for, and what reads as a length that passes over it."""
    whole = saved(Image.new("L", (512, 512), 128), progressive=True, restart_marker_blocks=200)
    last = whole.rindex(b"\xff\xda")
    scan = whole[last:-2]
    first = scan.index(b"\xff\xd0")
    return whole[:last] + scan[:first] + b"\xff\x02\xff\xff" + scan[first:] + scan * scans + whole[-2:]


def moving(film: bytes) -> bytes:
    """A phone's moving picture: behind the photo's end lies a film of some seconds."""
    return jpeg() + b"\x00\x00\x00\x18ftypmp42" + film


HTML = b"<!doctype html><html><body><script>alert(document.domain)</script></body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
