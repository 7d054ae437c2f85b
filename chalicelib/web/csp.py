"""The Content-Security-Policy of a page: nothing but our own script, the style sheet we wrote into it, and the street's bucket.

`form-action` names the bucket because the photo form without JavaScript posts straight to it; Chromium also wants it there for
the redirect back.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def style_hash(css: str) -> str:
    """The source expression for one inline style sheet, exactly as it stands between the tags."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}'"


def csp(page: str | Iterable[str], bucket_origin: str = "") -> str:
    """The policy's value. `page` is the finished HTML, or the hashes of its style sheets; `bucket_origin` like `https://b.s3.…`."""
    hashes = [style_hash(css) for css in _STYLE.findall(page)] if isinstance(page, str) else list(page)
    bucket = f" {bucket_origin}" if bucket_origin else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "manifest-src 'self'",
            f"style-src {' '.join(sorted(set(hashes))) or chr(39) + 'none' + chr(39)}",
            f"img-src 'self' data: blob:{bucket}",
            f"connect-src 'self'{bucket}",
            f"form-action 'self'{bucket}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
