"""The demo's other application: one API key, made once and kept beside the demo's passwords."""

from __future__ import annotations

from pathlib import Path

from chalicelib.errors import Forbidden
from chalicelib.usecases import apikeys
from chalicelib.usecases.context import Context

NAME = "示例应用"


def ensure_key(ctx: Context, file: Path) -> str:
    """The key in `file`, or a new one when that does not hold (any more)."""
    kept = file.read_text("utf-8").strip() if file.exists() else ""
    try:
        apikeys.holder(kept)
    except Forbidden:
        _, kept = apikeys.make(ctx, NAME)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(kept, "utf-8")
    return kept
