"""Pictures that two readers read differently, and such as take for ever: refused before a pixel of them is decoded."""

from __future__ import annotations

import struct
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image, JpegImagePlugin

from chalicelib.imaging import PhotoRefused, render
from tests import picture_files as files

SMALL_FRAME = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 8, 8, 3) + bytes((1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1))


def refused(data: bytes) -> str:
    with pytest.raises(PhotoRefused) as raised:
        render(data)
    return raised.value.code


def before_pixels(data: bytes, put: bytes) -> bytes:
    """The file with a piece put in right before its pixels."""
    at = data.index(b"\xff\xda")
    return data[:at] + put + data[at:]


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


@pytest.mark.parametrize("marker", [0xCC, 0xDC, 0xDE, 0xDF, 0xC8, 0xF0, 0xFD, 0xC3, 0xD8, 0xD9])
def test_a_second_frame_hidden_where_readers_disagree_is_refused(marker: int) -> None:
    evil = before_pixels(files.jpeg(640, 480), segment(marker, SMALL_FRAME))
    assert refused(evil) == "damaged"


def test_the_hidden_frame_is_one_that_pillow_takes_for_the_pictures_own() -> None:
    """What the guard is there for: Pillow makes room for 8 x 8, while the first frame says that lines are 640 wide."""
    evil = before_pixels(files.jpeg(640, 480), segment(0xF0, SMALL_FRAME))
    with Image.open(BytesIO(evil), formats=("JPEG",)) as opened:
        assert isinstance(opened, JpegImagePlugin.JpegImageFile)
        assert opened.size == (8, 8)


def test_two_frames_in_the_open_are_refused_too() -> None:
    assert refused(before_pixels(files.jpeg(640, 480), SMALL_FRAME)) == "damaged"


@pytest.mark.parametrize("put", [b"\xff\xff\xff", segment(0xFE, b"a comment " + SMALL_FRAME), segment(0xE5, SMALL_FRAME)])
def test_what_every_reader_skips_alike_is_taken(put: bytes) -> None:
    assert render(before_pixels(files.jpeg(640, 480), put)).width == 640


def test_a_file_that_ends_before_its_pixels_is_refused() -> None:
    whole = files.jpeg(64, 48)
    for end in range(3, whole.index(b"\xff\xda"), 7):
        assert refused(whole[:end]) in {"damaged", "not_image"}


def test_endless_exif_is_left_unread() -> None:
    out = BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    png = out.getvalue()
    chunk = b"eXIf" + b"Exif\x00\x00" * 1_000_000
    made = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    at = png.index(b"IDAT") - 4
    began = time.process_time()
    assert render(png[:at] + made + png[at:]).width == 40
    assert time.process_time() - began < 2


def test_a_photo_that_carries_a_second_picture_is_taken_by_its_first() -> None:
    """As some phones save portraits."""
    out = BytesIO()
    Image.new("RGB", (640, 480), "red").save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (320, 240), "blue")])
    assert render(out.getvalue()).width == 640
