"""Words of the command-line tools, on standard output, flushed at once so that a pipe shows progress too."""

from __future__ import annotations

import sys


def say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
