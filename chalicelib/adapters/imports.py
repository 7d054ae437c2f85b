"""Uploaded lists in the photos bucket, under `imports/`: from the browser by a pinned POST, gone when they were taken in."""

from __future__ import annotations

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.faults import code_of
from chalicelib.ports import UploadGrant

PREFIX = "imports/"
UPLOAD_MINUTES = 30
MAX_BYTES = 20_000_000


class S3Imports:
    """Implements `ports.Imports`."""

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    def grant(self, batch: str, redirect: str) -> UploadGrant:
        """Half an hour for this one key, answered with a 303 back to the import's page."""
        pinned = {"Content-Type": "text/csv", "success_action_redirect": redirect}
        signed = self._aws.client("s3").generate_presigned_post(
            self._bucket,
            PREFIX + batch,
            Fields=pinned,
            Conditions=[*({name: value} for name, value in pinned.items()), ["content-length-range", 1, MAX_BYTES]],
            ExpiresIn=UPLOAD_MINUTES * 60,
        )
        return UploadGrant(url=signed["url"], fields=signed["fields"])

    def read(self, batch: str, limit: int) -> bytes | None:
        try:
            found = self._aws.client("s3").get_object(Bucket=self._bucket, Key=PREFIX + batch)
        except ClientError as error:
            # Without the right to list, S3 says that it is denied what is not there.
            if code_of(error) in {"NoSuchKey", "404", "AccessDenied"}:
                return None
            raise
        body: bytes = found["Body"].read(limit + 1)
        return body[:limit]

    def delete(self, batch: str) -> None:
        self._aws.client("s3").delete_object(Bucket=self._bucket, Key=PREFIX + batch)
