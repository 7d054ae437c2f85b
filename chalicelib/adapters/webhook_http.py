"""Posting to a subscriber's address, and to no other: https to a public address alone.

The name is looked up once; every address it has must be public, and the connection goes to the one that was looked at (a second
look-up could answer otherwise). Redirects are answers like any other, nothing of the body is read, and after five seconds the
connection is cut, however busy the other side keeps it.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

from chalicelib.ports import PostFailed

TIMEOUT_S = 5.0
# Addresses that lead to others: IPv4 inside IPv6 by translation and by tunnels; and networks' own of old (fec0).
_INWARD = ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
_CARRIERS = tuple(ipaddress.ip_network(net) for net in _INWARD)
Resolve = Callable[[str, int], Sequence[str]]


def looked_up(host: str, port: int) -> list[str]:
    """Every address of the name. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether anybody on the internet could mean the same machine by it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in net for net in _CARRIERS):
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


class HttpsPoster:
    """Implements `ports.Poster`. `loopback` lets plain http to this machine itself through: for one machine, never deployed."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolve: Resolve = looked_up,
        timeout: float = TIMEOUT_S,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._loopback = loopback
        self._resolve = resolve
        self._timeout = timeout
        self._context = context

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        parts = urlsplit(url)
        try:
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise PostFailed("address", ours=True) from error
        if not host or parts.username is not None or parts.scheme not in {"https", "http"}:
            raise PostFailed("address", ours=True)
        secure = parts.scheme == "https"
        port = port or (443 if secure else 80)
        address = self._address(host, port, secure=secure)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return self._sent(_Pinned(host, port, address, self._tls() if secure else None, self._timeout), path, headers, body)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _address(self, host: str, port: int, *, secure: bool) -> str:
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise PostFailed("name") from error
        if not found:
            raise PostFailed("name")
        here = self._loopback and all(_is_here(address) for address in found)
        if not here and (not secure or not all(is_public(address) for address in found)):
            raise PostFailed("inside" if secure else "scheme", ours=True)
        return found[0]

    def _sent(self, connection: _Pinned, path: str, headers: Mapping[str, str], body: bytes) -> int:
        watch = Timer(self._timeout, connection.cut)
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", path, body=body, headers={**headers, "Connection": "close"})
            status = connection.getresponse().status
            if connection.was_cut:
                raise TimeoutError
            return status
        except ssl.SSLCertVerificationError as error:
            raise PostFailed("certificate") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            late = connection.was_cut or isinstance(error, TimeoutError)
            raise PostFailed("time_out" if late else "broken") from error
        finally:
            watch.cancel()
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name that was asked for."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.default_port = 443 if tls else 80
        self._address = address
        self._context = tls
        self._raw: Any = None
        self.was_cut = False

    def connect(self) -> None:
        self._raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._raw
        if self._context is not None:
            self.sock = self._context.wrap_socket(self._raw, server_hostname=self.host)
            self._raw = self.sock

    def cut(self) -> None:
        """Ends whatever it is doing, from another thread."""
        self.was_cut = True
        if self._raw is not None:
            with suppress(OSError):
                self._raw.shutdown(socket.SHUT_RDWR)


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
