"""`[[webhooks]]` and `[orders]`: the systems of others that hear of cases, or send us orders."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from chalicelib.casework.hooks import SENDABLE
from chalicelib.street import Orders, Webhook
from infra.streetfile.reader import Table, duplicates
from infra.streetfile.vocabulary import CHANNELS

URL_MAX = 500
_REMEDY = 'write a public address with https: "https://city.example/doorstep"; a secret in it would be printed in logs'


def webhooks(tables: list[Table]) -> tuple[Webhook, ...]:
    """Subscribers. Left out, `events` and `channels` are all of them, and `secret` is called as the subscription."""
    found = []
    for table in tables:
        name = table.id()
        hook = Webhook(
            id=name,
            url=table.text("url", remedy=_REMEDY),
            secret=table.id("secret") if table.has("secret") else name,
            events=table.texts("events", SENDABLE) if table.has("events") else SENDABLE,
            channels=table.texts("channels", CHANNELS) if table.has("channels") else (),
        )
        wrong = _wrong(hook.url) if hook.url else ""
        if wrong:
            table.wrong("url", wrong, _REMEDY)
        for key in ("events", "channels"):
            if table.raw.get(key) == []:
                table.wrong(key, "is an empty list", "name at least one, or leave the key out for all")
        table.done()
        found.append(hook)
    if tables:
        duplicates([(hook.id, (*table.path, "id")) for hook, table in zip(found, tables, strict=True)], tables[0].problems)
    return tuple(found)


def _wrong(url: str) -> str:
    """What is wrong with an address, if anything. The sender looks at every address again, name by name."""
    if len(url) > URL_MAX or not url.isascii():
        return f"is longer than {URL_MAX} characters, or not plain ASCII"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if parts.scheme != "https" or not host:
        return "is not https"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "holds a name, a password or a fragment"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "leads into a network of your own" if "." not in host or host.endswith((".local", ".internal")) else ""
    return "" if address.is_global else "leads into a network of your own"


def orders(table: Table | None) -> Orders:
    if table is None:
        return Orders()
    found = Orders(place=table.text("place", "").upper())
    table.done()
    return found
