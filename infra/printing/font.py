"""The Chinese font of what is printed: WenQuanYi Micro Hei, TrueType, so that reportlab can embed the few glyphs in use.

The font is Apache-2.0 (or GPL-3 with the font exception). It comes as a wheel whose file is bit for bit the one that Debian ships
as fonts-wqy-microhei; the SHA-256 is compared before it is used, so that a wheel of a single author can't change what hangs on
doors. It has one weight: bold is the same outline with a stroke around it, which prints well and extracts as plain text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from infra.errors import InfraError

NAME = "DoorstepSans"
SHA256 = "2420e8078af796b19a3f6ef13de527a1a91c1e7171eea115926c614ced1009b3"
_WHEEL = "paperang_p2_fonts_cjk"
_FILE = "wqy-microhei.ttc"
_DEBIAN = Path("/usr/share/fonts/truetype/wqy") / _FILE


def candidates() -> list[Path]:
    """Where the font may lie, the wheel's first. The wheel is found, not imported."""
    spec = find_spec(_WHEEL)
    folders = spec.submodule_search_locations if spec else None
    return [*(Path(folder) / "fonts" / _FILE for folder in folders or ()), _DEBIAN]


def find(paths: Iterable[Path] | None = None) -> Path:
    """The first of `paths` that is the very file we know. Raises `InfraError` with the remedy."""
    other = []
    for path in candidates() if paths is None else paths:
        if not path.is_file():
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() == SHA256:
            return path
        other.append(f"{path} is another version than the one that was checked; ")
    raise InfraError(
        f"there is no Chinese font to embed: {''.join(other)}run `make posters` once with the network (it installs the wheel "
        "paperang-p2-fonts-cjk), or install Debian's fonts-wqy-microhei"
    )


def register() -> str:
    """Makes the font known to reportlab, once per process; returns its name. Raises `InfraError` when there is none."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if NAME not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(NAME, str(find()), subfontIndex=0))
    return NAME


def lacking(text: str) -> str:
    """The characters of `text` that the font has no glyph for: they would print as empty boxes."""
    from reportlab.pdfbase import pdfmetrics

    glyphs = pdfmetrics.getFont(register()).face.charToGlyph
    return "".join(sorted({char for char in text if not char.isspace() and ord(char) not in glyphs}))
