"""`python -m infra.package STREET|all [--partition aws|aws-cn]`: builds, and says how to deploy it."""

from __future__ import annotations

import argparse
import os
import sys
import time

from infra.errors import InfraError
from infra.package.build import STREETS, Built, build, partition_of
from infra.say import say
from infra.streetfile.problems import StreetFileError
from infra.template.cfn import PARTITIONS


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make package STREET=…", description="Build a street's package and template.")
    parser.add_argument("street", help="name of a file of infra/streets without .toml, or 'all'")
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
    streets = sorted(path.stem for path in STREETS.glob("*.toml")) if options.street == "all" else [options.street]
    started = time.monotonic()
    built = []
    for street in streets:
        try:
            built.append(build(street, say, options.partition))
        except (InfraError, StreetFileError) as error:
            sys.stderr.write(f"{error}\n{street}: nothing was built\n")
            return 2
    say(f"{len(built)} built in {time.monotonic() - started:.1f} s")
    if len(built) == 1:
        say(_deployment(built[0]))
    return 0


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
