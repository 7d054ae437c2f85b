"""What is stored in which version, for operators: `python -m infra.upgrade show`, `… run`.

Nothing has to be run for a new version to work: what is old is lifted when it is read, and written in the newest version when
something happens to it. But a closed case may not be written for years, and lists and figures show what was derived when it was.
So `run`, some days after a deployment that stays (older code does not write what is newer), writes every case and registration of
an earlier version anew: the same events, the state folded from them, its cards and keys. It may be stopped and repeated, beside
running functions; what somebody else writes meanwhile is in the newest version by that.
Region and tables come from the environment (DOORSTEP_*), as the functions have them.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import zlib
from collections import Counter
from collections.abc import Iterator

import msgspec

from chalicelib import wiring
from chalicelib.casework.events import VERSION
from chalicelib.errors import ConfigError
from chalicelib.models import cases, registers, store
from chalicelib.models.cases import CaseItem
from chalicelib.models.register_writing import Stale, Write, write
from chalicelib.models.registers import RegisterItem
from infra.say import say

CASES, REGISTERS = "cases", "registrations"
FIELDS = ["pk", "sk", "body"]


def stored() -> Iterator[tuple[str, str, int]]:
    """(kind, number, version) of every case and registration: a scan."""
    for row in CaseItem.scan(CaseItem.sk == "CASE", attributes_to_get=FIELDS, consistent_read=True):
        yield CASES, row.pk.removeprefix("C#"), _version(row.body)
    for one in RegisterItem.scan(RegisterItem.sk == "RECORD", attributes_to_get=FIELDS, consistent_read=True):
        yield REGISTERS, one.pk.removeprefix("R#"), _version(one.body)


def _version(body: bytes) -> int:
    return msgspec.json.decode(zlib.decompress(body), type=store.Versioned).v


def counted() -> dict[tuple[str, int], int]:
    """How many there are of each kind and version."""
    return dict(sorted(Counter((kind, version) for kind, _, version in stored()).items()))


def shown() -> list[str]:
    lines = [
        f"{kind}: {count} of version {version}{'' if version == VERSION else ', older' if version < VERSION else ', NEWER'}"
        for (kind, version), count in counted().items()
    ]
    return [*lines, f"this code writes version {VERSION}"]


def run() -> tuple[int, int]:
    """(how many were written anew, how many were not because somebody else was writing them)."""
    done = left = 0
    for kind, no, version in list(stored()):
        if version < VERSION:
            try:
                done += _case(no) if kind == CASES else _register(no)
            except (cases.Stale, Stale):
                left += 1
    return done, left


def _case(no: str) -> bool:
    ctx, found = wiring.context(), cases.get(no)
    if found is None:
        return False
    old = CaseItem.query(cases.key(no), CaseItem.sk.startswith(store.ARCHIVE), consistent_read=True)
    rows = [CaseItem(row.pk, row.sk, body=cases.pack(store.read_events(row.body))) for row in old if row.body]
    cases.write(found, (), rows, secrets.token_hex(16), ctx.street, ctx.place_of(found.case))
    return True


def _register(no: str) -> bool:
    found = registers.get(no)
    if found is None:
        return False
    write(Write(stored=found, events=(), attempt=secrets.token_hex(16), history=found.events), wiring.context().street)
    return True


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.upgrade", description="What is stored in which version.")
    parser.add_argument("do", choices=("show", "run"), help="show: how many of each version; run: writes older ones anew")
    options = parser.parse_args(argv)
    try:
        wiring.context()
        if options.do == "run":
            done, left = run()
            say(f"{done} written in version {VERSION}" + (f"; {left} were being written: run it once more" if left else ""))
        for line in shown():
            say(line)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
