"""The presigned policies themselves: emulators would accept anything, so a strict reading of them decides."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.session import Session

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.photos import S3Photos
from chalicelib.imaging import MAX_BYTES
from chalicelib.ports import PhotoStore, UploadGrant
from tests.strict_post import Keys, PostRefused, check, policy_of, signature

BUCKET = "photos-of-a-street"
REF = "7K3MPQ9XA2W7K3MPQ9XA2W22"
REDIRECT = "https://street.example/t/abc/photos?sent=1"
KEYS = Keys("AKIDEXAMPLE", "example-secret", "cn-north-1", "example-token")


def role_of(aws: Aws) -> Aws:
    """The clients of a function's role: short-lived keys with a token."""
    session = Session()
    session.set_credentials(KEYS.access, KEYS.secret, KEYS.token)
    aws._session = session
    return aws


@pytest.fixture
def photos() -> S3Photos:
    return S3Photos(role_of(Aws("cn-north-1")), BUCKET)


@pytest.fixture
def grant(photos: PhotoStore) -> UploadGrant:
    return photos.grant(REF, 3, minutes=10)


def now() -> datetime:
    return datetime.now(UTC)


def refused(
    grant: UploadGrant, reason: str, *, size: int = 5000, bucket: str = BUCKET, at: datetime | None = None, **fields: str
) -> None:
    changed = {**grant.fields, **{name.replace("_", "-"): value for name, value in fields.items()}}
    with pytest.raises(PostRefused, match=reason):
        check(bucket, {name: value for name, value in changed.items() if value != "REMOVED"}, size, at or now(), KEYS)


@pytest.mark.parametrize("size", [1, 5000, MAX_BYTES])
def test_what_was_granted_is_accepted(grant: UploadGrant, size: int) -> None:
    check(BUCKET, grant.fields, size, now(), KEYS)


def test_the_address_is_the_buckets_own_in_the_region(grant: UploadGrant) -> None:
    assert grant.url == f"https://{BUCKET}.s3.cn-north-1.amazonaws.com.cn/"
    assert grant.fields["key"] == f"incoming/{REF}/03"


def test_another_key_is_refused(grant: UploadGrant) -> None:
    refused(grant, "key breaks", key=f"incoming/{REF}/04")
    refused(grant, "key breaks", key=f"ready/{REF}/03/full.jpg")
    refused(grant, "key breaks", key=f"incoming/{REF}/03/${{filename}}")
    refused(grant, "no key", key="REMOVED")


def test_another_bucket_is_refused(grant: UploadGrant) -> None:
    refused(grant, "bucket breaks", bucket="codes-of-a-street")


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "image/png", "image/jpeg; charset=utf-8", "", "REMOVED"])
def test_another_type_is_refused(grant: UploadGrant, kind: str) -> None:
    changed = {name: value for name, value in {**grant.fields, "Content-Type": kind}.items() if value != "REMOVED"}
    with pytest.raises(PostRefused, match="content-type breaks"):
        check(BUCKET, changed, 5000, now(), KEYS)


@pytest.mark.parametrize("size", [0, MAX_BYTES + 1, 5_000_000_000])
def test_empty_and_oversized_files_are_refused(grant: UploadGrant, size: int) -> None:
    refused(grant, "bytes are outside", size=size)


def test_it_ends_after_ten_minutes(grant: UploadGrant) -> None:
    check(BUCKET, grant.fields, 5000, now() + timedelta(minutes=9, seconds=55), KEYS)
    refused(grant, "expired", at=now() + timedelta(minutes=10, seconds=1))


@pytest.mark.parametrize(
    "field",
    [
        "acl",
        "x-amz-meta-note",
        "Content-Encoding",
        "Cache-Control",
        "x-amz-storage-class",
        "x-amz-tagging",
        "success_action_redirect",
    ],
)
def test_extra_fields_are_refused(grant: UploadGrant, field: str) -> None:
    with pytest.raises(PostRefused, match="extra"):
        check(BUCKET, {**grant.fields, field: "public-read"}, 5000, now(), KEYS)


def test_a_changed_policy_needs_another_signature(grant: UploadGrant) -> None:
    policy = policy_of(grant.fields)
    policy["expiration"] = "2999-01-01T00:00:00Z"
    refused(grant, "signature", policy=base64.b64encode(json.dumps(policy).encode()).decode())
    refused(grant, "signature", x_amz_signature="0" * 64)
    refused(grant, "missing", x_amz_signature="REMOVED")
    refused(grant, "missing", policy="REMOVED")


def test_another_roles_signature_is_refused(grant: UploadGrant) -> None:
    refused(grant, "something else", x_amz_credential="AKIDOTHER/20261122/cn-north-1/s3/aws4_request")
    refused(grant, "token", x_amz_security_token="REMOVED")


def test_the_verifier_itself_agrees_with_the_published_example() -> None:
    """AWS's example of a signed POST policy (its documented keys): the verifier is not merely the SDK's twin."""
    policy = base64.b64encode(
        b'{ "expiration": "2015-12-30T12:00:00.000Z",\r\n  "conditions": [\r\n    {"bucket": "sigv4examplebucket"},\r\n'
        b'    ["starts-with", "$key", "user/user1/"],\r\n    {"acl": "public-read"},\r\n'
        b'    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},\r\n'
        b'    ["starts-with", "$Content-Type", "image/"],\r\n    {"x-amz-meta-uuid": "14365123651274"},\r\n'
        b'    {"x-amz-server-side-encryption": "AES256"},\r\n    ["starts-with", "$x-amz-meta-tag", ""],\r\n\r\n'
        b'    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},\r\n'
        b'    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},\r\n    {"x-amz-date": "20151229T000000Z" }\r\n  ]\r\n}'
    ).decode()
    made = signature(policy, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20151229", "us-east-1")
    assert made == "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"


def test_every_condition_is_exact_and_nothing_is_open(grant: UploadGrant) -> None:
    conditions = policy_of(grant.fields)["conditions"]
    named = {next(iter(condition)): next(iter(condition.values())) for condition in conditions if isinstance(condition, dict)}
    assert named["bucket"] == BUCKET
    assert named["key"] == f"incoming/{REF}/03"
    assert named["Content-Type"] == "image/jpeg"
    assert named["success_action_status"] == "201"
    assert [condition for condition in conditions if not isinstance(condition, dict)] == [["content-length-range", 1, MAX_BYTES]]


def test_without_javascript_the_way_back_is_pinned_for_half_an_hour(photos: PhotoStore) -> None:
    grant = photos.grant(REF, 7, minutes=30, redirect=REDIRECT)
    check(BUCKET, grant.fields, 5000, now() + timedelta(minutes=29, seconds=55), KEYS)
    refused(grant, "expired", at=now() + timedelta(minutes=30, seconds=1))
    changed = {**grant.fields, "success_action_redirect": "https://elsewhere.example/"}
    with pytest.raises(PostRefused, match="success_action_redirect breaks"):
        check(BUCKET, changed, 5000, now(), KEYS)
    assert "success_action_status" not in grant.fields


@pytest.mark.parametrize(("minutes", "redirect"), [(11, None), (31, REDIRECT), (0, None), (-5, REDIRECT)])
def test_no_grant_is_longer_than_promised(photos: PhotoStore, minutes: int, redirect: str | None) -> None:
    with pytest.raises(ValueError, match="minutes"):
        photos.grant(REF, 1, minutes=minutes, redirect=redirect)


@pytest.mark.parametrize(
    ("ref", "slot"), [("../../codes/x", 1), ("", 1), (REF + "/04", 1), (REF, 0), (REF, 13), ("a b c d e f", 1)]
)
def test_only_real_slots_are_granted_or_shown(photos: PhotoStore, ref: str, slot: int) -> None:
    with pytest.raises(ValueError, match=r"reference|slot"):
        photos.grant(ref, slot, minutes=10)
    with pytest.raises(ValueError, match=r"reference|slot"):
        photos.url(ref, slot, "full")


@pytest.mark.parametrize("size", ["full", "thumb"])
def test_a_look_is_signed_for_five_minutes_and_always_a_jpeg(photos: PhotoStore, size: str) -> None:
    parts = urlsplit(photos.url(REF, 3, size))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.netloc == f"{BUCKET}.s3.cn-north-1.amazonaws.com.cn"
    assert parts.path == f"/ready/{REF}/03/{size}.jpg"
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Expires"] == "300"
    assert query["X-Amz-Security-Token"] == KEYS.token
    assert query["response-content-type"] == "image/jpeg"
    assert query["response-content-disposition"] == "inline"


@pytest.mark.parametrize("size", ["original", "../full", "full.jpg"])
def test_the_original_can_not_be_asked_for(photos: PhotoStore, size: str) -> None:
    with pytest.raises(ValueError, match="size"):
        photos.url(REF, 3, size)


@pytest.fixture
def local() -> Iterator[S3Photos]:
    yield S3Photos(role_of(Aws("cn-north-1", "http://127.0.0.1:4566")), BUCKET)


def test_on_one_machine_the_bucket_stands_in_the_path(local: S3Photos) -> None:
    assert local.grant(REF, 1, minutes=5).url == f"http://127.0.0.1:4566/{BUCKET}"
    assert local.url(REF, 1, "full").startswith(f"http://127.0.0.1:4566/{BUCKET}/ready/{REF}/01/full.jpg?")
    assert local.origin() == "http://127.0.0.1:4566"


def test_pages_learn_the_buckets_origin(photos: S3Photos) -> None:
    assert photos.origin() == f"https://{BUCKET}.s3.cn-north-1.amazonaws.com.cn"
