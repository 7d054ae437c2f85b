"""Files: lists that people upload or operators read, street files, and photos. Each is changed and given to what reads it.

A list is read or refused in words; a photo is settled as ready or refused and its original is gone, so that no event of it comes
again for ever.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image

from chalicelib import imaging, wiring
from chalicelib.casework.photos import incoming_key
from chalicelib.models import photos
from chalicelib.usecases import orders_csv, orders_import
from infra import roster
from infra.errors import InfraError
from infra.streetfile.compile import load
from infra.streetfile.places import Rows
from infra.streetfile.problems import StreetFileError
from tests import picture_files
from tests.fuzz.mutate import Mutator
from tests.fuzz.oracle import Oracle
from tests.fuzz.street import Street
from tests.register_people import street_file

ORDERS = """工单编号,诉求内容,点位编号,居委会,联系电话,诉求人,受理时间
SH-1,路灯坏了,JNP3NT,,021-0012 7788,王,2026-11-17 15:20
SH-2,"两行的
诉求",,示例桂花居委会,,,2026/11/17
SH-3,"电梯停了",,,="13800000000",'李,46343.5
"""
ROSTER = """grant,weekdays,from,to,username
committee@committee:c01,1-5,08:00,18:00,committee
committee@committee:c01,"6,7",18:00,08:00,committee
dispatcher@street,1-7,08:00,08:00,dispatcher
"""
REF = "7K3MPQ9XA2W7K3MPQ9XA2W22"
# Of so many photos one goes all the way through the bucket and the table.
WHOLE_WAY = 5


class Files:
    """`named` is surface → one case of it, sent and watched."""

    def __init__(self, street: Street, mutator: Mutator, oracle: Oracle, folder: Path) -> None:
        self.street, self.mutator, self.chance, self.oracle = street, mutator, mutator.chance, oracle
        self.folder = folder / "fuzzed"
        self.folder.mkdir(exist_ok=True)
        file = street_file(self.folder)
        self.toml, self.places = file.read_bytes(), file.with_suffix(".csv").read_bytes()
        self.orders = [ORDERS.encode(), ORDERS.encode("gb18030"), b"\xef\xbb\xbf" + ORDERS.replace(",", "\t").encode()]
        self.pictures = pictures(self.chance)
        self.turn = 0
        self.named: dict[str, Callable[[], None]] = {
            "order lists": self.order_list,
            "rosters": self.roster_list,
            "places lists": self.places_list,
            "street files": self.street_toml,
            "photos": self.photo,
        }

    def order_list(self) -> None:
        raw = self.mutator.changed(self.chance.choice(self.orders), self.orders)
        with self.oracle.watching("order lists", raw):
            if self.chance.random() < 0.9:
                try:
                    list(orders_csv.read(raw, self.street.world.street.tz))
                except orders_csv.Unreadable:
                    return
            else:
                self._imported(raw)

    def _imported(self, raw: bytes) -> None:
        """All the way: uploaded, taken in, its report written, its file gone."""
        from chalicelib.casework.access import Actor

        house = wiring.house()
        row = orders_import.begin(house.context, Actor("staff:F", "fuzz", ("dispatcher@street",)), "hotline_12345")
        grant = house.imports.grant(row.sk, "https://small.example/")
        self._put(grant.fields["key"], raw)
        done = house.import_here({"batch": row.sk}, lambda: 600.0)
        if done["state"] not in {"done", "refused"}:
            raise AssertionError(f"the import stands at {done['state']}")

    def _put(self, key: str, data: bytes) -> None:
        self.street.world.aws("s3").put_object(Bucket=self.street.world.outputs["PhotosBucket"], Key=key, Body=data)

    def roster_list(self) -> None:
        raw = self.mutator.changed(ROSTER.encode(), self.orders)
        file = self.folder / "roster.csv"
        file.write_bytes(raw)
        with self.oracle.watching("rosters", raw):
            try:
                roster.read(file, self.street.world.street)
            except InfraError:
                return

    def places_list(self) -> None:
        raw = self.mutator.changed(self.places, self.orders)
        street = self.street.world.street
        with self.oracle.watching("places lists", raw):
            for problem in (rows := Rows(Path("small.csv"), street.committees, street.communities)).found:
                str(problem)
            rows.read(raw)

    def street_toml(self) -> None:
        """Both files as they are compiled."""
        file = self.folder / "small.toml"
        raw = self.mutator.changed(self.toml, self.orders)
        file.write_bytes(raw)
        with self.oracle.watching("street files", _around(self.toml, raw)):
            try:
                load(file)
            except StreetFileError as error:
                str(error)

    # ---- photos

    def photo(self) -> None:
        data = self.mutator.changed(self.chance.choice(self.pictures), self.pictures)
        if self.chance.random() < 0.1:
            data = self.chance.choice(self.pictures)[: self.chance.randint(0, 64)] + data
        self.turn += 1
        with self.oracle.watching("photos", data[:200]):
            if self.turn % WHOLE_WAY:
                try:
                    imaging.render(data)
                except imaging.PhotoRefused as refused:
                    str(refused)
            else:
                self._processed(data)

    def _processed(self, data: bytes) -> None:
        world, slot = self.street.world, self.turn // WHOLE_WAY % 6 + 1
        # Each photo has a form of its own; a place that has its photo takes no other.
        ref = "".join(self.chance.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(len(REF)))
        key = incoming_key(ref, slot)
        self._put(key, data)
        record = {"s3": {"bucket": {"name": world.outputs["PhotosBucket"]}, "object": {"key": key}}}
        world.app.photo({"Records": [record]}, None)
        (row,) = photos.rows(ref)
        if row.status not in photos.FINAL:
            raise AssertionError(f"the photo is {row.status}")
        left = world.aws("s3").list_objects_v2(Bucket=world.outputs["PhotosBucket"], Prefix=key)
        if left.get("KeyCount"):
            raise AssertionError("the original is still there, so its event would come again")


def _around(was: bytes, now: bytes) -> bytes:
    """Where the two begin to differ."""
    at = next((place for place, (one, other) in enumerate(zip(was, now, strict=False)) if one != other), min(len(was), len(now)))
    return now[max(at - 60, 0) : at + 200]


def pictures(chance: Random) -> list[bytes]:
    """Small ones of every kind that phones send, and those that pretend."""
    small = picture_files.scene(96, 64)
    made = [
        picture_files.saved(small, "JPEG"),
        picture_files.saved(small, "JPEG", progressive=True),
        picture_files.saved(small.convert("L"), "JPEG"),
        picture_files.saved(small.convert("CMYK"), "JPEG"),
        picture_files.gps_jpeg(6, small),
        picture_files.saved(small, "PNG"),
        picture_files.saved(small.convert("P"), "PNG", transparency=0),
        picture_files.saved(small.convert("RGBA"), "PNG"),
        picture_files.saved(small.convert("1"), "PNG"),
        picture_files.saved(small, "WEBP"),
        picture_files.saved(small.convert("RGBA"), "WEBP", lossless=True),
        _animated("PNG", small),
        _animated("WEBP", small),
        picture_files.png(60, 40, depth=8, colour=6),
        struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + chance.randbytes(400),
        struct.pack(">I", 24) + b"ftypavif" + bytes(4) + b"mif1avif" + chance.randbytes(400),
        b"GIF89a" + chance.randbytes(200),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"%PDF-1.7\n" + chance.randbytes(200),
    ]
    # Two things at once: a picture with an archive, a page or another picture behind it.
    made += [made[0] + b"PK\x03\x04" + bytes(60), made[5] + b"<script>1</script>", made[0] + made[5], made[9] + made[0]]
    return made


def _animated(kind: str, first: Any) -> bytes:
    out = BytesIO()
    first.save(out, kind, save_all=True, append_images=[Image.new("RGB", first.size, "blue")], duration=100)
    return out.getvalue()
