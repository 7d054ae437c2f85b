"""`python -m infra.package STREET|all [--partition aws|aws-cn]`: builds, and says how to deploy it."""

from __future__ import annotations

import argparse
import os
import sys
import time

from infra.errors import InfraError
from infra.package.build import Built, Places, build, partition_of
from infra.package.many import package_many
from infra.say import say
from infra.streetfile.problems import StreetFileError
from infra.template.cfn import PARTITIONS

ALL = "all"


def main(argv: list[str], where: Places | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make package STREET=…", description="Build a street's package and template.")
    parser.add_argument("street", help=f"name of a file of infra/streets without .toml, or {ALL!r}")
    parser.add_argument(
        "--partition",
        choices=PARTITIONS,
        default=os.environ.get("PARTITION") or None,
        help="where it will run (default: the street's region decides)",
    )
    options = parser.parse_args(argv)
    # A default from the environment is not checked against the choices by argparse.
    if options.partition not in (None, *PARTITIONS):
        parser.error(f"PARTITION is {options.partition!r}; it is one of {', '.join(PARTITIONS)}")
    where = where or Places()
    return _all(where, options.partition) if options.street == ALL else _one(options.street, where, options.partition)


def _one(street: str, where: Places, partition: str | None) -> int:
    started = time.monotonic()
    try:
        built = build(street, say, partition, where)
    except (InfraError, StreetFileError) as error:
        sys.stderr.write(f"{error}\n{street}: nothing was built\n")
        return 2
    say(f"built in {time.monotonic() - started:.1f} s")
    say(_deployment(built))
    return 0


def _all(where: Places, partition: str | None) -> int:
    """What can't be built is said at the end, where it is not scrolled away."""
    run = package_many(where.known(), say, partition, where)
    say(run.total())
    for one in run.failed:
        sys.stderr.write(f"{one.wrong}\n{one.street}: nothing was built\n")
    return 2 if run.failed else 0


def _deployment(built: Built) -> str:
    zip_path, template = os.path.relpath(built.zip), os.path.relpath(built.template)
    # The street file names a region of its own partition only.
    region = f" --region {built.street.region if built.partition == partition_of(built.street) else 'REGION'}"
    return (
        "To deploy (BUCKET is any private bucket of yours in that region):\n"
        f"  aws s3 cp {zip_path} s3://BUCKET/{built.code_key}{region}\n"
        f"  aws cloudformation deploy --stack-name doorstep-{built.street.id} --template-file {template} --s3-bucket BUCKET \\\n"
        f"    --capabilities CAPABILITY_IAM --parameter-overrides CodeBucket=BUCKET CodeKey={built.code_key}{region}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
