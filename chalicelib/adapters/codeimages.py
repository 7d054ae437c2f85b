"""Printed codes as pictures, and where they lie in S3.

The address is written in upper case, so that a code needs only the alphanumeric mode and stays at version 4 and below; level Q
reads with any tenth of the data area covered. Choosing among the eight masks is four fifths of the work of making a code and
betters its penalty score by a twentieth on average, which no decoder notices: one fixed mask is used.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from chalicelib.errors import ConfigError

QUIET_ZONE = 4
_LEVEL = "q"
_MASK = 7
_VERSION_MAX = 4
_PNG_SCALE = 16
# What the alphanumeric mode of a QR code holds, as far as addresses use it.
_CHARACTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-./:")
# The bytes behind a code never change: another address is another code.
_CACHE = "public, max-age=31536000, immutable"


def code_url(domain: str, code: str) -> str:
    """What is printed: `HTTPS://DOMAIN/Q/CODE`."""
    return f"HTTPS://{domain.upper()}/Q/{code}"


def _symbol(url: str) -> Any:
    """The QR code of an address. Raises `ConfigError` when it would get too fine to print, or is not upper case."""
    import segno

    if not set(url) <= _CHARACTERS:
        raise ConfigError(f"{url!r} holds characters that a small code can't; use upper-case letters, digits and - . / :")
    symbol = segno.make_qr(url, error=_LEVEL, mask=_MASK, boost_error=False)
    if int(symbol.version) > _VERSION_MAX:
        raise ConfigError(f"{url} needs a version {symbol.version} code; use a shorter domain to stay at {_VERSION_MAX}")
    return symbol


def matrix(url: str) -> Sequence[Sequence[int]]:
    """The modules row by row, 1 for a dark one, without the quiet zone: what posters draw."""
    rows: Sequence[Sequence[int]] = _symbol(url).matrix
    return rows


def svg(url: str, name: str = "") -> bytes:
    """The code as SVG with its quiet zone, one unit a module, black on white; runs of modules are one path.

    It is titled with its address, or named `name` when it is to stand inside a page, which has a title of its own.
    """
    rows = matrix(url)
    size = len(rows) + 2 * QUIET_ZONE
    path: list[str] = []
    for y, row in enumerate(rows, QUIET_ZONE):
        # Runs of dark modules: splitting at the light ones is quicker than walking module by module.
        x = QUIET_ZONE
        for run in bytes(row).split(b"\x00"):
            if run:
                path.append(f"M{x} {y}h{len(run)}v1h-{len(run)}z")
            x += len(run) + 1
    named = f' aria-label="{escape(name)}">' if name else f"><title>{url}</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size * 8}" height="{size * 8}" '
        f'role="img" shape-rendering="crispEdges"{named}<path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path d="{"".join(path)}"/></svg>\n'
    ).encode()


def png(url: str) -> bytes:
    """The code as a black-and-white PNG with its quiet zone, 16 pixels a module."""
    out = io.BytesIO()
    _symbol(url).save(out, kind="png", scale=_PNG_SCALE, border=QUIET_ZONE)
    return out.getvalue()


FORMATS: Mapping[str, tuple[str, Callable[[str], bytes]]] = {"svg": ("image/svg+xml", svg), "png": ("image/png", png)}


class CodeImages:
    """The codes bucket: `codes/<CODE>.svg` and `.png`. `s3` is a botocore client."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    @staticmethod
    def key(code: str, kind: str) -> str:
        return f"codes/{code}.{kind}"

    def put(self, domain: str, code: str, kind: str) -> None:
        """Makes and stores one picture. Raises `KeyError` for a kind that is neither svg nor png."""
        content_type, draw = FORMATS[kind]
        self._s3.put_object(
            Bucket=self._bucket,
            Key=self.key(code, kind),
            Body=draw(code_url(domain, code)),
            ContentType=content_type,
            CacheControl=_CACHE,
        )

    def stored(self) -> set[str]:
        """All keys that are there."""
        keys: set[str] = set()
        asked: dict[str, str] = {"Bucket": self._bucket, "Prefix": "codes/"}
        while True:
            answer = self._s3.list_objects_v2(**asked)
            keys.update(found["Key"] for found in answer.get("Contents", ()))
            if not answer.get("IsTruncated"):
                return keys
            asked["ContinuationToken"] = answer["NextContinuationToken"]
