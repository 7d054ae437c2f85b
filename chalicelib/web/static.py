"""Static files with a hash of their content in the name, so that they can be cached for ever.

`form.js` is served as `form.3f9c2a1b04.js`. The names are made on first use and kept for the process. The service worker alone
keeps its plain name: a browser asks for its next version under the address of the first.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
WORKER = "sw.js"
TYPES = {".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".css": "text/css; charset=utf-8", ".png": "image/png"}


@cache
def _hashed() -> dict[str, str]:
    """Plain name → hashed name, for every file we serve."""
    names = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in TYPES and path.name != WORKER:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
            names[path.name] = f"{path.stem}.{digest}{path.suffix}"
    return names


def static_url(name: str, root: str = "") -> str:
    """The address of a static file under the stage prefix. Raises KeyError for a name that does not exist."""
    return f"{root}/static/{_hashed()[name]}"


@cache
def read_static(hashed_name: str) -> tuple[bytes, str] | None:
    """The bytes and content type behind a hashed name; None for anything else, an outdated hash included."""
    for name, hashed in _hashed().items():
        if hashed == hashed_name:
            path = FOLDER / name
            return path.read_bytes(), TYPES[path.suffix]
    return None


@cache
def worker() -> str:
    """The service worker's script."""
    return (FOLDER / WORKER).read_text("utf-8")
