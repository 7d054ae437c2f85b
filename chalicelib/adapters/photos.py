"""Photos in S3: what a browser may upload, what anybody may look at, and what the photo function reads and writes.

An upload is a presigned POST whose policy names the bucket, the key, the type, the size and the answer, each exactly;
nothing else can be sent with it. Looking is a presigned GET of the re-encoded JPEG for five minutes. Both are signed with the
machine's wall time by the role that asks, so a role that can't read the bucket can't hand out links to it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.faults import code_of
from chalicelib.casework.photos import incoming_key, ready_key
from chalicelib.imaging import MAX_BYTES
from chalicelib.ports import PhotoTooLarge, UploadGrant

# What the page's script sends; without it any file is stored under the same label. The photo function looks at the bytes.
CONTENT_TYPE = "image/jpeg"
SCRIPT_MINUTES = 10
REDIRECT_MINUTES = 30
LOOK_SECONDS = 300


class S3Photos:
    """Implements `ports.PhotoStore`."""

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    def grant(self, ref: str, slot: int, *, minutes: int, redirect: str | None = None) -> UploadGrant:
        """At most 10 minutes, answered 201; with `redirect` (for pages without JavaScript) at most 30, answered with a 303 there.

        Raises ValueError for a longer time, a slot outside 1–12 or a reference that is none.
        """
        longest = REDIRECT_MINUTES if redirect else SCRIPT_MINUTES
        if not 1 <= minutes <= longest:
            raise ValueError(f"an upload is granted for 1 to {longest} minutes, not {minutes}")
        pinned = {"Content-Type": CONTENT_TYPE}
        if redirect:
            pinned["success_action_redirect"] = redirect
        else:
            pinned["success_action_status"] = "201"
        signed = self._aws.client("s3").generate_presigned_post(
            self._bucket,
            incoming_key(ref, slot),
            Fields=pinned,
            Conditions=[*({name: value} for name, value in pinned.items()), ["content-length-range", 1, MAX_BYTES]],
            ExpiresIn=minutes * 60,
        )
        return UploadGrant(url=signed["url"], fields=signed["fields"])

    def url(self, ref: str, slot: int, size: str) -> str:
        """Five minutes of `full` or `thumb`, shown in the page and always as a JPEG, whatever the object says of itself."""
        signed: str = self._aws.client("s3").generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": ready_key(ref, slot, size),
                "ResponseContentType": CONTENT_TYPE,
                "ResponseContentDisposition": "inline",
            },
            ExpiresIn=LOOK_SECONDS,
        )
        return signed

    def origin(self) -> str:
        """`https://<bucket>.s3.…` for the page's Content-Security-Policy."""
        address = self._aws.client("s3").generate_presigned_post(self._bucket, "origin", ExpiresIn=1)["url"]
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.netloc}"


class S3PhotoFiles:
    """Implements `ports.PhotoFiles`. Needs `s3:ListBucket` too: without it S3 says 403 for an object that is not there."""

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self.bucket = bucket

    def _s3(self) -> Any:
        return self._aws.client("s3")

    def read(self, key: str, limit: int) -> bytes | None:
        try:
            answer = self._s3().get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code_of(error) in {"NoSuchKey", "404"}:
                return None
            raise
        with answer["Body"] as body:
            if answer["ContentLength"] > limit:
                raise PhotoTooLarge(key)
            data: bytes = body.read()
        return data

    def write(self, key: str, jpeg: bytes) -> None:
        self._s3().put_object(
            Bucket=self.bucket,
            Key=key,
            Body=jpeg,
            ContentType=CONTENT_TYPE,
            ContentDisposition="inline",
            CacheControl="private, max-age=300",
        )

    def listed(self, prefix: str, after: str, limit: int) -> list[tuple[str, datetime]]:
        asked = {"Bucket": self.bucket, "Prefix": prefix, "MaxKeys": limit}
        found = self._s3().list_objects_v2(**asked, **({"StartAfter": after} if after else {})).get("Contents", [])
        return [(entry["Key"], entry["LastModified"]) for entry in found]

    def delete(self, key: str) -> None:
        self._s3().delete_object(Bucket=self.bucket, Key=key)
