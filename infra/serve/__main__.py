"""`make serve`: the whole system on this machine until Ctrl-C.

STREET and PORT come from the environment, and DOORSTEP_LOCAL, where its things are kept instead of `.local/`.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from infra.errors import InfraError
from infra.say import say
from infra.serve.home import ROOT, Home
from infra.serve.machine import Machine
from infra.serve.steps import step
from infra.streetfile.problems import StreetFileError

WATCH_S = 2.0


class Stop(BaseException):
    """Ctrl-C or SIGTERM."""


class Signals:
    """The first signal stops us wherever we are; later ones are told that we are at it."""

    def __init__(self) -> None:
        self._stopping = False

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on)

    def _on(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            return
        self._stopping = True
        raise Stop


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.serve", description="The one-machine server.")
    parser.add_argument("--fresh", action="store_true", help="forget what was entered and begin anew")
    fresh = parser.parse_args(argv).fresh
    Signals().listen()
    try:
        street_id, port = _wanted()
        home = Home(street_id, Path(os.environ.get("DOORSTEP_LOCAL") or ROOT / ".local"))
        with home.take(fresh=fresh):
            return _run(Machine(street_id, port, home))
    except (InfraError, StreetFileError) as error:
        say(f"serve: {error}")
        return 1
    except Stop:
        return 0


def _wanted() -> tuple[str, int]:
    known = sorted(file.stem for file in (ROOT / "infra" / "streets").glob("*.toml"))
    street_id = os.environ.get("STREET") or "".join(known[:1])
    if street_id not in known:
        raise InfraError(f"STREET is {street_id!r}; there are {', '.join(known) or 'none'}")
    port = os.environ.get("PORT") or "8000"
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise InfraError(f"PORT is {port!r}; it has to be a number from 1 to 65535")
    return street_id, int(port)


def _run(machine: Machine) -> int:
    started = time.perf_counter()
    say("serve: starting (stop with Ctrl-C)")
    code = 0
    try:
        machine.start()
        forms, staff = _demo(machine)
        machine.home.write_demo(machine.manifest(forms, staff, _api_key(machine)))
        _tell(machine, forms, staff, time.perf_counter() - started)
        while True:
            threading.Event().wait(WATCH_S)
            machine.check()
    except Stop:
        say("serve: stopping")
    except (InfraError, StreetFileError) as error:
        say(f"serve: {error}")
        code = 1
    finally:
        machine.stop()
    if code == 0:
        say("serve: stopped; what was entered is kept")
    return code


def _api_key(machine: Machine) -> str:
    from infra.demo.apps import ensure_key

    return ensure_key(machine.context, machine.home.api_key)


def _demo(machine: Machine) -> tuple[dict[str, str | None], list[dict[str, Any]]]:
    from infra import codes
    from infra.demo import faq
    from infra.demo.cases import play
    from infra.demo.pictures import upload
    from infra.demo.roles import ensure_staff, home_of
    from infra.demo.rooms import furnish

    ctx, s3 = machine.context, machine.engine.client("s3")
    with step("codes") as done:
        made = codes.upload_missing(ctx, s3, machine.outputs["CodesBucket"])
        done.note = f"{made} made as SVG" if made else "all there"
    with step("demo") as done:
        staff = ensure_staff(ctx, machine.home.secrets)
        done.note = f"{len(staff)} members of staff"
        # Written last, so that a start that was interrupted plays the rest next time.
        if not machine.home.played.exists():
            # Its clock runs through past days; nobody else is to sweep or send meanwhile.
            with machine.mover.turn:
                played = play(ctx)
                furnish(ctx)
            upload(s3, machine.outputs["PhotosBucket"], played)
            faq.keep(ctx)
            machine.home.played.touch()
            done.note += f", {len(played)} cases"
    home = home_of(ctx.street, ctx.places.values())
    forms: dict[str, str | None] = {kind.id: f"{machine.base_url}/Q/{ctx.code_for(kind.id, home)}" for kind in ctx.street.kinds}
    return forms, staff


def _tell(machine: Machine, forms: dict[str, str | None], staff: list[dict[str, Any]], seconds: float) -> None:
    say(f"serve: ready in {seconds:.1f} s")
    say()
    say(f"  form     {forms['issue']}")
    say(f"  desk     {machine.base_url}/desk")
    say(f"  outbox   {machine.base_url}/outbox")
    say(f"  clock    {machine.base_url}/clock")
    say(f"  api      {machine.base_url}/api")
    say()
    say("  sign in as")
    for person in staff:
        say(f"    {person['role']:<14} {person['scope']:<18} {person['username']:<22} {person['password']}")
    say()
    say(f"  also in {machine.home.demo}; log: {machine.home.log}")
    say("  A kill -9 of the engine itself loses what was entered since the start; Ctrl-C does not.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
