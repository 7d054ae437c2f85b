"""The street's secrets: one item of the Keys table, made by whoever reads it first, and every HMAC key derived from it.

Two secrets live apart. The *root* never changes: case numbers, phone look-ups, link tokens, CSRF tokens and proofs are MACs under
keys derived from it by label, so losing one derived key gives away no other. The *code* keys sign the printed codes and
rotate: the current and the previous one are accepted, so that what hangs on doors keeps working. Those before open nothing any
more, and are kept to tell an old poster of ours from a fake.

A process reads the item once. Code keys are read again every hour, and when a code names a version that the process does not
know (at most once a minute, or forged codes would cost a read each), so a rotation reaches running functions by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.faults import NO_ANSWER, code_of
from chalicelib.casework.numbers import ALPHABET
from chalicelib.errors import ConfigError

SECRET_BYTES = 32
REREAD_S = 3600
REREAD_UNKNOWN_S = 60

_KEY = {"pk": {"S": "KEYS"}, "sk": {"S": "ROOT"}}
_EXISTS = "ConditionalCheckFailedException"
# Of those that were exchanged so many are kept: fewer than there are letters, so that each letter names one key.
GONE = 12


@dataclass(frozen=True, repr=False)
class _Secrets:
    root: bytes
    version: str
    code: bytes
    old_version: str | None
    old_code: bytes | None
    gone: dict[str, bytes]

    def gone_with(self, version: str | None, key: bytes | None) -> dict[str, bytes]:
        """The latest of what is gone, with one more."""
        more = {**self.gone, version: key} if version and key else self.gone
        return dict(list(more.items())[-GONE:])


class Keyring:
    """`dynamodb` is a botocore client, `table` the Keys table; `ticks` counts seconds of this process.

    The first call creates the secrets where there are none, which needs `dynamodb:PutItem`; reading needs `GetItem` alone.
    """

    def __init__(self, dynamodb: Any, table: str, ticks: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._ticks = ticks
        self._lock = Lock()
        self._secrets: _Secrets | None = None
        self._read_at = 0.0
        self._derived: dict[str, bytes] = {}

    def mac(self, label: str, *parts: str | bytes) -> bytes:
        """32 bytes of HMAC-SHA256 over the parts, under the key of that label. `("ab", "c")` and `("a", "bc")` differ."""
        key = self._derived.get(label)
        if key is None:
            key = hmac.digest(self._get().root, b"doorstep/1/" + label.encode(), hashlib.sha256)
            self._derived[label] = key
        return hmac.digest(key, _joined(parts), hashlib.sha256)

    def code_keys(self, wanted: str = "") -> dict[str, bytes]:
        """Accepted code keys by version letter, the current one first. `wanted` is the version of the code at hand."""
        held = self._get()
        age = self._ticks() - self._read_at
        known = wanted in ("", held.version, held.old_version)
        if age >= REREAD_S or (not known and age >= REREAD_UNKNOWN_S):
            held = self._refreshed(held)
        keys = {held.version: held.code}
        if held.old_version and held.old_code:
            keys[held.old_version] = held.old_code
        return keys

    def gone_code_keys(self) -> dict[str, bytes]:
        """Keys whose codes open nothing any more, by version letter: as held, since only a kinder page hangs on them."""
        return self._get().gone

    def current_code_version(self) -> str:
        """The letter that new codes are signed with."""
        return next(iter(self.code_keys()))

    def rotate_codes(self) -> str:
        """Makes a new current code key; the present one becomes the previous one, and the one before is no longer accepted.

        Returns the new version letter. Raises `ConfigError` when another rotation came in between.
        """
        with self._lock:
            held = self._read() or self._create()
            version = ALPHABET[(ALPHABET.index(held.version) + 1) % len(ALPHABET)]
            code = secrets.token_bytes(SECRET_BYTES)
            gone = _stored(held.gone_with(held.old_version, held.old_code))
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_KEY,
                    UpdateExpression="SET code_version = :v, code_key = :k, old_version = :ov, old_key = :ok"
                    + (", gone = :g" if gone else ""),
                    ConditionExpression="code_version = :ov AND code_key = :ok",
                    ExpressionAttributeValues={
                        ":v": {"S": version},
                        ":k": {"B": code},
                        ":ov": {"S": held.version},
                        ":ok": {"B": held.code},
                        **({":g": {"B": gone}} if gone else {}),
                    },
                )
            except ClientError as error:
                if code_of(error) != _EXISTS:
                    raise
                # Our own write, if its reply was lost and the SDK repeated it; otherwise somebody else's.
                now = self._read()
                if now is None or now.code != code:
                    raise ConfigError("the code key was rotated meanwhile; look at its version before rotating again") from None
            self._secrets = self._read()
            self._read_at = self._ticks()
            return version

    def end_overlap(self) -> str:
        """The previous code key is accepted no more; its version letter. Raises `ConfigError` when there is none."""
        with self._lock:
            held = self._read()
            if held is None or not held.old_version or not held.old_code:
                raise ConfigError("codes: there is no version before the current one; nothing was changed")
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_KEY,
                    UpdateExpression="SET gone = :g REMOVE old_version, old_key",
                    ConditionExpression="code_version = :v AND old_key = :ok",
                    ExpressionAttributeValues={
                        ":v": {"S": held.version},
                        ":ok": {"B": held.old_code},
                        ":g": {"B": _stored(held.gone_with(held.old_version, held.old_code))},
                    },
                )
            except ClientError as error:
                now = self._read()
                if code_of(error) != _EXISTS or now is None or held.old_version not in now.gone:
                    raise
            self._secrets = self._read()
            self._read_at = self._ticks()
            return held.old_version

    def ensure(self) -> bool:
        """Makes the secrets where there are none; whether there were none before. Several at once make one."""
        with self._lock:
            there = self._read()
            self._secrets = there or self._create()
            self._read_at = self._ticks()
            return there is None

    def _get(self) -> _Secrets:
        held = self._secrets
        if held is not None:
            return held
        with self._lock:
            if self._secrets is None:
                self._secrets = self._read() or self._create()
                self._read_at = self._ticks()
            return self._secrets

    def _refreshed(self, held: _Secrets) -> _Secrets:
        """The item as it is now. Without an answer the held secrets serve on: a code on a door outlives a bad minute."""
        with self._lock:
            if self._ticks() - self._read_at < REREAD_UNKNOWN_S and self._secrets is not None:
                return self._secrets
            self._read_at = self._ticks()
            try:
                self._secrets = self._read() or held
            except (ClientError, *NO_ANSWER):
                self._secrets = held
            return self._secrets

    def _read(self) -> _Secrets | None:
        item = self._dynamodb.get_item(TableName=self._table, Key=_KEY, ConsistentRead=True).get("Item")
        if item is None:
            return None
        return _Secrets(
            root=item["root"]["B"],
            version=item["code_version"]["S"],
            code=item["code_key"]["B"],
            old_version=item["old_version"]["S"] if "old_version" in item else None,
            old_code=item["old_key"]["B"] if "old_key" in item else None,
            gone=_gone(item["gone"]["B"]) if "gone" in item else {},
        )

    def _create(self) -> _Secrets:
        """Puts fresh secrets unless somebody has; what is stored afterwards is what everybody uses."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    **_KEY,
                    "root": {"B": secrets.token_bytes(SECRET_BYTES)},
                    "code_version": {"S": ALPHABET[0]},
                    "code_key": {"B": secrets.token_bytes(SECRET_BYTES)},
                },
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if code_of(error) == "AccessDeniedException":
                # A function that only reads them came before every page, which is a night at most; it comes again.
                raise ConfigError(
                    "KEYS/ROOT: there are no secrets yet, and this role makes none: `python -m infra.secrets init`"
                ) from error
            if code_of(error) != _EXISTS:
                raise
        stored = self._read()
        if stored is None:
            raise ConfigError("the secrets vanished while they were made; restore the Keys table before anything is signed")
        return stored


def _stored(gone: dict[str, bytes]) -> bytes:
    """A letter and its key, one pair after another, the oldest first."""
    return b"".join(letter.encode() + key for letter, key in gone.items())


def _gone(stored: bytes) -> dict[str, bytes]:
    pairs = (stored[at : at + 1 + SECRET_BYTES] for at in range(0, len(stored), 1 + SECRET_BYTES))
    return {chr(pair[0]): pair[1:] for pair in pairs}


def _joined(parts: tuple[str | bytes, ...]) -> bytes:
    """Parts with their lengths before them, so that no two lists of parts give the same bytes."""
    data = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in data)
