"""`python -m infra.streetchange STREET --stack … [--publish]`: what the new file changes in the street that runs; with
`--publish` it is changed, if nothing that is under way hangs on what goes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chalicelib import wiring
from chalicelib.errors import ConfigError
from chalicelib.street import Place, Street
from infra.errors import InfraError
from infra.package.build import Places, partition_of
from infra.say import say
from infra.streetchange import compare, safety
from infra.streetchange.package import key_of
from infra.streetchange.publish import Running, publish, running
from infra.streetchange.standing import standing
from infra.streetfile.compile import PLACES_JSON, STREET_JSON, load
from infra.streetfile.problems import StreetFileError
from infra.template.data import environment_from_outputs

REFUSED = 2


def encoded(street: Street, places: list[Place]) -> tuple[bytes, bytes]:
    """As the builder compiles them."""
    return msgspec.json.encode(street, order="deterministic"), msgspec.json.encode(places, order="deterministic")


def told(now: Running, street: Street, places: list[Place]) -> tuple[list[str], list[str]]:
    """(what changes, why it must not be published). The tables of the stack have to be bound."""
    old, old_places = now.package.street, now.package.places
    lines = [difference.line for difference in compare.differences(old, street, old_places, places)]
    wrong = compare.only_deployed(old, street, partition_of(old))
    return lines, wrong or safety.blockers(old, street, old_places, places, standing(old))


def change(cloudformation: Any, s3: Any, now: Running, street: Street, places: list[Place], *, go: bool) -> int:
    """The exit status: 0 when it is as the file says (or could be), 2 when it must not be."""
    now.package.check_readers()
    lines, wrong = told(now, street, places)
    if not lines:
        say(f"{now.stack}: nothing changes")
        return 0
    for line in lines:
        say(line)
    if wrong:
        for why in wrong:
            sys.stderr.write(f"refused: {why}\n")
        sys.stderr.write(f"{now.stack}: {len(wrong)} to mend, nothing was changed\n")
        return REFUSED
    for note in compare.notes(now.package.street, street):
        say(f"note: {note}")
    if not go:
        say(f"{now.stack}: {_counted(lines)}, safe now; --publish makes them")
        return 0
    data = now.package.with_street(*encoded(street, places))
    key = key_of(street.id, data)
    publish(cloudformation, s3, now, key, data)
    say(f"{now.stack}: {_counted(lines)} made; running cases keep the instants that were promised")
    say(f"before: CodeKey={now.key}; now: CodeKey={key}")
    # While it was published functions with the old file went on.
    for why in safety.blockers(now.package.street, street, now.package.places, places, standing(street)):
        sys.stderr.write(f"meanwhile: {why}; or put CodeKey={now.key} back\n")
    return 0


def _counted(lines: list[str]) -> str:
    return "1 change" if len(lines) == 1 else f"{len(lines)} changes"


def _bind(now: Running, region: str, endpoint: str, folder: Path) -> None:
    """The deployed tables, under the street that runs."""
    for name, data in zip((STREET_JSON, PLACES_JSON), encoded(now.package.street, now.package.places), strict=True):
        (folder / name).write_bytes(data)
    own: Mapping[str, str] = {
        "AWS_REGION": region,
        **environment_from_outputs(dict(now.outputs)),
        "DOORSTEP_STREET_FILE": str(folder / STREET_JSON),
        "DOORSTEP_PLACES_FILE": str(folder / PLACES_JSON),
        "DOORSTEP_ENDPOINT": endpoint,
    }
    os.environ.update(own)
    wiring.use()
    wiring.context()


def main(argv: list[str]) -> int:
    import boto3

    parser = argparse.ArgumentParser(
        prog="python -m infra.streetchange", description="Change a street's file without other code."
    )
    parser.add_argument("street", help="name of a file of infra/streets without .toml, or a path")
    parser.add_argument("--stack", required=True, help="name of the street's CloudFormation stack")
    parser.add_argument("--publish", action="store_true", help="change it; without, only say what would change")
    parser.add_argument("--region", help="default: the street file's region")
    parser.add_argument("--endpoint", default="", help="address of an engine other than AWS")
    options = parser.parse_args(argv)
    named = Path(options.street)
    file = named if named.suffix == ".toml" else Places().streets / f"{options.street}.toml"
    try:
        street, places = load(file)
        made = {"region_name": options.region or street.region, "endpoint_url": options.endpoint or None}
        cloudformation, s3 = boto3.client("cloudformation", **made), boto3.client("s3", **made)
        now = running(cloudformation, s3, options.stack)
        with tempfile.TemporaryDirectory() as folder:
            _bind(now, str(made["region_name"]), options.endpoint, Path(folder))
            return change(cloudformation, s3, now, street, places, go=options.publish)
    except (InfraError, StreetFileError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
