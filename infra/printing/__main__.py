"""`make posters STREET=…` or `python -m infra.printing <street>`: a whole street's posters and contact cards as two PDF files.

The codes are signed by the key of `make serve` on this machine, or with --stack by the deployed street's.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.keyring import Keyring
from chalicelib.errors import ConfigError
from chalicelib.street import Place, Street
from chalicelib.web.i18n import LANGUAGES
from infra.errors import InfraError
from infra.printing import book, keys
from infra.say import say
from infra.serve.home import ROOT
from infra.streetfile.compile import load

_BAR = 30
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]*")


def main(argv: Sequence[str]) -> int:
    options = _options(argv)
    started = time.perf_counter()
    try:
        street, places = load(_file(options.street))
        chosen = _chosen(places, options.place)
        domain = _domain(options.domain) or street.domain
        month = options.month or f"{datetime.now(street.tz):%Y-%m}"
        edition = book.Edition(options.lang, month, domain, options.mono)
        with _keys(options, street) as ring:
            urls = book.urls_of(street, places, ring, domain)
        out = options.out or ROOT / "build" / "posters" / street.id
        made = [_posters(street, chosen, urls, edition, out), *_cards(street, places, chosen, urls, edition, out)]
    except (ConfigError, InfraError, BotoCoreError, ClientError) as error:
        say(f"posters: {error}")
        return 2
    say(f"posters: {street.name.zh}, {time.perf_counter() - started:.1f} s")
    for line in made:
        say(f"  {line}")
    if not options.stack:
        say("  signed with the key of this machine's `make serve`; for doors of a deployed street use --stack")
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.printing", description="Print a street: door posters and contact cards."
    )
    parser.add_argument("street", help="id of a street of infra/streets, or the path of its TOML")
    parser.add_argument("--place", action="append", default=[], metavar="ID", help="only this place (may be repeated)")
    parser.add_argument("--out", type=Path, help="folder for posters.pdf and cards.pdf (default: build/posters/<street>)")
    parser.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0])
    parser.add_argument("--mono", action="store_true", help="for printers with one ink: the plate as an outline")
    parser.add_argument("--domain", "--base-url", default="", help="print this host instead of the street's own, for a trial")
    parser.add_argument("--month", type=_month, help="month of printing in the imprint, as 2026-11 (default: now)")
    parser.add_argument("--stack", default="", help="CloudFormation stack of the deployed street whose key signs")
    parser.add_argument("--region", help="default: the street file's region")
    parser.add_argument("--endpoint", help="address of an engine other than AWS")
    parser.add_argument("--local", action="store_true", help="sign with the key of `make serve` on this machine (the default)")
    options = parser.parse_args(argv)
    if options.local and options.stack:
        parser.error("--local and --stack name two keys; use one")
    return options


def _month(text: str) -> str:
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no month; write it as 2026-11")
    return text


def _file(street: str) -> Path:
    path = Path(street)
    if path.suffix == ".toml":
        return path
    folder = ROOT / "infra" / "streets"
    known = sorted(file.stem for file in folder.glob("*.toml"))
    if street not in known:
        raise InfraError(f"there is no street {street!r}; there are {', '.join(known)}")
    return folder / f"{street}.toml"


def _domain(given: str) -> str:
    host = re.sub(r"^https?://", "", given.strip(), flags=re.IGNORECASE).rstrip("/")
    if host and not _HOST.fullmatch(host):
        raise InfraError(f"--domain {given!r} is no host; write it as street.example")
    return host.lower()


def _chosen(places: list[Place], wanted: Sequence[str]) -> list[Place]:
    if not wanted:
        return places
    by_id = {place.id: place for place in places}
    for name in wanted:
        if name.upper() not in by_id:
            raise InfraError(f"there is no place {name!r}; the first column of the street's CSV has them")
        if by_id[name.upper()].retired:
            raise InfraError(f"{name} {by_id[name.upper()].name} is retired: its codes open no form any more")
    return [by_id[name.upper()] for name in wanted]


def _keys(options: argparse.Namespace, street: Street) -> AbstractContextManager[Keyring]:
    if options.stack:
        return nullcontext(keys.deployed(options.stack, options.region or street.region, options.endpoint))
    return keys.local(street)


def _posters(street: Street, places: list[Place], urls: dict[str, dict[str, str]], edition: book.Edition, out: Path) -> str:
    file = out / "posters.pdf"
    count = book.print_posters(street, places, urls, edition, file, _progress("posters"), os.cpu_count() or 1)
    return f"{os.path.relpath(file)}: {count} posters, {file.stat().st_size / 1e6:.1f} MB"


def _cards(
    street: Street,
    places: list[Place],
    chosen: list[Place],
    urls: dict[str, dict[str, str]],
    edition: book.Edition,
    out: Path,
) -> list[str]:
    """Of all communities, or of those that the chosen places lie in."""
    if not street.cards:
        return [f"no contact cards: the file of {street.id} has no [[cards]]"]
    only = sorted({place.community for place in chosen}) if len(chosen) < len(places) else []
    if only == [""]:
        return ["no contact card: these places lie outside the communities"]
    file = out / "cards.pdf"
    count, without = book.print_cards(street, places, urls, edition, file, _progress("cards"), only)
    told = [f"{os.path.relpath(file)}: {count} cards, {file.stat().st_size / 1e6:.1f} MB"] if count else []
    return [*told, *(f"no card for {name}: it has no place in use, so no code" for name in without)]


def _progress(what: str) -> book.Progress:
    """A bar that fills on a terminal; elsewhere a line for each quarter."""
    shown = sys.stdout.isatty()
    quarters = set()

    def tell(done: int, of: int) -> None:
        if shown:
            full = done * _BAR // of
            sys.stdout.write(f"\r  {what:<8} [{'#' * full}{'.' * (_BAR - full)}] {done}/{of}{chr(10) if done == of else ''}")
            sys.stdout.flush()
        elif done * 4 // of not in quarters and (done * 4 // of or done == of):
            quarters.add(done * 4 // of)
            say(f"  {what:<8} {done}/{of}")

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
