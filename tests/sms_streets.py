"""A street's `[sms]` for tests of the providers, the keys they know, and the servers that stand for them."""

from __future__ import annotations

from chalicelib.adapters.sms_endings import Keys
from chalicelib.adapters.sms_signing import Credential
from chalicelib.casework.messages import TEMPLATES
from chalicelib.street import Account, Sms, Template
from tests.strict_sms_server import APP

SIGN = "示例街道"
GOOD = Credential("example-id", "example-secret")


def street(provider: str, names: dict[str, tuple[str, ...]] | None = None, sign: str = SIGN) -> Sms:
    """All fourteen templates at that provider; `names` of variables where they are not p1, p2, …"""
    given = names or {}
    templates = {
        name: Template(provider=provider, code=code_of(provider, name), sign=sign, names=given.get(name, ()))
        for name in TEMPLATES
    }
    tencent = Account(endpoint="sms.tencentcloudapi.com", region="ap-guangzhou", app=APP)
    return Sms(provider=provider, sign=sign, templates=templates, tencent=tencent)


def code_of(provider: str, name: str) -> str:
    number = TEMPLATES[name].number
    return f"SMS_{number:09}" if provider == "aliyun" else f"{1000000 + number}"


def approved(provider: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What the strict server has approved of it."""
    return {
        code_of(provider, name): (SIGN, tuple(f"p{number + 1}" for number in range(template.count)))
        for name, template in TEMPLATES.items()
    }


class Held(Keys):
    """Keys as a test sets them: what is held first, and what a fresh look finds."""

    def __init__(self, *held: Credential, stored: tuple[Credential, ...] | None = None) -> None:
        self.held, self.stored = held, held if stored is None else stored
        self.looks = 0

    def read(self, provider: str, *, fresh: bool = False) -> tuple[Credential, ...]:
        self.looks += fresh
        return self.stored if fresh else self.held
