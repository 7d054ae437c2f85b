"""SMS providers behind one port.

Endings are told apart, because each allows something else: refused for good, refused for now, full for today, stopped until an
operator has mended something, and no answer. After no answer a message may be on its way, so it is never sent again blindly, and
a provider's client must not repeat calls by itself. A provider fits when it takes a template, ordered short parameters and our
reference, and can be asked for that reference.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.sms_endings import Keys
from chalicelib.errors import ConfigError
from chalicelib.ports import Sms, SmsProvider
from chalicelib.street import Sms as SmsOfStreet


class LocalSms:
    """Sends nothing: the outbox row itself, marked sent with its text, is the message, on the outbox page of one machine."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def send(self, message: Sms) -> str:
        self._taken.add((message.ref, message.phone))
        return f"local-{message.ref}"

    def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
        """What it does not know was not sent: nothing ever leaves the machine, so nothing is lost on the way."""
        return (ref, phone) in self._taken


class ByTemplate:
    """Each template goes through its own provider, whatever the others do; a provider is made when it is first needed."""

    def __init__(self, street: SmsOfStreet, make: Callable[[str], SmsProvider]) -> None:
        self._street = street
        self._make = make
        self._made: dict[str, SmsProvider] = {}

    def _of(self, template: str) -> SmsProvider:
        own = self._street.templates.get(template)
        name = own.provider if own else self._street.provider
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def send(self, message: Sms) -> str:
        return self._of(message.template).send(message)

    def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
        return self._of(template).sent(ref, phone, template, at)


def provider(name: str, aws: Aws, street: SmsOfStreet, keys: Keys, wall: Callable[[], datetime]) -> SmsProvider:
    """The provider of that name: `local`, `sns`, `aliyun` or `tencent`. Raises `ConfigError` for any other.

    The adapters are imported when they are chosen: a street uses one of them.
    """
    if name == "local":
        return LocalSms()
    if name == "sns":
        from chalicelib.adapters.sms_sns import SnsSms

        return SnsSms(aws, street)
    if name == "aliyun":
        from chalicelib.adapters.sms_aliyun import AliyunSms

        return AliyunSms(street, keys, wall)
    if name == "tencent":
        from chalicelib.adapters.sms_tencent import TencentSms

        return TencentSms(street, keys, wall)
    raise ConfigError(
        f"sms provider {name!r} is not known; use 'aliyun', 'tencent', 'sns' (where the region has its SMS) "
        "or 'local' (one machine)"
    )
