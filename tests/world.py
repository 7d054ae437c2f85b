"""A whole street on an emulator, for tests of use cases and pages: stack, settings, clocks, people.

`World.app` is the application itself; `World.client()` a visitor with cookies of their own. The emulator is moto (in process) or
ministack (a child process); the stack is made from the template that is deployed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from chalicelib.street import Place, Street
from infra.engine import ISOLATION, REGION, put_stack
from infra.serve.local import COOKIE
from infra.streetfile import compile as compile_street
from infra.template.data import cors_configuration, data_template, environment_from_outputs
from tests import refold
from tests.least import guarded

if TYPE_CHECKING:
    from chalicelib.usecases.context import Context
    from tests.client import Visitor

SMALL = Path(__file__).parent / "streets" / "small.toml"
ORIGIN = "https://small.example"
# A Wednesday, 10:00 in Shanghai, far from any holiday.
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
# Every case that any test left in a world, as stored: folded again at the end of the run.
STORED_CASES: list[str] = []


@dataclass
class TestClock:
    """Civil time stands still until a test moves it; wall time is the machine's, because the emulators sign with it."""

    __test__ = False  # not a test class, whatever its name says to pytest

    instant: datetime = NOW

    def civil(self) -> datetime:
        return self.instant

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def advance(self, **parts: float) -> datetime:
        self.instant += timedelta(**parts)
        return self.instant


@dataclass
class World:
    """Everything a test needs to act on one street. `outputs` are the stack's."""

    street: Street
    places: list[Place]
    outputs: dict[str, str]
    aws: Callable[[str], Any]
    clock: TestClock
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        from chalicelib import wiring

        return wiring.context()

    @property
    def app(self) -> Any:
        """The module `app`: the Chalice object as `.app`, the event functions beside it."""
        import app

        return app

    def client(self, **options: Any) -> Visitor:
        from tests.client import Visitor

        return Visitor(self.app.app, **options)

    def code(self, place: int = 0, kind: str = "issue") -> str:
        return self.context.code_for(kind, self.places[place])

    def hire(self, role: str, unit: str, username: str = "") -> str:
        """A person with one grant; the username, whose password is in `passwords`."""
        from chalicelib.usecases import signin

        name = username or f"{role}.{unit.replace(':', '.')}"
        if name not in self.passwords:
            self.passwords[name] = f"a long enough secret of {name}"
            signin.create_staff(
                self.context,
                username=name,
                name=f"{unit} {role}",
                grants=(f"{role}@{unit}",),
                phone=f"021-0012 {3000 + len(self.passwords)}",
                password=self.passwords[name],
            )
        return name

    def signed_in(self, role: str, unit: str, username: str = "") -> Visitor:
        """A visitor who has signed in at the desk as somebody with that grant; `username` makes a colleague."""
        name = self.hire(role, unit, username)
        visitor = self.client()
        page = visitor.get("/desk/signin").form().fill(username=name, password=self.passwords[name]).submit()
        if page.status != 200:
            raise AssertionError(f"{name} could not sign in: {page.status} {page.path}")
        return visitor

    def deliver(self) -> None:
        """What the outbox's stream and its sweep would do: everything that waits is sent. No case is moved on by it."""
        from chalicelib.usecases import send

        send.sweep(self.context)

    def stored_items(self) -> list[dict[str, Any]]:
        """All rows of the cases table as DynamoDB returns them."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.outputs["CasesTable"], ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]


@contextmanager
def open_world(aws: Callable[[str], Any], folder: Path, *, endpoint: str = "", street_file: Path = SMALL) -> Iterator[World]:
    """Creates the stack under a name of its own and points `wiring` and the environment at it until the end of the block."""
    from chalicelib import wiring

    street, places = compile_street.load(street_file)
    compile_street.write(street_file, folder)
    outputs = put_stack(aws("cloudformation"), f"t{uuid4().hex[:10]}", data_template(street, "aws"), {"SiteOrigin": ORIGIN})
    aws("s3").put_bucket_cors(Bucket=outputs["PhotosBucket"], CORSConfiguration=cors_configuration(ORIGIN))
    clock = TestClock()
    with environment(
        {
            **ISOLATION,
            "AWS_REGION": REGION,
            **environment_from_outputs(outputs),
            "DOORSTEP_STREET_FILE": str(folder / "street.json"),
            "DOORSTEP_PLACES_FILE": str(folder / "places.json"),
            "DOORSTEP_FUNCTIONS": "inline",
            "DOORSTEP_SMS_PROVIDER": "local",
            "DOORSTEP_COOKIE": COOKIE,
            "DOORSTEP_ENDPOINT": endpoint,
        }
    ):
        wiring.use(clock=clock)
        world = World(street=street, places=places, outputs=outputs, aws=aws, clock=clock)
        try:
            with guarded(street, outputs):
                yield world
            STORED_CASES.extend(refold.lines_of(world.stored_items()))
        finally:
            wiring.use()


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
