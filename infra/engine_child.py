"""Runs ministack as a child that never outlives its parent: when our end of its standard input closes, it stops cleanly.

A clean stop is the only moment at which ministack writes its tables to disk, so this also saves what was entered when the
parent is killed or crashes.
"""

from __future__ import annotations

import os
import signal
import sys
from threading import Thread


def _stop_with_parent() -> None:
    # The bare descriptor: a thread that waits inside sys.stdin would hold its lock when the interpreter ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    Thread(target=_stop_with_parent, daemon=True).start()
    sys.argv = ["ministack"]
    from ministack.app import main as ministack_main

    ministack_main()


if __name__ == "__main__":
    main()
