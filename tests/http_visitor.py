"""The visitor without JavaScript, over a real connection: the same forms, cookies and redirects against a running server."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from http.client import HTTPConnection
from urllib.parse import urlsplit

from chalice.app import Chalice

from tests.client import Page, Visitor


class HttpVisitor(Visitor):
    def __init__(self, base_url: str, *, lang: str = "zh-CN") -> None:
        super().__init__(Chalice("unused"), scheme="http", lang=lang)
        self._base = urlsplit(base_url)

    @property
    def origin(self) -> str:
        return f"{self._base.scheme}://{self._base.netloc}"

    def call(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Page:
        url = urlsplit(target)
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection = HTTPConnection(self._base.hostname or "", self._base.port, timeout=30)
        try:
            sent = {"Accept": "text/html", "Accept-Language": self.lang, "Accept-Encoding": "gzip", **(headers or {})}
            if self.cookies:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            raw = answer.read()
            made = tuple(answer.getheaders())
            self._keep(made)
            content = gzip.decompress(raw) if answer.getheader("Content-Encoding") == "gzip" and raw else raw
            return Page(self, answer.status, path, made, content)
        finally:
            connection.close()
