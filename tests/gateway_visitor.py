"""The tests' visitor, through a real HTTP connection to an API that an engine made from the packaged template."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from tests.client import Page, Visitor

TIMEOUT_S = 60


class GatewayVisitor(Visitor):
    """`api` is the API's id. Addresses look as on AWS: `https://<api>.execute-api…/V1/…`."""

    def __init__(self, endpoint: str, api: str, *, stage: str = "V1", lang: str = "zh-CN") -> None:
        # Not the base class's: there is no application object here, only an address.
        where = urlsplit(endpoint)
        self._netloc = where.netloc
        self._host = f"{api}.execute-api.{where.netloc}"
        self._address = "192.0.2.1"
        self._scheme = "https"
        self.stage = stage
        self.lang = lang
        self.cookies: dict[str, str] = {}

    @property
    def origin(self) -> str:
        return f"{self._scheme}://{self._host}"

    def call(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Page:
        """One request, not followed. `target` may or may not begin with the stage."""
        url = urlsplit(target)
        prefix = f"/{self.stage}"
        path = url.path if url.path.startswith(f"{prefix}/") else prefix + url.path
        inside = path + (f"?{url.query}" if url.query else "")
        sent = dict(self._headers({"Host": self._host, **(headers or {})}))
        connection = http.client.HTTPConnection(self._netloc, timeout=TIMEOUT_S)
        try:
            connection.request(method, inside, body or None, sent)
            answer = connection.getresponse()
            data, made = answer.read(), tuple(answer.getheaders())
        finally:
            connection.close()
        self._keep(made)
        return Page(self, answer.status, inside, made, data)
