from __future__ import annotations

import random
import struct
from io import BytesIO

import pytest
from PIL import Image

from chalicelib.imaging import MAX_BYTES, PhotoRefused, Rendered, render, sniff
from tests import picture_files as files


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def near(picture: Image.Image, place: tuple[float, float], colour: tuple[int, int, int]) -> bool:
    """Whether the pixel at that share of width and height is that colour, give or take what JPEG changes."""
    pixel = picture.getpixel((int(place[0] * picture.width), int(place[1] * picture.height)))
    assert isinstance(pixel, tuple)
    return all(abs(have - want) <= 24 for have, want in zip(pixel, colour, strict=True))


def markers(data: bytes) -> list[int]:
    """The JPEG's segment markers up to its pixels."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        found.append(data[at + 1])
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return found


def refused(data: bytes) -> str:
    with pytest.raises(PhotoRefused) as raised:
        render(data)
    return raised.value.code


def both(rendered: Rendered) -> tuple[bytes, bytes]:
    return rendered.full, rendered.thumb


def test_a_large_photo_becomes_two_jpegs_within_their_edges() -> None:
    rendered = render(files.jpeg(4000, 3000))
    full, thumb = opened(rendered.full), opened(rendered.thumb)
    assert (full.format, full.mode, full.size) == ("JPEG", "RGB", (1920, 1440))
    assert (thumb.format, thumb.mode, thumb.size) == ("JPEG", "RGB", (320, 240))
    assert (rendered.width, rendered.height) == (1920, 1440)


def test_a_small_photo_is_not_enlarged() -> None:
    rendered = render(files.jpeg(200, 100))
    assert opened(rendered.full).size == (200, 100)
    assert opened(rendered.thumb).size == (200, 100)


def test_a_hair_thin_picture_keeps_a_pixel() -> None:
    assert opened(render(files.jpeg(4000, 1)).thumb).size == (320, 1)


def test_position_maker_serial_and_comment_are_gone() -> None:
    original = files.gps_jpeg()
    assert opened(original).getexif().get_ifd(0x8825)
    for data in both(render(original)):
        picture = opened(data)
        assert not picture.getexif()
        assert "comment" not in picture.info
        assert "icc_profile" not in picture.info
        assert files.MAKER.encode() not in data
        assert files.SERIAL.encode() not in data
        assert b"Exif" not in data
        assert b"written at home" not in data
        assert {marker for marker in markers(data) if marker >= 0xE0} == {0xE0}, "only JFIF's own header"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_lose_their_metadata_too(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = files.MAKER
    for data in both(render(files.saved(files.scene(), kind, exif=exif, xmp=b"<x:xmpmeta>" + files.SERIAL.encode()))):
        assert not opened(data).getexif()
        assert files.MAKER.encode() not in data
        assert files.SERIAL.encode() not in data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation: int) -> None:
    rendered = render(files.turned(orientation))
    for data in both(rendered):
        picture = opened(data)
        assert picture.width > picture.height
        assert near(picture, (0.25, 0.25), (255, 0, 0))
        assert near(picture, (0.75, 0.25), (0, 128, 0))
        assert near(picture, (0.25, 0.75), (0, 0, 255))
        assert near(picture, (0.75, 0.75), (255, 255, 255))
    assert (rendered.width, rendered.height) == (1200, 900)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_a_made_up_orientation_turns_nothing(orientation: int) -> None:
    assert near(opened(render(files.gps_jpeg(orientation)).full), (0.25, 0.25), (255, 0, 0))


def test_damaged_exif_does_not_cost_the_photo() -> None:
    original = files.gps_jpeg()
    at = original.index(b"Exif\0\0") + 6
    damaged = original[:at] + b"\xff" * 40 + original[at + 40 :]
    assert near(opened(render(damaged).full), (0.25, 0.25), (255, 0, 0))


def test_cmyk_becomes_rgb_of_the_same_colours() -> None:
    picture = opened(render(files.saved(files.scene().convert("CMYK"), quality=95)).full)
    assert picture.mode == "RGB"
    assert near(picture, (0.25, 0.25), (255, 0, 0))
    assert near(picture, (0.75, 0.75), (255, 255, 255))


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    picture = opened(render(files.grey_16_bit()).full)
    assert near(picture, (0.02, 0.5), (5, 5, 5))
    assert near(picture, (0.5, 0.5), (128, 128, 128))
    assert near(picture, (0.98, 0.5), (250, 250, 250))


def test_sixteen_bits_per_channel_are_read() -> None:
    assert opened(render(files.png(64, 32, depth=16, colour=2)).full).size == (64, 32)


def test_of_an_animation_the_first_frame_is_taken() -> None:
    picture = opened(render(files.animated_webp()).full)
    assert near(picture, (0.5, 0.5), (255, 0, 0))
    assert not getattr(picture, "is_animated", False)


def test_transparent_places_are_white() -> None:
    clear = Image.new("RGBA", (60, 60), (255, 0, 0, 0))
    assert near(opened(render(files.saved(clear, "PNG")).full), (0.5, 0.5), (255, 255, 255))
    palette = Image.new("P", (60, 60), 0)
    palette.putpalette([255, 0, 0] * 256)
    assert near(opened(render(files.saved(palette, "PNG", transparency=0)).full), (0.5, 0.5), (255, 255, 255))


def test_colours_follow_the_files_profile_into_srgb() -> None:
    assert near(opened(render(files.exchanged_colours_jpeg()).full), (0.5, 0.5), (0, 0, 255))


def test_a_broken_colour_profile_is_ignored() -> None:
    data = files.saved(files.scene(), icc_profile=b"not a profile at all" * 20)
    assert near(opened(render(data).full), (0.25, 0.25), (255, 0, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_appended_or_hidden_in_the_file_survives(kind: str) -> None:
    canary = b"<script>canary</script>PK\x03\x04"
    data = files.saved(files.scene(), kind) + canary
    for out in both(render(data)):
        assert b"canary" not in out
        assert b"PK\x03\x04" not in out
        assert out.startswith(b"\xff\xd8\xff")
        assert out.endswith(b"\xff\xd9")


def test_the_same_file_gives_the_same_bytes() -> None:
    assert render(files.gps_jpeg(6)) == render(files.gps_jpeg(6))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (files.HTML, "not_image"),
        (b"%PDF-1.7", "not_image"),
        (b"\xff\xd8", "not_image"),
        (files.GIF, "not_image"),
        (files.SVG, "svg"),
        (b"\xef\xbb\xbf \n<SVG onload=alert(1)>", "svg"),
        (files.HEIC, "heic"),
        (files.bomb(), "too_many_pixels"),
        (files.png(10_000, 8_000), "too_many_pixels"),
        (files.jpeg()[:-600], "damaged"),
        (files.saved(files.scene(), progressive=True)[:-600], "damaged"),
        (files.saved(files.scene(), "PNG")[:-200], "damaged"),
        (files.saved(files.scene(), "WEBP")[:-200], "damaged"),
        (b"\xff\xd8\xff" + files.HTML, "damaged"),
        (b"\x89PNG\r\n\x1a\n" + files.HTML, "damaged"),
        (b"RIFF\0\0\0\0WEBP" + files.HTML, "damaged"),
        (files.scan_bomb(), "damaged"),
        # An end of the picture that stands in a comment is none.
        (files.scan_bomb(between=b"\xff\xfe\x00\x04\xff\xd9"), "damaged"),
        (files.restart_bomb(), "damaged"),
        (files.jpeg() + bytes(MAX_BYTES), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_photo_is_refused_with_the_reason(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_the_bomb_is_small_on_disk_and_refused_before_decoding() -> None:
    import tracemalloc

    data = files.bomb()
    assert len(data) < 30_000
    tracemalloc.start()
    assert refused(data) == "too_many_pixels"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_moving_picture_is_taken_as_its_photo_whatever_its_film_holds() -> None:
    assert both(render(files.moving(b"\xff\xda film " * 1000))) == both(render(files.jpeg()))


def test_a_photo_of_fifty_megapixels_is_taken() -> None:
    rendered = render(files.saved(Image.new("RGB", (8192, 6144), "green")))
    assert (rendered.width, rendered.height) == (1920, 1440)


def test_the_kind_is_what_the_bytes_say() -> None:
    assert sniff(files.jpeg()) == "JPEG"
    assert sniff(files.png(8, 8)) == "PNG"
    assert sniff(files.animated_webp()) == "WEBP"


# Pillow warns of EXIF that it skips; in a function that is a line in the log.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_files_are_refused_or_rendered_and_nothing_else(kind: str) -> None:
    """Seeded mutations of real files: an unforeseen error would have the event delivered again and again."""
    original = {
        "JPEG": files.gps_jpeg(picture=files.scene(80, 60)),
        "PNG": files.saved(files.scene(80, 60), "PNG"),
        "WEBP": files.saved(files.scene(80, 60), "WEBP"),
    }[kind]
    dice = random.Random(20261122)  # noqa: S311 - reproducible damage, no secret
    outcomes = set()
    for _ in range(300):
        data = bytearray(original)
        for _ in range(dice.randint(1, 12)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(len(data)) :]
        try:
            render(bytes(data))
            outcomes.add("rendered")
        except PhotoRefused as error:
            outcomes.add(error.code)
    assert {"rendered", "damaged"} <= outcomes
