"""How a town comes to be: its street file, its stack on moto, and its people, hired and signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.casework import people
from infra.engine import REGION
from tests.faults import FaultyAws, impatient
from tests.faulty_sms import FaultySms
from tests.town import Person, Town
from tests.world import NOW, SMALL, open_world

# Who works here: two share the centre's office, one office lies outside every case's way.
OFFICES = {
    "centre": ("dispatcher", "street"),
    "second": ("dispatcher", "street"),
    "committee": ("committee", "committee:c01"),
    "zone": ("zone_head", "zone:z1"),
    "supervisor": ("supervisor", "street"),
    "worker": ("grid_worker", "committee:c01"),
    "outsider": ("committee", "committee:c03"),
    "police": ("department", "dept:police"),
}
# Time and hazards tell people here, as on a real street; and the committee passes its late cases to the centre.
LOUD = "".join(
    f'\n[[notices]]\non = "{on}"\nto = "{to}"\ntemplate = "{template}"\n'
    for on, to, template in (
        ("reminded", "office", "near"),
        ("reminded", "assignee", "near"),
        ("lapsed", "office", "late"),
        ("lapsed", "assignee", "late"),
        ("lapsed", "lead", "late"),
        ("lapsed", "tell", "late"),
        ("hazard", "role:grid_worker", "hazard"),
        ("hazard", "contacts", "hazard"),
        ("reopened", "office", "new"),
    )
)


def as_it_is(text: str) -> str:
    return text


@contextmanager
def open_town(
    folder: Path, rewritten: Callable[[str], str] = as_it_is, more: Mapping[str, tuple[str, str]] | None = None, doors: str = ""
) -> Iterator[Town]:
    """The town with everybody hired and signed in, and no case yet. `rewritten` makes another street file of the small one's,
    `more` works there too, `doors` are further lines of its places.
    """
    import boto3
    from moto import mock_aws

    # A street's file carries its id as its name.
    street = folder / SMALL.name
    text = SMALL.read_text("utf-8").replace('late = "centre"\n', 'late = "centre"\nlead = ["zone_head"]\n')
    street.write_text(rewritten(text) + LOUD, "utf-8")
    street.with_suffix(".csv").write_text(SMALL.with_suffix(".csv").read_text("utf-8") + doors, "utf-8")
    with pytest.MonkeyPatch.context() as patch, mock_aws(), impatient():
        kept: list[FaultyAws] = []

        def build(region: str, endpoint: str | None) -> FaultyAws:
            if not kept:
                kept.append(FaultyAws(region, endpoint))
            return kept[0]

        patch.setattr(wiring, "Aws", build)
        clients: dict[str, Any] = {}

        def client(service: str) -> Any:
            return clients.setdefault(service, boto3.client(service, region_name=REGION))

        with open_world(client, folder, street_file=street) as world:
            town = Town(world, build(REGION, None), FaultySms())
            town.restart()
            _hire(town, {**OFFICES, **(more or {})})
            world.clock.instant = NOW
            yield town


def _hire(town: Town, offices: Mapping[str, tuple[str, str]]) -> None:
    from chalicelib.usecases import signin

    for number, (name, (role, unit)) in enumerate(offices.items(), start=1):
        password, phone = f"a long enough secret of {name}", f"021-0012 30{number:02d}"
        grants = (f"{role}@{unit}",)
        made = signin.create_staff(town.world.context, username=name, name=name, grants=grants, phone=phone, password=password)
        session = signin.sign_in(town.world.context, name, password)
        csrf = signin.session(town.world.context, session).csrf
        stored = people.normalise_phone(phone) or ""
        town.people[name] = Person(made, name, password, grants[0], stored, session, csrf)
