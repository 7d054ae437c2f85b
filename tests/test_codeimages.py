"""A printed code is read by a decoder that we did not write, even with a tenth of its data area covered."""

from __future__ import annotations

import io
import random
import timeit
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy
import pytest
import resvg_py
import segno
import zxingcpp
from moto import mock_aws
from PIL import Image, ImageDraw

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.codeimages import FORMATS, QUIET_ZONE, CodeImages, code_url, png, svg
from chalicelib.adapters.keyring import Keyring
from chalicelib.casework.numbers import ALPHABET
from chalicelib.codes import sign, verify
from chalicelib.errors import ConfigError
from chalicelib.street import Kind, Label, Place, Street
from infra.codes import codes_of, main, upload_missing
from tests.small_street import small_street

KEY = b"a key of the tests, 32 bytes long"
URL = code_url("changqiao.example", sign("issue", "K7M39Q", "2", KEY))
MODULES = 33  # version 4
PIXELS = 8


def raster(drawn: bytes) -> Image.Image:
    return Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=drawn.decode()))).convert("L")


def read(image: Image.Image) -> list[zxingcpp.Barcode]:
    return list(zxingcpp.read_barcodes(numpy.asarray(image)))


def some_urls(count: int) -> list[str]:
    dice = random.Random(4)  # noqa: S311 - the same codes every time
    places = ["".join(dice.choices(ALPHABET, k=6)) for _ in range(count)]
    return [
        code_url("changqiao.example", sign(kind, place, "2", KEY))
        for place in places
        for kind in ("issue", "rental", "population")
    ]


def test_an_independent_decoder_reads_the_svg_and_opens_the_right_place() -> None:
    (found,) = read(raster(svg(URL)))
    assert found.text == URL == "HTTPS://CHANGQIAO.EXAMPLE/Q/" + URL[-21:]
    assert verify(found.text.rpartition("/")[2], {"2": KEY}).place == "K7M39Q"
    assert found.ec_level == "Q"


def test_an_independent_decoder_reads_the_png() -> None:
    (found,) = read(Image.open(io.BytesIO(png(URL))).convert("L"))
    assert found.text == URL


def test_one_mask_for_all_is_read_for_sixty_codes() -> None:
    for url in some_urls(20):
        (found,) = read(raster(svg(url)))
        assert found.text == url


def test_svg_and_png_show_the_same_modules_inside_a_white_border_of_four() -> None:
    side = MODULES + 2 * QUIET_ZONE
    drawn = numpy.asarray(raster(svg(URL)).resize((side, side), Image.Resampling.NEAREST)) < 128
    stored = numpy.asarray(Image.open(io.BytesIO(png(URL))).convert("L").resize((side, side), Image.Resampling.NEAREST)) < 128
    assert (drawn == stored).all()
    assert not drawn[:QUIET_ZONE].any() and not drawn[:, -QUIET_ZONE:].any()
    assert drawn[QUIET_ZONE, QUIET_ZONE : QUIET_ZONE + 7].all()


def covered(dice: random.Random) -> tuple[Image.Image, int]:
    """The code with one patch over a tenth of its data area; how many modules it covers."""
    image = raster(svg(URL))
    # Outside the three finders with their rims: what a decoder corrects. The finders take 3 × 64 of 33² modules.
    data = MODULES * MODULES - 3 * 64
    while True:
        wide = dice.randint(6, 18)
        high = -(-data // (10 * wide))
        left, top = dice.randint(0, MODULES - wide), dice.randint(0, MODULES - high)
        corners = [(0, 0), (MODULES - 8, 0), (0, MODULES - 8)]
        if not any(left < x + 8 and x < left + wide and top < y + 8 and y < top + high for x, y in corners):
            break
    box = [(QUIET_ZONE + n) * PIXELS for n in (left, top, left + wide, top + high)]
    ImageDraw.Draw(image).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=dice.choice([0, 96, 255]))
    return image, wide * high


@pytest.mark.parametrize("seed", range(24))
def test_it_reads_with_a_tenth_of_the_data_area_covered(seed: int) -> None:
    image, modules = covered(random.Random(seed))  # noqa: S311 - the same patches every time
    assert modules >= (MODULES * MODULES - 3 * 64) / 10
    (found,) = read(image)
    assert found.text == URL


def test_the_same_code_has_the_same_bytes() -> None:
    assert svg(URL) == svg(URL)
    assert png(URL) == png(URL)
    assert svg(URL).startswith(b"<svg ") and b"<script" not in svg(URL)


def test_codes_stay_coarse_enough_to_print() -> None:
    longest = code_url("a" * 27 + ".example", URL[-21:])
    assert len(longest) == 67
    assert b'viewBox="0 0 41 41"' in svg(longest)
    with pytest.raises(ConfigError, match="shorter domain"):
        svg("HTTPS://" + "A" * 28 + ".EXAMPLE/Q/" + URL[-21:])
    with pytest.raises(ConfigError, match="upper-case"):
        svg(URL.lower())


def test_an_svg_costs_at_most_three_tenths_of_segnos_png() -> None:
    def theirs() -> None:
        segno.make_qr(URL, error="q", boost_error=False).save(io.BytesIO(), kind="png", scale=10)

    svg(URL)
    theirs()
    # Side by side, the best of each, so that a busy machine slows both.
    pairs = [(timeit.timeit(lambda: svg(URL), number=10), timeit.timeit(theirs, number=10)) for _ in range(7)]
    assert min(ours for ours, _ in pairs) <= 0.3 * min(png_time for _, png_time in pairs)


class OneKey:
    """The keyring's part that codes need."""

    def __init__(self, version: str = "2") -> None:
        self.version = version

    def code_keys(self) -> dict[str, bytes]:
        return {self.version: KEY + self.version.encode()}

    def current_code_version(self) -> str:
        return self.version


def place(number: int, retired: bool = False) -> Place:
    return Place(id=f"22222{ALPHABET[number]}", kind="building", name=f"{number}号楼", committee="c01", retired=retired)


@dataclass
class Source:
    street: Street = field(default_factory=small_street)
    places: dict[str, Place] = field(default_factory=lambda: {p.id: p for p in (place(1), place(2), place(3, retired=True))})
    keys: OneKey = field(default_factory=OneKey)


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = Aws("cn-north-1").client("s3")
        client.create_bucket(Bucket="codes", CreateBucketConfiguration={"LocationConstraint": "cn-north-1"})
        yield client


def test_codes_are_stored_once_and_again_after_a_rotation(s3: Any) -> None:
    source = Source()
    assert upload_missing(source, s3, "codes") == 2
    assert upload_missing(source, s3, "codes") == 0
    assert upload_missing(source, s3, "codes", ("svg", "png")) == 2
    source.keys = OneKey("3")
    assert upload_missing(source, s3, "codes") == 2
    assert len(CodeImages(s3, "codes").stored()) == 6


def test_a_stored_code_is_a_picture_that_may_be_kept_for_ever(s3: Any) -> None:
    source = Source()
    upload_missing(source, s3, "codes", tuple(FORMATS))
    code = codes_of(source.street, source.places.values(), source.keys)[0]
    for name, kind in (("svg", "image/svg+xml"), ("png", "image/png")):
        found = s3.get_object(Bucket="codes", Key=f"codes/{code}.{name}")
        assert found["ContentType"] == kind
        assert "immutable" in found["CacheControl"]
        assert found["Body"].read() == FORMATS[name][1](code_url("door.example", code))


def test_every_enabled_kind_hangs_at_every_place_in_use() -> None:
    import msgspec

    street = msgspec.structs.replace(
        small_street(), kinds=(Kind("issue", Label("意见")), Kind("rental", Label("出租")), Kind("population", Label("人口")))
    )
    keys = OneKey()
    found = [verify(code, keys.code_keys()) for code in codes_of(street, [place(1), place(2), place(3, retired=True)], keys)]
    assert [(code.kind, code.place) for code in found] == [
        (kind, place_id) for place_id in ("222223", "222224") for kind in ("issue", "rental", "population")
    ]


class Pages:
    """An S3 that answers a listing in pages of one, as S3 does beyond a thousand keys."""

    def list_objects_v2(self, **asked: str) -> dict[str, Any]:
        number = int(asked.get("ContinuationToken", "0"))
        answer: dict[str, Any] = {"Contents": [{"Key": f"codes/{number}.svg"}], "IsTruncated": number < 2}
        if answer["IsTruncated"]:
            answer["NextContinuationToken"] = str(number + 1)
        return answer


def test_a_bucket_of_many_pages_is_listed_to_its_end() -> None:
    assert CodeImages(Pages(), "codes").stored() == {"codes/0.svg", "codes/1.svg", "codes/2.svg"}


STACK = """
Resources:
  Codes: {Type: AWS::S3::Bucket}
  Keys:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
Outputs:
  CodesBucket: {Value: !Ref Codes}
  KeysTable: {Value: !Ref Keys}
"""


def test_the_command_makes_all_codes_of_a_deployed_street(capsys: pytest.CaptureFixture[str]) -> None:
    with mock_aws():
        aws = Aws("cn-north-1")
        aws.client("cloudformation").create_stack(StackName="changqiao", TemplateBody=STACK)
        street = str(Path(__file__).parent.parent / "infra" / "streets" / "changqiao.toml")
        assert main([street, "--stack", "changqiao", "--formats", "svg"]) == 0
        said = capsys.readouterr().out
        assert "长桥街道: 726 pictures made, 242 places" in said
        bucket = said.strip().rpartition(" ")[2]
        keys = Keyring(aws.client("dynamodb"), aws.client("dynamodb").list_tables()["TableNames"][0]).code_keys()
        stored = CodeImages(aws.client("s3"), bucket).stored()
    assert len({verify(key.removeprefix("codes/").removesuffix(".svg"), keys) for key in stored}) == 726


def test_the_command_refuses_a_picture_that_is_not_made(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["any.toml", "--stack", "x", "--formats", "svg,gif"])
    assert raised.value.code == 2
    assert "gif is not made; use svg,png" in capsys.readouterr().err
