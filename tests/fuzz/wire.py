"""HTTP as bytes, to the one-machine server: request lines, headers and bodies that are none. It answers or hangs up, says no 5xx,
and goes on answering.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.fuzz.mutate import Mutator
from tests.fuzz.oracle import HOST, Oracle
from tests.fuzz.street import Street
from tests.open311_world import served

SURFACE = "HTTP bytes"
ANSWER_S = 20.0
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) ")
LINES = (
    b"GET //[ HTTP/1.1",
    b"GET http://[::1/ HTTP/1.1",
    b"GET //\xff HTTP/1.1",
    b"GET /track?%ff=%00&a HTTP/1.1",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
    b"GET /track",
    b"GET",
    b"FOO /track HTTP/1.1",
    b"PRI * HTTP/2.0",
    b"OPTIONS * HTTP/1.1",
    b"CONNECT a:1 HTTP/1.1",
    b"HEAD /track HTTP/1.1",
    b"GET /track HTTP/9.9",
    b"POST /track HTTP/1.0",
)
HEADERS = (
    b"Content-Length: 5",
    b"Content-Length: -5",
    b"Content-Length: " + b"9" * 5000,
    b"Content-Length: 99999999999",
    b"Content-Length: \xb2",
    b"Content-Length: 3\r\nContent-Length: 4",
    b"Transfer-Encoding: chunked",
    b"Expect: 100-continue",
    b"Host: \xff\xfe",
    b"Host: a\r\nHost: b",
    b"Cookie: \xff=\x00",
    b"Accept-Language: \xe4\xb8\xad",
    b"X: " + b"a" * 70_000,
    b"\r\n".join(b"X-%d: 1" % number for number in range(120)),
    b": nothing",
    b"no colon at all",
    b" folded: 1",
    b"Connection: close",
    b"Accept-Encoding: gzip, \xff",
)


class Wire:
    def __init__(self, mutator: Mutator, oracle: Oracle, address: str) -> None:
        self.mutator, self.chance, self.oracle, self.address = mutator, mutator.chance, oracle, address

    def one(self) -> None:
        line = self.chance.choice((*LINES, *[b"POST /track HTTP/1.1"] * 6))
        chosen = self.chance.sample(HEADERS, self.chance.choice((0, 1, 1, 2, 3)))
        kind = b"Content-Type: application/x-www-form-urlencoded"
        head = b"\r\n".join([line, b"Host: " + HOST.encode(), kind, *chosen])
        raw = head + b"\r\n\r\n" + b"number=1&last4=2"
        if self.chance.random() < 0.5:
            raw = self.mutator.changed(raw, HEADERS)
        with self.oracle.watching(SURFACE, raw[:400]):
            status = _STATUS.match(answer_to(self.address, raw))
            if status and status[1] >= b"500" and status[1] not in {b"501", b"505"}:
                raise AssertionError(f"answered {status[1].decode()}")


def answer_to(address: str, raw: bytes) -> bytes:
    """What comes before the server hangs up; all of the request has been sent then."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=ANSWER_S) as peer:
        try:
            peer.sendall(raw)
            peer.shutdown(socket.SHUT_WR)
            return peer.recv(4096)
        except TimeoutError:
            raise
        except OSError:
            # It has hung up before everything was sent, as it may.
            return b""


@contextmanager
def wire(street: Street, mutator: Mutator, oracle: Oracle) -> Iterator[Wire]:
    with served(street.world) as address:
        yield Wire(mutator, oracle, address)
