"""Lists that staff take away: digests and exports in the bucket, behind links of minutes.

Under `lists/` they hold masks alone and go after a month by the bucket's own rule. Under `full/` lie whole numbers for a day:
only the function `export` may write there, and sign what is read.
"""

from __future__ import annotations

import re

from chalicelib.adapters.aws import Aws

LINK_SECONDS = 300
MASKED, FULL = "lists/", "full/"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


class S3Lists:
    """Implements `ports.Lists`."""

    def __init__(self, aws: Aws, bucket: str, prefix: str = MASKED) -> None:
        self._aws = aws
        self._bucket = bucket
        self._prefix = prefix

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self._aws.client("s3").put_object(
            Bucket=self._bucket, Key=f"{self._prefix}{key}", Body=data, ContentType=content_type, CacheControl="private, no-store"
        )

    def url(self, key: str, name: str) -> str:
        """Five minutes, saved under `name`. Raises `ValueError` for a name that would not stand in a header as it is."""
        if not _NAME.fullmatch(name):
            raise ValueError("a download needs a plain name")
        params = {
            "Bucket": self._bucket,
            "Key": f"{self._prefix}{key}",
            "ResponseContentDisposition": f'attachment; filename="{name}"',
        }
        signed: str = self._aws.client("s3").generate_presigned_url("get_object", Params=params, ExpiresIn=LINK_SECONDS)
        return signed
