"""One HTTPS POST to a provider, and what its failure means.

What fails before the request has left was not sent: another try is safe. Whatever fails afterwards may have been sent. So there
is no retry here, no redirect is followed, and no connection is kept: a kept one may be half dead, and then nobody knows.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from typing import Any

from chalicelib.adapters.sms_signing import Call
from chalicelib.ports import SmsRetry, SmsUnknown

CONNECT_S = 5.0
# For the whole answer, however slowly it trickles in.
ANSWER_S = 10.0
ANSWER_BYTES = 256_000


def secured(host: str) -> HTTPConnection:
    """TLS, verified against the machine's authorities and the host's name."""
    return HTTPSConnection(host, timeout=CONNECT_S, context=ssl.create_default_context())


class Post:
    """`connect` makes the connection to a host; `answer_s` is how long the whole answer may take."""

    def __init__(self, connect: Callable[[str], HTTPConnection] = secured, answer_s: float = ANSWER_S) -> None:
        self._connect = connect
        self._answer_s = answer_s

    def __call__(self, call: Call) -> tuple[int, dict[str, Any]]:
        """Status and JSON object. Raises `SmsRetry` when nothing has left, `SmsUnknown` when there was no readable answer."""
        connection = self._connect(call.host)
        try:
            try:
                connection.connect()
            except (OSError, HTTPException) as error:
                # Not chained, here and below: nothing that is logged may hold the request.
                raise SmsRetry(type(error).__name__) from None
            watch = Timer(self._answer_s, _hang_up, (connection.sock,))
            watch.daemon = True
            watch.start()
            try:
                connection.sock.settimeout(self._answer_s)
                connection.request("POST", call.path, call.body, dict(call.headers))
                answer = connection.getresponse()
                status, data = answer.status, answer.read(ANSWER_BYTES)
            except (OSError, HTTPException) as error:
                raise SmsUnknown(type(error).__name__) from None
            finally:
                watch.cancel()
        finally:
            connection.close()
        return status, _object(status, data)


def _hang_up(sock: socket.socket) -> None:
    """A socket's time-out begins anew with every byte; this one does not."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It is closed already.
        return


def _object(status: int, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SmsUnknown(f"HTTP{status}")
    return found
