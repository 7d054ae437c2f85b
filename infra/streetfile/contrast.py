"""The contrast of white letters on the door plate, as WCAG defines it."""

from __future__ import annotations

PLATE = "#183E7C"
PLATE_RATIO = 7


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB`, 0 (black) to 1 (white)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def white_on(colour: str) -> float:
    """Contrast ratio of white on `colour`, 1 to 21."""
    return 1.05 / (luminance(colour) + 0.05)
