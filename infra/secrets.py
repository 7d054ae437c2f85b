"""Secrets of a street, for operators: `python -m infra.secrets show`, `… init`, `… set sms PROVIDER`, `… drop sms
PROVIDER`, `… rotate codes`, `… drop codes`, `… rotate sessions`, `… receipts --base-url https://…`.

`init` makes the root secret and the first key of the codes, right after the stack is there; where it was left out, the first page
that is asked for makes them. A provider's keys are read from a terminal
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
from chalicelib.models import staff
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


def init() -> list[str]:
    """The root and the first key of the codes, where there are none. Safe to repeat: what is there stays."""
    if wiring.house().code_keyring.ensure():
        return ["root and codes: made; back the Keys table up (`python -m infra.backup`) before anything is printed"]
    return ["root and codes: there already, nothing was changed"]


def drop_codes() -> list[str]:
    """Ends the overlap: what hangs with the version before opens no more, and its page says so."""
    gone = wiring.house().code_keyring.end_overlap()
    return [
        f"codes: version {gone} no longer opens; whoever scans one is told that it was exchanged, and whom to call",
        f"functions that run forget it within {CODES_REREAD_S // 60} minutes",
    ]


def rotate_sessions() -> list[str]:
    """Everybody signs in again, and no activation link opens any more. Passwords and links of residents stay."""
    sessions, links = staff.end_everything()
    return [
        f"{sessions} sessions ended at once; {links} activation links withdrawn (`python -m infra.staff link` makes new ones)"
    ]


def rotate_codes() -> list[str]:
    """A new key for printed codes; the present one stays good. Raises `InfraError` while two hold already."""
    keys = wiring.house().code_keyring
    current, *before = keys.code_keys()
    if before:
        raise InfraError(
            f"codes: version {before[0]} still opens beside version {current}, and a third would end it: `drop codes` first, "
            "when every poster of it has been replaced"
        )
    new = keys.rotate_codes()
    return [
        f"codes: version {new} signs from now on, version {current} still opens; no code stopped opening",
        f"functions that run learn it with the first new code, within a minute, at the latest in {CODES_REREAD_S // 60} minutes",
        "1. make the pictures: `python -m infra.codes …`; 2. print and hang the posters: `make posters`",
        f"3. when every poster of version {current} has been replaced: `drop codes`",
    ]


def addresses(base_url: str) -> list[str]:
    """Where providers push receipts to, for their consoles. Each is a secret."""
    ctx = wiring.context()
    base = base_url.rstrip("/")
    return [f"{base}/api/v1/receipts/{name}/{receipts.token(ctx, name)}" for name in PROVIDERS if _used(name)]


def run(options: argparse.Namespace) -> list[str]:
    if options.command == "set":
        return set_sms(options.provider, typed(sys.stdin))
    if options.command == "init":
        return init()
    if options.command == "drop" and options.what == "codes":
        return drop_codes()
    if options.command == "drop":
        return drop_sms(options.provider)
    if options.command == "rotate":
        return rotate_codes() if options.what == "codes" else rotate_sessions()
    if options.command == "receipts":
        return addresses(options.base_url)
    return show()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.secrets", description="Secrets of a street.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="what is there, without any secret")
    commands.add_parser("init", help="makes root and first key of the codes, where there are none")
    new = commands.add_parser("set", help="new keys of an SMS provider; those before stay good")
    new.add_argument("what", choices=["sms"])
    new.add_argument("provider", choices=PROVIDERS)
    drop = commands.add_parser("drop", help="forgets a provider's keys before the current ones; ends the overlap of codes")
    kinds = drop.add_subparsers(dest="what", required=True)
    kinds.add_parser("sms").add_argument("provider", choices=PROVIDERS)
    kinds.add_parser("codes")
    rotate = commands.add_parser(
        "rotate", help="codes: a new key, the present one stays good; sessions: everybody signs in again"
    )
    rotate.add_argument("what", choices=["codes", "sessions"])
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
