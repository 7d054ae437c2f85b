"""Clients of AWS, built on first use and kept for the life of the process.

botocore, not boto3: PynamoDB brings it anyway, and boto3 on top would cost every cold start without being used. A client is built
under a lock because building one is not thread-safe.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.session import Session

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 6
ATTEMPTS = 3
# Repeating a call whose reply was lost would send a second SMS.
ONCE = frozenset({"sns"})
# The SDK's own puts the string together anew in every call, from parts that tell AWS about this machine.
USER_AGENT = "doorstep"


class Aws:
    """Region and, off AWS, the engine's address; `client("s3")` and friends."""

    # The SDK looks through every parameter before AWS does, for a tenth of a submission's CPU. The tests let it.
    validates = False

    def __init__(self, region: str, endpoint: str | None = None) -> None:
        self.region = region
        self.endpoint = endpoint
        self._session: Session | None = None
        self._clients: dict[str, Any] = {}
        self._lock = Lock()

    def client(self, service: str) -> Any:
        """botocore's client; untyped, because botocore makes its methods at run time."""
        if service not in self._clients:
            with self._lock:
                if service not in self._clients:
                    self._clients[service] = self._build(service)
        return self._clients[service]

    def _build(self, service: str) -> Any:
        from botocore.config import Config
        from botocore.session import get_session

        if self._session is None:
            self._session = get_session()
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": 1 if service in ONCE else ATTEMPTS},
            max_pool_connections=32,
            user_agent=USER_AGENT,
            parameter_validation=self.validates,
            s3={"addressing_style": "path" if self.endpoint else "virtual"},
            signature_version="s3v4" if service == "s3" else None,
        )
        return self._session.create_client(service, region_name=self.region, endpoint_url=self.endpoint, config=config)
