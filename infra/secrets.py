"""Secrets of a street, for operators: `python -m infra.secrets show`, `… set sms PROVIDER`, `… drop sms PROVIDER`,
`… rotate codes`, `… receipts --base-url https://…`.

The root secret and the first key of the codes are made by whoever reads them first. A provider's keys are read from a terminal
without an echo, or from standard input (two lines: id, secret); they are sealed with the street's KMS key and never printed.
Region, tables and key come from the environment (DOORSTEP_*), as the functions have them; the stack's outputs name them. It needs
`kms:GenerateDataKey` on the street's key and Get-, Put- and UpdateItem on the Keys table.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import TextIO

from chalicelib import wiring
from chalicelib.adapters.keyring import REREAD_S as CODES_REREAD_S
from chalicelib.adapters.sms_keys import PROVIDERS, REREAD_S, mask
from chalicelib.adapters.sms_signing import Credential
from chalicelib.errors import ConfigError
from chalicelib.usecases import receipts
from infra.errors import InfraError
from infra.say import say

KEY_MAX = 128


def show() -> list[str]:
    """What is there, without any secret."""
    house = wiring.house()
    keys = house.context.keys
    current, *before = keys.code_keys()
    lines = [f"codes: version {current} signs" + (f", version {before[0]} still opens" if before else "")]
    for provider in PROVIDERS:
        known = house.sms_keys.shown(provider)
        if known:
            second = f"; {known['before_mask']} is kept as the one before" if "before_mask" in known else ""
            lines.append(f"{provider}: key {known['mask']} since {known['set_at'][:16]}Z{second}")
        elif _used(provider):
            lines.append(f"{provider}: no key, and the street file sends through it: `set sms {provider}`")
    return lines


def _used(provider: str) -> bool:
    sms = wiring.context().street.sms
    return provider in {sms.provider, *(template.provider for template in sms.templates.values())}


def typed(stdin: TextIO, ask: Callable[[str], str] = getpass.getpass) -> Credential:
    """The pair of keys, from a terminal or as two lines. Raises `InfraError` for what can be none."""
    prompts = ("key id (not shown): ", "key secret (not shown): ")
    pair = map(ask, prompts) if stdin.isatty() else stdin.read().splitlines()
    parts = [part.strip() for part in pair if part.strip()]
    if len(parts) != 2:
        raise InfraError("give two lines: the key's id, then its secret")
    if any(len(part) > KEY_MAX or not part.isascii() or " " in part for part in parts):
        raise InfraError("a key is one word of letters and digits; nothing was stored")
    return Credential(*parts)


def set_sms(provider: str, credential: Credential) -> list[str]:
    house = wiring.house()
    had = house.sms_keys.put(provider, credential, house.context.clock.wall())
    lines = [f"{provider}: key {mask(credential.id)} is the current one"]
    if had:
        minutes = REREAD_S // 60
        lines += [
            "the key before stays good here too, so nothing stops while functions still hold it",
            f"1. wait {minutes} minutes: by then every function has read the new one",
            "2. disable the key before in the provider's console, and look that messages still go out",
            f"3. `python -m infra.secrets drop sms {provider}`, then delete it in the console",
        ]
    return lines


def drop_sms(provider: str) -> list[str]:
    if wiring.house().sms_keys.drop(provider):
        return [f"{provider}: the key before is forgotten; functions forget it within {REREAD_S // 60} minutes"]
    raise InfraError(f"{provider}: there is no key before the current one")


def rotate_codes() -> list[str]:
    """A new key for printed codes; the present one stays good, the one before that does not."""
    keys = wiring.house().code_keyring
    current, *before = keys.code_keys()
    new = keys.rotate_codes()
    gone = f"codes of version {before[0]} no longer open: take those posters down" if before else "no code stopped opening"
    return [
        f"codes: version {new} signs from now on, version {current} still opens",
        gone,
        f"functions that run learn it with the first new code, within a minute, at the latest in {CODES_REREAD_S // 60} minutes",
        "1. make the pictures: `python -m infra.codes …`; 2. print and hang the posters: `make posters`",
        f"3. rotate again only when every poster of version {current} has been replaced",
    ]


def addresses(base_url: str) -> list[str]:
    """Where providers push receipts to, for their consoles. Each is a secret."""
    ctx = wiring.context()
    base = base_url.rstrip("/")
    return [f"{base}/api/v1/receipts/{name}/{receipts.token(ctx, name)}" for name in PROVIDERS if _used(name)]


def run(options: argparse.Namespace) -> list[str]:
    if options.command == "set":
        return set_sms(options.provider, typed(sys.stdin))
    if options.command == "drop":
        return drop_sms(options.provider)
    if options.command == "rotate":
        return rotate_codes()
    if options.command == "receipts":
        return addresses(options.base_url)
    return show()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.secrets", description="Secrets of a street.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="what is there, without any secret")
    for name, what in (("set", "new keys of an SMS provider; those before stay good"), ("drop", "forgets the keys before")):
        command = commands.add_parser(name, help=what)
        command.add_argument("what", choices=["sms"])
        command.add_argument("provider", choices=PROVIDERS)
    rotate = commands.add_parser("rotate", help="a new key for printed codes; the present one stays good")
    rotate.add_argument("what", choices=["codes"])
    pushed = commands.add_parser("receipts", help="the addresses that providers push receipts to")
    pushed.add_argument("--base-url", required=True, help="https://<the street's domain>")
    try:
        for line in run(parser.parse_args(argv)):
            say(line)
    except (InfraError, ConfigError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
