"""What Aliyun's and Tencent Cloud's adapters share: the message's own rules, keys that overlap, and what a code means."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib.adapters.sms_signing import Credential
from chalicelib.casework import messages, people
from chalicelib.ports import Sms, SmsCapped, SmsRefused, SmsRetry, SmsStopped, SmsUnknown
from chalicelib.street import Sms as SmsOfStreet
from chalicelib.street import Template

log = logging.getLogger("doorstep")

# What a code means. `number` and `text` are final for this message; `keys`, `account`, `network`, `sign` and `template` need an
# operator; `retry`: the provider says that it did nothing now; `unknown`: it does not say how far it came.
FINAL = frozenset({"number", "text"})

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_ID = re.compile(r"[A-Za-z0-9^:_.-]{1,100}")


class Keys(Protocol):
    def read(self, provider: str, *, fresh: bool = False) -> tuple[Credential, ...]:
        """The current pair of keys first, then the one before while both are good. Empty when none was ever set."""


def code_of(value: Any) -> str:
    """A provider's code as it may be logged and stored: nothing else that it says may."""
    text = str(value)
    return text if _CODE.fullmatch(text) else "unreadable"


def id_of(value: Any) -> str:
    """A provider's id of a message, by which receipts name it; empty where it is none: the message has gone out all the same."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def approved(message: Sms, street: SmsOfStreet) -> Template:
    """What the provider approved for this message, whose rules are checked first.

    Raises `SmsRefused` for what it would never deliver, `SmsStopped` where the street file has no code for it.
    """
    if not people.is_mobile(message.phone):
        raise SmsRefused("not_mobile")
    template = street.templates.get(message.template)
    if template is None:
        raise SmsStopped("template", "missing")
    try:
        messages.fill(message.template, message.params, template.sign)
    except messages.MessageError as error:
        raise SmsRefused(str(error)) from error
    return template


def with_keys(keys: Keys, provider: str, ask: Callable[[Credential], tuple[str, Any]], bad_keys: Callable[[str], bool]) -> Any:
    """Asks with the current keys; when the provider does not know them, with what is stored now, and with the ones before.

    `ask` answers (code, whatever). A refused key means that nothing was done, so asking again is safe.
    """
    tried: list[Credential] = []
    code = "missing"
    for fresh in (False, True):
        for credential in keys.read(provider, fresh=fresh):
            if credential in tried:
                continue
            tried.append(credential)
            code, answer = ask(credential)
            if not bad_keys(code):
                if len(tried) > 1:
                    log.warning("%s refuses the keys that were tried first; others are good", provider)
                return answer
    raise SmsStopped("keys", code)


def raise_for(code: str, endings: Mapping[str, str], otherwise: str = "retry") -> None:
    """Raises what `code` means. One that is not listed means what its longest listed family means (`a.b.` before `a.`)."""
    ending = endings.get(code)
    family = code
    while ending is None and "." in family:
        family = family.rpartition(".")[0]
        ending = endings.get(f"{family}.")
    ending = ending or otherwise
    if ending in FINAL:
        raise SmsRefused(code)
    if ending == "capped":
        raise SmsCapped(code)
    if ending == "unknown":
        raise SmsUnknown(code)
    if ending == "retry":
        raise SmsRetry(code)
    raise SmsStopped(ending, code)
