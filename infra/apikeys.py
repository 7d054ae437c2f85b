"""Keys of other applications, for operators: `python -m infra.apikeys create NAME`, `… list`, `… revoke ID`.

A key is printed once and stored as a hash only. Region and tables come from the environment (DOORSTEP_*), as the functions have
them; the stack's outputs name them.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from chalicelib import wiring
from chalicelib.errors import ConfigError
from chalicelib.usecases import apikeys
from infra.errors import InfraError
from infra.say import say


def create(name: str) -> tuple[str, str]:
    """(id, key) of a new application. Raises `InfraError` for a name that is none."""
    clean = " ".join(name.split())
    if not 0 < len(clean) <= apikeys.NAME_MAX:
        raise InfraError(f"{name!r}: a name has 1 to {apikeys.NAME_MAX} characters; staff read it at each report")
    app, key = apikeys.make(wiring.context(), clean)
    return app.id, key


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.apikeys", description="Keys of other applications (Open311).")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("create", help="a new key; prints it once").add_argument("name", help="the application, as staff read it")
    commands.add_parser("list", help="the keys that hold: id, since when, name")
    commands.add_parser("revoke", help="ends a key at once").add_argument("id")
    options = parser.parse_args(argv)
    try:
        if options.command == "create":
            app_id, key = create(options.name)
            say(f"{app_id} {key}")
        elif options.command == "revoke":
            if not apikeys.revoke(options.id.strip().upper()):
                raise InfraError(f"there is no key {options.id!r}; `list` shows those that hold")
            say(f"{options.id.strip().upper()} is revoked")
        else:
            for app in apikeys.listed():
                say(f"{app.id} {datetime.fromtimestamp(app.since, UTC):%Y-%m-%d} {app.name}")
    except (InfraError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
