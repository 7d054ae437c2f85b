"""Starts the parts of the one-machine server in order and stops them in reverse."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from chalicelib.casework.events import stamp
from infra.engine import HOST, Engine
from infra.errors import InfraError
from infra.say import say
from infra.serve.advance import Mover
from infra.serve.clock import MovableClock
from infra.serve.clock_page import ClockPage
from infra.serve.gateway import Gateway, LocalPage, make_server
from infra.serve.home import ROOT, Home
from infra.serve.local import set_environment
from infra.serve.outbox import OutboxPage
from infra.serve.pumps import PhotoPump, Pump, StreamPump, context, schedule_event
from infra.serve.stack import ensure_stack
from infra.serve.steps import step
from infra.streetfile.compile import load, write
from infra.template.data import cors_configuration, data_template

LOG = logging.getLogger("doorstep.serve")

STREAM_S, PHOTOS_S, SWEEP_S, DIGEST_S, TIDY_S = 0.2, 0.5, 60.0, 60.0, 300.0
FINISH_S = 10.0


def log_to(file: Path) -> None:
    """Everything into the file; warnings to the terminal too, without their tracebacks."""
    form = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    kept = logging.FileHandler(file, encoding="utf-8")
    kept.setFormatter(form)
    shown = logging.StreamHandler(sys.stderr)
    shown.setFormatter(Brief("%(levelname)s %(name)s: %(message)s (more in " + str(file) + ")"))
    shown.setLevel(logging.WARNING)
    logger = logging.getLogger("doorstep")
    logger.handlers = [kept, shown]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def kept_clock(file: Path) -> MovableClock:
    """Time as it stood when the server was stopped. Raises `InfraError` with the remedy."""
    try:
        return MovableClock(file)
    except ValueError as error:
        raise InfraError(f"{error}; delete it, and time goes on from now, or begin anew with `make serve-fresh`") from error


class Brief(logging.Formatter):
    def formatException(self, ei: object) -> str:
        return ""


class Machine:
    """`start()` brings everything up, `stop()` down; both may be called from the main thread only."""

    def __init__(self, street_id: str, port: int, home: Home) -> None:
        self.home = home
        self.port = port
        self.base_url = f"http://{HOST}:{port}"
        self._file = ROOT / "infra" / "streets" / f"{street_id}.toml"
        self._closing = ExitStack()

    def start(self) -> None:
        """Raises `InfraError` or `StreetFileError` with the remedy; whatever was started is stopped by `stop`."""
        with step("street") as done:
            street, places = load(self._file)
            write(self._file, self.home.compiled)
            done.note = f"{street.name.zh}, {len(places)} places"
        self._check_port()
        with step("engine") as done:
            self.engine = Engine(self.home.engine, persist=True)
            self._closing.callback(self._stop_engine)
            self.engine.start()
            self.home.endpoint.write_text(self.engine.endpoint, "utf-8")
            done.note = self.engine.endpoint
        with step("stack") as done:
            template = data_template(street, "aws")
            outputs, made = ensure_stack(self.engine.client("cloudformation"), template, {"SiteOrigin": self.base_url})
            cors = cors_configuration(self.base_url)
            self.engine.client("s3").put_bucket_cors(Bucket=outputs["PhotosBucket"], CORSConfiguration=cors)
            done.note = "made from the template that is deployed" if made else "kept from last time"
        self.outputs = outputs
        with step("pages"):
            set_environment(outputs, self.engine.endpoint, self.home.compiled)
            self.clock = kept_clock(self.home.clock)
            self._closing.callback(self.clock.save)
            self._serve(self._app())

    def _check_port(self) -> None:
        """Says so before anything is started, not after."""
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((HOST, self.port)) == 0:
                raise self._taken()

    def _taken(self) -> InfraError:
        return InfraError(f"port {self.port} is taken; stop what uses it or choose another: PORT={self.port + 1} make serve")

    def _app(self) -> Any:
        from chalicelib import wiring

        wiring.use(clock=self.clock)
        self.context = wiring.context()
        import app

        # Chalice gave its logger a handler of its own when the application was imported.
        log_to(self.home.log)
        return app

    def _serve(self, module: Any) -> None:
        from chalicelib.handlers.fallback import answer_for

        street = self.context.street

        def sweep() -> None:
            module.sweep(schedule_event(stamp(self.clock.civil()), self.engine.region), context("sweep"))

        self.mover = Mover(self.clock, sweep)
        pages: dict[str, LocalPage] = {
            "/outbox": OutboxPage(street.tz, street.sms.sign),
            "/clock": ClockPage(street, self.clock, self.mover),
        }
        gateway = Gateway(module.app, answer_for, pages)
        try:
            local = make_server(gateway, HOST, self.port)
        except OSError as error:
            raise self._taken() from error
        self._closing.callback(local.server.server_close)
        self._closing.callback(self._finish, local.server)
        thread = threading.Thread(target=local.server.serve_forever, kwargs={"poll_interval": 0.2}, name="http", daemon=True)
        thread.start()
        self._closing.callback(local.server.shutdown)
        self._start_pumps(module, sweep)
        self._closing.callback(self.mover.stop)

    def _finish(self, server: Any) -> None:
        if not server.finish(FINISH_S):
            say("  some requests were still being answered and are cut off")

    def _start_pumps(self, module: Any, sweep: Callable[[], None]) -> None:
        stream = StreamPump(self.engine.client("dynamodbstreams"), self.outputs["OutboxStreamArn"], module.notify)
        photos = PhotoPump(self.engine.client("s3"), self.outputs["PhotosBucket"], self.engine.region, module.photo)

        def alone(work: Callable[[], None]) -> Callable[[], None]:
            """Not while time is being moved: the mover sweeps and delivers by itself."""

            def taking_turns() -> None:
                with self.mover.turn:
                    work()

            return taking_turns

        def registers() -> None:
            if not self.home.played.exists():
                # The demo closes its days itself, at their own hours; a day that is closed before takes nothing in.
                return
            module.digest(schedule_event(stamp(self.clock.civil()), self.engine.region), context("digest"))

        def tidy() -> None:
            module.tidy(schedule_event(stamp(self.clock.civil()), self.engine.region), context("tidy"))

        notify = Pump("notify", alone(stream.step), STREAM_S)

        def webhooks() -> None:
            module.webhooks(schedule_event(stamp(self.clock.civil()), self.engine.region), context("webhooks"))

        if self.context.street.webhooks:
            hooked = StreamPump(self.engine.client("dynamodbstreams"), self.outputs["OutboxStreamArn"], module.webhooks)
            for pump in (Pump("webhooks", hooked.step, STREAM_S), Pump("webhooks sweep", webhooks, SWEEP_S)):
                pump.start()
                self._closing.callback(self._stop_pump, pump)
        hourly = (Pump("digest", alone(registers), DIGEST_S), Pump("tidy", tidy, TIDY_S))
        for pump in (notify, Pump("photo", photos.step, PHOTOS_S), Pump("sweep", alone(sweep), SWEEP_S), *hourly):
            pump.start()
            self._closing.callback(self._stop_pump, pump)

    def _stop_pump(self, pump: Pump) -> None:
        if not pump.stop():
            say(f"  {pump.name} was still busy and is cut off")

    def _stop_engine(self) -> None:
        if not self.engine.stop():
            say("  the engine did not stop by itself: what was written since the start is lost")

    def check(self) -> None:
        """Raises `InfraError` when the engine has ended under us."""
        if not self.engine.running:
            raise InfraError(f"the engine has ended unexpectedly; its log: {self.engine.log}")

    def stop(self) -> None:
        self._closing.close()

    def manifest(self, forms: Mapping[str, str | None], staff: list[dict[str, Any]], api_key: str) -> dict[str, Any]:
        """`.local/demo.json`; null stands where nothing is built yet."""
        return {
            "base_url": self.base_url,
            "forms": {kind: forms.get(kind) for kind in ("issue", "rental", "population")},
            "desk": f"{self.base_url}/desk",
            "outbox": f"{self.base_url}/outbox",
            "clock": f"{self.base_url}/clock",
            "staff": staff,
            "open311": {"base": f"{self.base_url}/open311/v2", "api_key": api_key},
            "openapi": f"{self.base_url}/openapi.json",
        }
