"""What the photo function does with real files, repeated and parallel events, and failures in between."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.photos import S3PhotoFiles
from chalicelib.casework.photos import IN_ALL, incoming_key, next_free, parse_incoming, ready_key
from chalicelib.errors import NotAllowed
from chalicelib.imaging import MAX_BYTES
from chalicelib.models import photos as rows
from chalicelib.models.base import bind
from chalicelib.models.photos import PhotoRow
from chalicelib.usecases.photos import Processed, objects_of, process, reserve
from tests import picture_files as files
from tests.aws_doubles import REGION, before_call, local_aws, refusal

BUCKET, TABLE = "photos-of-a-street", "cases"
REF = "7K3MPQ9XA2W7K3MPQ9XA2W22"
DAYS = 30


@dataclass
class HandClock:
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 22, 3, 0, tzinfo=UTC))

    def civil(self) -> datetime:
        return self.now

    def wall(self) -> datetime:
        return self.now


@dataclass
class Room:
    aws: Aws
    files: S3PhotoFiles
    clock: HandClock

    @property
    def s3(self) -> Any:
        return self.aws.client("s3")

    def upload(self, data: bytes, slot: int = 1, kind: str = "image/jpeg") -> dict[str, Any]:
        self.s3.put_object(Bucket=BUCKET, Key=incoming_key(REF, slot), Body=data, ContentType=kind)
        return notification(incoming_key(REF, slot))

    def run(self, event: dict[str, Any]) -> Processed:
        (done,) = process(event, self.files, self.clock, DAYS)
        return done

    def keys(self) -> list[str]:
        return sorted(item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()))

    def row(self, slot: int = 1) -> PhotoRow:
        return next(row for row in rows.rows(REF) if row.slot == slot)


def notification(key: str, bucket: str = BUCKET) -> dict[str, Any]:
    return {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}}}]}


def bridge(key: str) -> dict[str, Any]:
    return {"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": BUCKET}, "object": {"key": key}}}


READY = [ready_key(REF, 1, "full"), ready_key(REF, 1, "thumb")]


@pytest.fixture
def room() -> Iterator[Room]:
    with local_aws():
        aws = Aws(REGION)
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        aws.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        bind(aws, {"cases": TABLE})
        yield Room(aws, S3PhotoFiles(aws, BUCKET), HandClock())


def test_a_photo_is_ready_and_its_original_gone(room: Room) -> None:
    assert room.run(room.upload(files.gps_jpeg(6))) == Processed(REF, 1, "ready")
    assert room.keys() == READY
    row = room.row()
    assert (row.status, row.width, row.height, row.by) == ("ready", 900, 1200, "reporter")
    assert row.at == "2026-11-22T03:00:00.000Z"
    assert row.ttl == (room.clock.now + timedelta(days=DAYS)).timestamp()


def test_what_is_stored_is_a_plain_jpeg_that_says_so(room: Room) -> None:
    room.run(room.upload(files.gps_jpeg(), kind="text/html"))
    for key in READY:
        stored = room.s3.get_object(Bucket=BUCKET, Key=key)
        data = stored["Body"].read()
        assert stored["ContentType"] == "image/jpeg"
        assert files.SERIAL.encode() not in data
        assert not Image.open(BytesIO(data)).getexif()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (files.HTML, "not_image"),
        (files.SVG, "svg"),
        (files.HEIC, "heic"),
        (files.bomb(), "too_many_pixels"),
        (files.jpeg()[:-600], "damaged"),
        (b"", "empty"),
        (files.jpeg() + bytes(MAX_BYTES), "too_large"),
    ],
    ids=["html", "svg", "heic", "bomb", "truncated", "empty", "oversized"],
)
def test_what_is_no_photo_is_shown_as_refused_and_nothing_of_it_stays(room: Room, data: bytes, code: str) -> None:
    assert room.run(room.upload(data)) == Processed(REF, 1, "refused", code)
    assert room.keys() == []
    assert (room.row().status, room.row().code) == ("refused", code)


def test_an_oversized_object_is_not_even_downloaded(room: Room) -> None:
    event = room.upload(bytes(MAX_BYTES + 1))
    read: list[int] = []
    original = room.s3.get_object

    def watched(**call: Any) -> Any:
        answer = original(**call)
        answer["Body"].read = lambda *_: read.append(1)
        return answer

    room.s3.get_object = watched
    assert room.run(event).code == "too_large"
    assert not read


def test_the_same_event_again_changes_nothing(room: Room) -> None:
    event = room.upload(files.jpeg())
    room.run(event)
    before = room.row().attribute_values
    assert room.run(event) == Processed(REF, 1, "gone")
    assert room.row().attribute_values == before
    assert room.keys() == READY


def test_ten_deliveries_at_once_make_one_photo(room: Room) -> None:
    event = room.upload(files.jpeg())
    with ThreadPoolExecutor(10) as pool:
        outcomes = {done.outcome for done in pool.map(lambda _: room.run(event), range(10))}
    assert "ready" in outcomes
    assert outcomes <= {"ready", "gone", "late"}
    assert room.row().status == "ready"
    assert room.keys() == READY


def test_a_later_photo_in_the_same_slot_is_deleted_and_ignored(room: Room) -> None:
    room.run(room.upload(files.jpeg(800, 600)))
    first = room.s3.get_object(Bucket=BUCKET, Key=READY[0])["Body"].read()
    assert room.run(room.upload(files.jpeg(400, 300))) == Processed(REF, 1, "late")
    assert room.run(room.upload(files.HTML)) == Processed(REF, 1, "late")
    assert room.s3.get_object(Bucket=BUCKET, Key=READY[0])["Body"].read() == first
    assert (room.row().status, room.row().width) == ("ready", 800)
    assert room.keys() == READY


def test_a_refused_slot_stays_refused(room: Room) -> None:
    room.run(room.upload(files.SVG))
    assert room.run(room.upload(files.jpeg())).outcome == "late"
    assert (room.row().status, room.keys()) == ("refused", [])


def test_another_photo_that_arrives_during_the_work_loses(room: Room) -> None:
    """The first photo has claimed its slot; the second's event runs to its end before the first is stored."""
    event = room.upload(files.jpeg(800, 600))
    original = room.files.write
    second: list[Processed] = []

    def write(key: str, jpeg: bytes) -> None:
        if not second:
            second.append(room.run(room.upload(files.jpeg(400, 300))))
        original(key, jpeg)

    first = S3PhotoFiles(room.aws, BUCKET)
    first.write = write  # type: ignore[method-assign]  # the moment between claim and store
    assert process(event, first, room.clock, DAYS) == [Processed(REF, 1, "ready")]
    assert second == [Processed(REF, 1, "late")]
    assert room.row().width == 800
    assert room.keys() == READY


CALLS = [("s3", "GetObject"), ("dynamodb", "UpdateItem"), ("s3", "PutObject"), ("s3", "DeleteObject")]


@pytest.mark.parametrize(("service", "operation"), CALLS)
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("data", [files.jpeg(), files.SVG], ids=["photo", "svg"])
def test_after_any_failed_call_the_next_delivery_finishes(
    room: Room, service: str, operation: str, nth: int, data: bytes
) -> None:
    event = room.upload(data)
    calls: list[int] = []

    def fail_once() -> None:
        calls.append(1)
        if len(calls) == nth:
            raise refusal("AccessDenied", 403)

    before_call(room.aws.client(service), operation, fail_once)
    deliveries = 0
    while deliveries < 3:
        deliveries += 1
        try:
            room.run(event)
            break
        except Exception as error:
            assert "AccessDenied" in repr(error) or "AccessDenied" in repr(error.__cause__)
    assert deliveries <= 2
    assert room.row().status == ("refused" if data == files.SVG else "ready")
    assert room.keys() == ([] if data == files.SVG else READY)


def test_a_lost_reply_of_any_write_is_no_second_photo(room: Room) -> None:
    """The SDK repeats an update whose reply was lost: each one is done twice here."""
    event = room.upload(files.jpeg())
    dynamodb = room.aws.client("dynamodb")
    twice: list[int] = []
    plain = dynamodb._make_api_call

    def repeated(name: str, params: dict[str, Any]) -> Any:
        if name == "UpdateItem":
            twice.append(1)
            plain(name, params)
        return plain(name, params)

    dynamodb._make_api_call = repeated
    assert room.run(event).outcome == "ready"
    assert reserve(REF, room.clock, minutes=30, keep_days=DAYS) == 2
    assert len(twice) == 3
    assert [row.slot for row in rows.rows(REF)] == [1, 2]


def test_a_photo_given_up_half_way_can_be_replaced_when_its_lease_is_over(room: Room) -> None:
    now = int(room.clock.now.timestamp())
    assert rows.claim(REF, 1, source="lost", at="", now=now, lease=now + 900, ttl=now + 9000)
    assert room.run(room.upload(files.jpeg())).outcome == "late"
    assert [row.status for row in rows.list_photos(REF, room.clock.now)] == ["pending"]
    room.clock.now += timedelta(minutes=16)
    assert [(row.status, row.code) for row in rows.list_photos(REF, room.clock.now)] == [("refused", "lost")]
    assert room.run(room.upload(files.jpeg())).outcome == "ready"


@pytest.mark.parametrize(
    "event",
    [
        notification(f"incoming/{REF}/1"),
        notification(f"incoming/{REF}/13"),
        notification(f"incoming/{REF}/01/x"),
        notification(f"ready/{REF}/01/full.jpg"),
        notification(f"incoming/{REF}/01", "codes-of-a-street"),
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET},
        {"Records": []},
    ],
)
def test_other_objects_are_left_alone(room: Room, event: dict[str, Any]) -> None:
    room.s3.put_object(Bucket=BUCKET, Key="elsewhere", Body=b"x")
    assert process(event, room.files, room.clock, DAYS) == []
    assert room.keys() == ["elsewhere"]


def test_an_unknown_event_is_an_error_and_never_silence(room: Room) -> None:
    with pytest.raises(ValueError, match="neither"):
        process({"something": "else"}, room.files, room.clock, DAYS)


def test_both_shapes_of_event_are_read() -> None:
    assert list(objects_of(notification("incoming/a%2Fb+c"))) == [(BUCKET, "incoming/a/b c")]
    assert list(objects_of(bridge(f"incoming/{REF}/02"))) == [(BUCKET, f"incoming/{REF}/02")]


def test_an_event_from_eventbridge_is_worked(room: Room) -> None:
    room.upload(files.jpeg(), 2)
    assert room.run(bridge(f"incoming/{REF}/02")) == Processed(REF, 2, "ready")


def test_slots_are_kept_for_what_the_form_promised(room: Room) -> None:
    kept = [reserve(REF, room.clock, minutes=30, keep_days=DAYS, promised=2, by="staff") for _ in range(IN_ALL - 2)]
    assert kept == list(range(3, IN_ALL + 1))
    with pytest.raises(NotAllowed, match="photos_full"):
        reserve(REF, room.clock, minutes=30, keep_days=DAYS, promised=2)
    room.run(room.upload(files.jpeg(), 3))
    assert room.row(3).by == "staff"


def test_a_reservation_that_nobody_used_is_free_again(room: Room) -> None:
    assert reserve(REF, room.clock, minutes=30, keep_days=DAYS) == 1
    assert rows.list_photos(REF) == []
    room.clock.now += timedelta(minutes=59)
    assert reserve(REF, room.clock, minutes=30, keep_days=DAYS) == 2
    room.clock.now += timedelta(minutes=2)
    assert reserve(REF, room.clock, minutes=30, keep_days=DAYS) == 1


def test_a_page_that_is_opened_again_and_again_is_never_full_of_nothing(room: Room) -> None:
    """It is loaded anew, gone back to, left for a smaller photo: each time it takes a place, and no photo comes."""

    def opened(by: str = "reporter") -> int:
        room.clock.now += timedelta(seconds=10)
        return reserve(REF, room.clock, minutes=30, keep_days=DAYS, promised=6, by=by)

    assert [opened() for _ in range(8)] == [7, 8, 9, 10, 11, 12, 7, 8]
    with pytest.raises(NotAllowed, match="photos_full"):
        opened("staff")
    assert [room.run(room.upload(files.jpeg(), slot)).outcome for slot in (7, 9)] == ["ready", "ready"]
    assert [opened() for _ in range(4)] == [10, 11, 12, 8]
    assert room.run(room.upload(files.HEIC, 11)).outcome == "refused"
    for slot in (8, 10, 12):
        room.run(room.upload(files.jpeg(), slot))
    assert opened() == 11, "another one can be chosen for what was refused"
    assert room.run(room.upload(files.jpeg(), 11)).outcome == "ready"
    with pytest.raises(NotAllowed, match="photos_full"):
        opened()


def test_twelve_at_once_get_twelve_slots(room: Room) -> None:
    with ThreadPoolExecutor(12) as pool:
        kept = list(pool.map(lambda _: reserve(REF, room.clock, minutes=30, keep_days=DAYS), range(IN_ALL)))
    assert sorted(kept) == list(range(1, IN_ALL + 1))


def test_the_list_shows_what_arrived_by_slot(room: Room) -> None:
    room.run(room.upload(files.SVG, 3))
    room.run(room.upload(files.jpeg(), 1))
    assert [(row.slot, row.status) for row in rows.list_photos(REF)] == [(1, "ready"), (3, "refused")]
    assert rows.list_photos("") == []


def test_keys_and_slots_are_strict() -> None:
    assert parse_incoming(incoming_key(REF, 12)) == (REF, 12)
    assert parse_incoming("incoming/../01") is None
    assert next_free({1, 2, 4}) == 3
    assert next_free(set(), promised=6) == 7
    assert next_free(set(), promised=40) == 7
    assert next_free(set(range(1, 13))) is None
