"""The composition root: builds every client and adapter, lazily, once per process.

`house()` is what handlers and event functions call. The one-machine server and the tests hand in their own clock and settings
with `use()` before the first call; nothing is built at import.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from chalicelib import ports
from chalicelib.adapters.aws import Aws
from chalicelib.settings import Settings
from chalicelib.street import Sms as StreetSms
from chalicelib.street import read_places, read_street
from chalicelib.usecases.context import Context

if TYPE_CHECKING:
    from chalicelib.adapters.keyring import Keyring
    from chalicelib.adapters.shared_secrets import SharedSecrets
    from chalicelib.adapters.sms_keys import SmsKeys

log = logging.getLogger("doorstep")

# What one machine gives an export; Lambda gives as much. An import is shown as it goes on, and pressed on.
EXPORT_S = 900.0
IMPORT_S = 35.0


class SystemClock:
    """Both clocks are the machine's."""

    def civil(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)


class _LaterSms:
    """The street's provider, built when the first message is sent: pages never pay for it, nor fail for its settings."""

    def __init__(
        self, name: str, settings: Settings, aws: Aws, street: StreetSms, vault: ports.Vault, clock: ports.Clock
    ) -> None:
        self._made: ports.SmsProvider | None = None
        self._parts = (name, settings, aws, street, vault, clock)

    def _provider(self) -> ports.SmsProvider:
        if self._made is None:
            from chalicelib.adapters.sms import ByTemplate, provider
            from chalicelib.adapters.sms_keys import SmsKeys

            name, settings, aws, street, vault, clock = self._parts
            keys = SmsKeys(aws.client("dynamodb"), settings.keys_table, vault)
            make = partial(provider, aws=aws, street=street, keys=keys, wall=clock.wall)
            # One that was set for all of them (a rehearsal's `local`) outranks the templates' own.
            self._made = ByTemplate(street, make) if name == street.provider else make(name)
        return self._made

    def send(self, message: ports.Sms) -> str:
        return self._provider().send(message)

    def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
        return self._provider().sent(ref, phone, template, at)


@dataclass(frozen=True)
class House:
    settings: Settings
    aws: Aws
    context: Context

    @property
    def photo_files(self) -> ports.PhotoFiles:
        from chalicelib.adapters.photos import S3PhotoFiles

        return S3PhotoFiles(self.aws, self.settings.photos_bucket)

    def drawn_code(self, code: str, name: str) -> tuple[str, str]:
        """What a printed code says, and its picture as SVG to stand in a page under that name."""
        from chalicelib.adapters.codeimages import code_url, svg

        url = code_url(self.context.street.domain, code)
        return url, svg(url, name).decode()

    @property
    def sms_keys(self) -> SmsKeys:
        """For operators, who set the providers' keys and exchange them."""
        from chalicelib.adapters.sms_keys import SmsKeys

        return SmsKeys(self.aws.client("dynamodb"), self.settings.keys_table, self.context.vault)

    @property
    def code_keyring(self) -> Keyring:
        """For operators, who exchange the key of the printed codes."""
        from chalicelib.adapters.keyring import Keyring

        return Keyring(self.aws.client("dynamodb"), self.settings.keys_table)

    @property
    def lists(self) -> ports.Lists:
        from chalicelib.adapters.lists import S3Lists

        return S3Lists(self.aws, self.settings.photos_bucket)

    @property
    def imports(self) -> ports.Imports:
        from chalicelib.adapters.imports import S3Imports

        return S3Imports(self.aws, self.settings.photos_bucket)

    def import_here(self, event: Mapping[str, str], seconds_left: Callable[[], float]) -> dict[str, str]:
        """An import goes on, in this process: what the function `orders` does."""
        from chalicelib.usecases import orders_import
        from chalicelib.web.i18n import t

        words = partial(t, self.context.street.languages[0])
        return orders_import.run(self.context, self.imports, self.lists, words, event.get("batch", ""), seconds_left)

    def import_orders(self, event: Mapping[str, str]) -> None:
        """The same by the function that may, in the background; on one machine for as long as a page may take."""
        if self.settings.functions == "inline":
            end = time.monotonic() + IMPORT_S
            self.import_here(event, lambda: end - time.monotonic())
        else:
            _invoked(self.aws, self.settings.orders_function, event, InvocationType="Event")

    @property
    def secrets(self) -> ports.Secrets:
        return self.shared_secrets

    @cached_property
    def shared_secrets(self) -> SharedSecrets:
        from chalicelib.adapters.shared_secrets import SharedSecrets

        return SharedSecrets(self.aws.client("dynamodb"), self.settings.keys_table)

    @property
    def poster(self) -> ports.Poster:
        """Where an engine stands in for AWS, a receiver may stand on this machine too."""
        from chalicelib.adapters.webhook_http import HttpsPoster

        return HttpsPoster(loopback=self.settings.endpoint is not None)

    def export_here(self, event: Mapping[str, str], seconds_left: Callable[[], float]) -> dict[str, str]:
        """A step of the export with whole numbers, in this process: what the function `export` does."""
        from chalicelib.adapters.lists import FULL, S3Lists
        from chalicelib.usecases import register_full
        from chalicelib.web.i18n import t

        lists = S3Lists(self.aws, self.settings.photos_bucket, FULL)
        words = partial(t, self.context.street.languages[0])
        return register_full.handle(self.context, lists, words, event, seconds_left)

    def export(self, event: Mapping[str, str], *, later: bool = False) -> Mapping[str, str]:
        """The same by the function that may: at once with its answer, or `later`, in the background."""
        if self.settings.functions == "inline":
            return self.export_here(event, lambda: EXPORT_S)
        kind = {"InvocationType": "Event"} if later else {}
        return _invoked(self.aws, self.settings.export_function, event, **kind)


class _Process:
    house: House | None = None
    settings: Settings | None = None
    clock: ports.Clock | None = None
    sms: ports.SmsProvider | None = None
    lock = Lock()


def use(settings: Settings | None = None, clock: ports.Clock | None = None, sms: ports.SmsProvider | None = None) -> None:
    """Starts over with these; what is None comes from the environment and the machine."""
    with _Process.lock:
        _Process.house, _Process.settings, _Process.clock, _Process.sms = None, settings, clock, sms


def house() -> House:
    if _Process.house is None:
        with _Process.lock:
            if _Process.house is None:
                _Process.house = _build()
    return _Process.house


def context() -> Context:
    return house().context


def begin() -> None:
    """While Lambda starts a process the whole processor is its own, so what every process needs is done then: clients, the
    connection to DynamoDB, and the street's secrets. Anywhere else, and when it fails, the first call does it.
    """
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        try:
            context().keys.code_keys()
        except Exception:
            log.exception("the process began without its secrets; the first call reads them")


def _build() -> House:
    settings = _Process.settings or Settings.from_environ(os.environ)
    aws = Aws(settings.region, settings.endpoint)
    _bind(settings, aws)
    built = House(settings=settings, aws=aws, context=_context(settings, aws))
    if not gc.isenabled():
        # All of this lives as long as the process: the collector need never look at it.
        gc.freeze()
        gc.enable()
    return built


def _bind(settings: Settings, aws: Aws) -> None:
    from chalicelib.models.base import bind

    tables = {
        "cases": settings.cases_table,
        "outbox": settings.outbox_table,
        "staff": settings.staff_table,
        "registers": settings.registers_table,
    }
    bind(aws, tables)


def _context(settings: Settings, aws: Aws) -> Context:
    from chalicelib.adapters.keyring import Keyring
    from chalicelib.adapters.photos import S3Photos
    from chalicelib.adapters.vault import KmsVault

    street = read_street(settings.street_file)
    clock = _Process.clock or SystemClock()
    sms_name = settings.sms_provider or street.sms.provider
    vault = KmsVault(aws, settings.kms_key, street.id)
    return Context(
        street=street,
        places=read_places(settings.places_file),
        clock=clock,
        keys=Keyring(aws.client("dynamodb"), settings.keys_table),
        vault=vault,
        photos=S3Photos(aws, settings.photos_bucket),
        sms=_Process.sms or _LaterSms(sms_name, settings, aws, street.sms, vault, clock),
        sms_name=sms_name,
        reveal=_reveal(settings, aws),
    )


def _reveal(settings: Settings, aws: Aws) -> Any:
    def inline(event: Mapping[str, str]) -> Mapping[str, str]:
        from chalicelib.usecases.reveal import handle

        return handle(context(), event)

    def invoke(event: Mapping[str, str]) -> Mapping[str, str]:
        return _invoked(aws, settings.reveal_function, event)

    return inline if settings.functions == "inline" else invoke


def _invoked(aws: Aws, function: str, event: Mapping[str, str], **how: str) -> Mapping[str, str]:
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(dict(event)).encode(), **how)
    if answer.get("FunctionError"):
        return {"error": "unexpected", "reason": "unexpected"}
    said = answer["Payload"].read()
    found: dict[str, str] = json.loads(said) if said else {}
    return found
