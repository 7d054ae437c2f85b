"""Chalice for several requests at once.

A Lambda function serves one request at a time, so Chalice keeps the current one on the application object. Its local server swaps
that for a thread-local one by changing the object's class; this does the same, once, for the local server and for tests that send
requests in parallel. Chalice changes the bases of one class that all applications of a process share; here each gets its own.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from chalice.local import LocalChalice

_LOCK = Lock()


def thread_safe(app: Any) -> None:
    """Makes `app.current_request` the calling thread's own. Calling it again changes nothing."""
    with _LOCK:
        if not isinstance(app, LocalChalice):
            app.__class__ = type("Threaded", (LocalChalice, type(app)), {})
