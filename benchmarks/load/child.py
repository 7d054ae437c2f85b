"""`make serve` for a storm: on one machine everybody has one address, so here a visitor says which one is meant.

What else is another: no pictures of codes are drawn, since nobody scans here. For storms too small to meet them,
DOORSTEP_LOAD_HOT is at how many reports an address runs hot, and DOORSTEP_LOAD_SWEEP the seconds from one sweep to the next.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import Any

from infra.proxy import Event
from infra.serve import __main__ as serve
from infra.serve import gateway, machine

HEADER = "X-Load-Address"
HOT, SWEEP = "DOORSTEP_LOAD_HOT", "DOORSTEP_LOAD_SWEEP"


class Handler(gateway.Handler):
    def _event(self, match: Any, body: bytes) -> Event:
        said = self.headers.get(HEADER)
        if said:
            self.client_address = (said, 0)
        return super()._event(match, body)


def main() -> int:
    from chalicelib.usecases import limits
    from infra import codes

    codes.upload_missing = lambda *_, **__: 0
    gateway.Handler = Handler  # type: ignore[misc]  # this process is nobody else's
    if os.environ.get(HOT):
        limits.BUCKETS["address"] = dataclasses.replace(limits.BUCKETS["address"], hot=int(os.environ[HOT]))
    if os.environ.get(SWEEP):
        machine.SWEEP_S = float(os.environ[SWEEP])
    return serve.main([])


if __name__ == "__main__":
    sys.exit(main())
