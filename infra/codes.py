"""Makes all codes of a street and puts them into its codes bucket; what is there already is left alone.

For operators: `python -m infra.codes infra/streets/<id>.toml --stack <stack> [--region R] [--formats svg,png]`, with the
credentials of the AWS CLI. It asks the stack for its tables and buckets, signs with the street's current code key, and says how
many were made.
`make serve` calls `upload_missing` itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.codeimages import FORMATS, CodeImages
from chalicelib.adapters.keyring import Keyring
from chalicelib.codes import sign
from chalicelib.errors import ConfigError
from chalicelib.street import Place, Street
from infra.say import say
from infra.streetfile.compile import load
from infra.template.data import outputs_of

_AT_ONCE = 8


class CodeKeys(Protocol):
    """The keyring's part that signs codes."""

    def code_keys(self) -> Mapping[str, bytes]: ...

    def current_code_version(self) -> str: ...


class Codes(Protocol):
    """What is needed to sign a street's codes; a use case's `Context` is one."""

    @property
    def street(self) -> Street: ...

    @property
    def places(self) -> Mapping[str, Place]: ...

    @property
    def keys(self) -> CodeKeys: ...


def codes_of(street: Street, places: Iterable[Place], keys: CodeKeys) -> list[str]:
    """Every code that hangs: each kind that is switched on at each place that is not retired, under the current key."""
    version = keys.current_code_version()
    key = keys.code_keys()[version]
    return [sign(kind.id, place.id, version, key) for place in places if not place.retired for kind in street.kinds]


def upload_missing(source: Codes, s3: object, bucket: str, formats: Sequence[str] = ("svg",)) -> int:
    """Makes and stores the pictures that are not there yet; returns how many. Safe to repeat, also after a key's rotation."""
    images = CodeImages(s3, bucket)
    stored = images.stored()
    codes = codes_of(source.street, source.places.values(), source.keys)
    wanted = [(code, name) for code in codes for name in formats if images.key(code, name) not in stored]

    def put(one: tuple[str, str]) -> None:
        images.put(source.street.domain, *one)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(put, wanted):
            pass
    return len(wanted)


class _Deployed:
    """A street file with the keys of its deployed stack."""

    def __init__(self, street: Street, places: Iterable[Place], keys: CodeKeys) -> None:
        self.street = street
        self.places: Mapping[str, Place] = {place.id: place for place in places}
        self.keys = keys


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.codes", description="Make and upload all codes of a street.")
    parser.add_argument("file", type=Path, help="the street's TOML")
    parser.add_argument("--stack", required=True, help="name of the street's CloudFormation stack")
    parser.add_argument("--region", help="default: the street file's region")
    parser.add_argument("--endpoint", help="address of an engine other than AWS")
    parser.add_argument("--formats", default="svg,png", help="pictures to make (default: svg,png)")
    options = parser.parse_args(argv)
    formats = options.formats.split(",")
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        parser.error(f"--formats {options.formats}: {unknown[0]} is not made; use {','.join(FORMATS)}")
    try:
        street, places = load(options.file)
        aws = Aws(options.region or street.region, options.endpoint)
        stacks = aws.client("cloudformation").describe_stacks(StackName=options.stack)["Stacks"]
        outputs = outputs_of(stacks[0])
        keys = Keyring(aws.client("dynamodb"), outputs["KeysTable"])
        made = upload_missing(_Deployed(street, places, keys), aws.client("s3"), outputs["CodesBucket"], formats)
    except ConfigError as error:
        say(str(error))
        return 2
    say(f"{street.name.zh}: {made} pictures made, {len(places)} places; all are in {outputs['CodesBucket']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
