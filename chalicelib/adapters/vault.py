"""Personal values as envelopes: one KMS data key per record, AES-256-GCM per field.

The data key is bound by KMS to the street and the record (encryption context), and each ciphertext to the record and the
field's name (associated data): an envelope can't be moved to another record, nor a field to another name. KMS wraps
the key inside the envelope, so rotating the KMS key rewrites nothing, and deleting the envelope erases the record.

Sealing needs `kms:GenerateDataKey`; opening needs `kms:Decrypt`, which the role of the pages does not have.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import msgspec
from botocore.exceptions import ClientError
from Cryptodome.Cipher import AES

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.faults import NO_ANSWER, code_of, is_server_fault, is_throttle
from chalicelib.ports import VaultBusy, VaultClosed

VERSION = 1
NONCE_BYTES = 12
TAG_BYTES = 16

_BUSY_CODES = frozenset({"DependencyTimeoutException", "KeyUnavailableException", "KMSInternalException"})


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """The stored form (msgpack): version, the wrapped data key, and per field nonce ‖ ciphertext ‖ tag."""

    v: int
    key: bytes
    fields: dict[str, bytes]


def _associated(record: str, field: str) -> bytes:
    return msgspec.msgpack.encode((VERSION, record, field))


def _locked(key: bytes, value: bytes, associated: bytes) -> bytes:
    """Nonce ‖ ciphertext ‖ tag of AES-256-GCM."""
    nonce = os.urandom(NONCE_BYTES)
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    return b"".join((nonce, *cipher.encrypt_and_digest(value)))


def _unlocked(key: bytes, box: bytes, associated: bytes) -> bytes:
    """Raises `ValueError` for a changed or a short box."""
    nonce, value, tag = box[:NONCE_BYTES], box[NONCE_BYTES:-TAG_BYTES], box[-TAG_BYTES:]
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    return cipher.decrypt_and_verify(value, tag)


class KmsVault:
    """Implements `ports.Vault`. `key_id` is the key's id or ARN, `street` the street's id."""

    def __init__(self, aws: Aws, key_id: str, street: str) -> None:
        self._aws = aws
        self._key_id = key_id
        self._street = street

    def _context(self, record: str) -> dict[str, str]:
        return {"street": self._street, "record": record}

    def seal(self, record: str, fields: Mapping[str, str]) -> bytes:
        """One envelope for all fields, by one KMS call. Raises `VaultBusy` (try again) or `VaultClosed` (no usable key)."""
        try:
            made = self._aws.client("kms").generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=self._context(record)
            )
        except (ClientError, *NO_ANSWER) as error:
            raise _translated(error) from error
        sealed = {name: _locked(made["Plaintext"], value.encode(), _associated(record, name)) for name, value in fields.items()}
        return msgspec.msgpack.encode(Envelope(VERSION, made["CiphertextBlob"], sealed))

    def without(self, envelope: bytes, prefixes: Sequence[str]) -> bytes | None:
        """The envelope without the fields whose names begin so; None when nothing is left. Nothing is opened."""
        sealed = msgspec.msgpack.decode(envelope, type=Envelope)
        left = {name: box for name, box in sealed.fields.items() if not name.startswith(tuple(prefixes))}
        return msgspec.msgpack.encode(Envelope(sealed.v, sealed.key, left)) if left else None

    def open(self, record: str, envelope: bytes) -> dict[str, str]:
        """All fields. Raises `VaultClosed` for a foreign record, a changed byte, a lost key or a role without Decrypt;
        `VaultBusy` when KMS could not answer now."""
        try:
            sealed = msgspec.msgpack.decode(envelope, type=Envelope)
        except msgspec.MsgspecError as error:
            raise VaultClosed("the envelope is damaged") from error
        if sealed.v != VERSION:
            raise VaultClosed(f"the envelope is of version {sealed.v}")
        try:
            opened = self._aws.client("kms").decrypt(
                CiphertextBlob=sealed.key, KeyId=self._key_id, EncryptionContext=self._context(record)
            )
        except (ClientError, *NO_ANSWER) as error:
            raise _translated(error) from error
        try:
            return {
                name: _unlocked(opened["Plaintext"], box, _associated(record, name)).decode()
                for name, box in sealed.fields.items()
            }
        except ValueError as error:
            raise VaultClosed("a field was changed or belongs to another record") from error


def _translated(error: Exception) -> Exception:
    """KMS's answer as ours. Only the code is kept: the message may name keys and roles."""
    if not isinstance(error, ClientError):
        return VaultBusy(type(error).__name__)
    code = code_of(error)
    if code in _BUSY_CODES or is_throttle(error) or is_server_fault(error):
        return VaultBusy(code)
    return VaultClosed(code)
