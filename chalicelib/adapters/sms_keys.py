"""The providers' keys: in the Keys table, sealed with the street's KMS key, never in the environment, street file or template.

The Keys table and not Secrets Manager (0.40 USD a month for each secret) or SSM (another client in every cold start): it costs
nothing, it is backed up and restored with the rest, and its rights exist already. What is stored is an envelope of the vault
under a record of its own, so it takes `kms:Decrypt` with the street's context to read it: `Notify` and `Sweep` have that, the
pages don't.

Two pairs are kept while they are being exchanged. A function reads them again every five minutes, and at once when the provider
refuses what it holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.faults import NO_ANSWER, code_of
from chalicelib.adapters.sms_signing import Credential
from chalicelib.casework.events import stamp
from chalicelib.errors import ConfigError
from chalicelib.ports import SmsRetry, SmsStopped, Vault, VaultBusy, VaultClosed

REREAD_S = 300
PROVIDERS = ("aliyun", "tencent")

_EXISTS = "ConditionalCheckFailedException"


def record_of(provider: str) -> str:
    """The vault's record that a provider's keys are sealed as: an envelope of one can't be put in the place of another."""
    return f"secret:sms:{provider}"


class SmsKeys:
    """`dynamodb` is a botocore client, `table` the Keys table; `ticks` counts seconds of this process."""

    def __init__(self, dynamodb: Any, table: str, vault: Vault, ticks: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._vault = vault
        self._ticks = ticks
        self._held: dict[str, tuple[float, tuple[Credential, ...]]] = {}

    def read(self, provider: str, *, fresh: bool = False) -> tuple[Credential, ...]:
        """Current keys, then those before. Raises `SmsRetry` when they can't be read now, `SmsStopped` when not at all."""
        held = self._held.get(provider)
        if held is None or fresh or self._ticks() - held[0] >= REREAD_S:
            held = self._held[provider] = (self._ticks(), self._opened(provider))
        return held[1]

    def _opened(self, provider: str) -> tuple[Credential, ...]:
        try:
            item = self._item(provider)
            opened = [self._vault.open(record_of(provider), item[name]["B"]) for name in ("sealed", "before") if name in item]
        except (ClientError, *NO_ANSWER, VaultBusy) as error:
            raise SmsRetry(type(error).__name__) from None
        except VaultClosed:
            raise SmsStopped("keys", "closed") from None
        return tuple(Credential(fields["id"], fields["secret"]) for fields in opened)

    def put(self, provider: str, credential: Credential, now: datetime) -> bool:
        """Makes these the current keys; the present ones stay good as those before. True when there were some.

        Raises `ConfigError` when somebody else set keys meanwhile. Sealing needs `kms:GenerateDataKey` alone.
        """
        item = self._item(provider)
        sealed = self._vault.seal(record_of(provider), {"id": credential.id, "secret": credential.secret})
        values = {**_key(provider), "sealed": {"B": sealed}, "set_at": {"S": stamp(now)}, "mask": {"S": mask(credential.id)}}
        before = item.get("sealed")
        if before:
            values |= {"before": before, "before_mask": item["mask"]}
        condition = "sealed = :before" if before else "attribute_not_exists(pk)"
        more = {"ExpressionAttributeValues": {":before": before}} if before else {}
        try:
            self._dynamodb.put_item(TableName=self._table, Item=values, ConditionExpression=condition, **more)
        except ClientError as error:
            if code_of(error) != _EXISTS or self._item(provider).get("sealed", {}).get("B") != sealed:
                raise ConfigError(f"{provider}: keys were set by somebody else meanwhile; look at `show` first") from None
        return bool(before)

    def drop(self, provider: str) -> bool:
        """Forgets the keys before the current ones. False when there were none."""
        if "before" not in self._item(provider):
            return False
        self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(provider),
            UpdateExpression="REMOVE #before, before_mask",
            ExpressionAttributeNames={"#before": "before"},
        )
        return True

    def shown(self, provider: str) -> dict[str, str]:
        """`set_at`, `mask` and `before_mask`, as far as they are there; nothing is opened."""
        item = self._item(provider)
        return {name: item[name]["S"] for name in ("set_at", "mask", "before_mask") if name in item}

    def _item(self, provider: str) -> dict[str, Any]:
        answer = self._dynamodb.get_item(TableName=self._table, Key=_key(provider), ConsistentRead=True)
        return dict(answer.get("Item", {}))


def _key(provider: str) -> dict[str, Any]:
    return {"pk": {"S": "SMS"}, "sk": {"S": provider}}


def mask(key_id: str) -> str:
    """Enough of a key's id to find it in the provider's console."""
    return f"{key_id[:4]}…{key_id[-4:]}" if len(key_id) >= 12 else "…"
