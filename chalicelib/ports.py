"""What use cases need from the world outside, as small protocols.

Adapters implement them against AWS; tests implement them stricter than the emulators are. Personal values (phones, ID
numbers) cross these lines only towards the vault and from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Two clocks. Civil time drives cases and can be moved locally; wall time drives sessions, signatures and presigning."""

    def civil(self) -> datetime:
        """Aware UTC."""

    def wall(self) -> datetime:
        """Aware UTC."""


class Keys(Protocol):
    """Keyed hashes. Every label has a key of its own, derived from the street's root secret."""

    def mac(self, label: str, *parts: str | bytes) -> bytes:
        """32 bytes over the length-prefixed parts."""

    def code_keys(self, wanted: str = "") -> Mapping[str, bytes]:
        """The current and the previous key of printed codes, by version letter; `wanted` is a letter that may be newer than
        what this process has read.
        """

    def gone_code_keys(self) -> Mapping[str, bytes]:
        """Keys that were exchanged before those: their codes are genuine, and open nothing any more."""

    def current_code_version(self) -> str:
        """The version letter that new codes are signed with."""


class Vault(Protocol):
    """Personal values as ciphertext: one KMS data key per record, AES-GCM, the field's name as associated data."""

    def seal(self, record: str, fields: Mapping[str, str]) -> bytes:
        """One envelope for all `fields` of `record` (`case:<no>`, `staff:<id>`). One KMS call."""

    def open(self, record: str, envelope: bytes) -> dict[str, str]:
        """Needs Decrypt, which only `reveal` and `notify` have. Raises `VaultClosed` when the key is gone or not ours."""

    def without(self, envelope: bytes, prefixes: Sequence[str]) -> bytes | None:
        """The envelope without the fields whose names begin so; None when nothing is left. Opens nothing."""


class VaultClosed(Exception):
    """The envelope can't be opened: not this role, the record was erased, or the bytes were changed."""


class VaultBusy(Exception):
    """The key service gave no usable answer now; the same call may succeed later."""


@dataclass(frozen=True)
class UploadGrant:
    """A presigned POST: send `fields`, then the file as `file`, to `url` as multipart/form-data."""

    url: str
    fields: Mapping[str, str]


class PhotoStore(Protocol):
    def grant(self, ref: str, slot: int, *, minutes: int, redirect: str | None = None) -> UploadGrant:
        """A presigned POST pinned to the key `incoming/<ref>/<slot>`, its type and 1 B – 10 MB."""

    def origin(self) -> str:
        """Scheme and host that photos are posted to and shown from, for the page's Content-Security-Policy."""

    def url(self, ref: str, slot: int, size: str) -> str:
        """A signed GET of minutes for the re-encoded `full` or `thumb`; never the original."""


class PhotoTooLarge(Exception):
    """The object is larger than what was asked for; nothing of it was read."""


class PhotoFiles(Protocol):
    """The photos bucket as the photo function sees it. Only re-encoded JPEGs are ever written."""

    bucket: str

    def read(self, key: str, limit: int) -> bytes | None:
        """The object, or None when there is none. Raises `PhotoTooLarge` past `limit` bytes."""

    def write(self, key: str, jpeg: bytes) -> None:
        """Puts a JPEG there."""

    def listed(self, prefix: str, after: str, limit: int) -> list[tuple[str, datetime]]:
        """Keys below the prefix in their order, behind `after`, at most `limit` (1,000), each with when it was written."""

    def delete(self, key: str) -> None:
        """Removes the object; quiet when it is gone already."""


class Lists(Protocol):
    """Files that staff take away."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Writes it; the same key is written over."""

    def url(self, key: str, name: str) -> str:
        """A link of minutes that saves it under `name`."""


@dataclass(frozen=True)
class Sms:
    """One message for one number. `params` are ordered and short; `ref` is ours and unique per attempt to one recipient."""

    ref: str
    phone: str
    template: str
    params: tuple[str, ...]


class Imports(Protocol):
    """Lists that staff upload, by the import's id."""

    def grant(self, batch: str, redirect: str) -> UploadGrant:
        """A presigned POST for this one file."""

    def read(self, batch: str, limit: int) -> bytes | None:
        """The file, None when it has not come; no more than `limit` bytes of it."""

    def delete(self, batch: str) -> None:
        """Removes it; quiet when it is gone."""


class SmsRefused(Exception):
    """Final: the provider will never send this one."""


class SmsRetry(Exception):
    """The provider said no for now; nothing was sent."""


class SmsCapped(Exception):
    """The provider lets this number have no more today; nothing was sent."""


class SmsStopped(Exception):
    """Nothing was sent, and nothing will be before an operator has mended what `key` names: `keys`, `account`, `network`, `sign`
    or `template`. `code` is the provider's own, without anything personal.
    """

    def __init__(self, key: str, code: str) -> None:
        super().__init__(f"{key} {code}")
        self.key = key
        self.code = code


class SmsUnknown(Exception):
    """No answer: it may have been sent. Ask by our reference before anything else."""


class SmsProvider(Protocol):
    def send(self, message: Sms) -> str:
        """Returns the provider's id. Raises `SmsRefused`, `SmsRetry`, `SmsCapped`, `SmsStopped` or `SmsUnknown`."""

    def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
        """Whether the attempt made `at` that instant with our reference went out; None if the provider can't say (yet)."""


class Secrets(Protocol):
    """Secrets that we share with other systems, by name."""

    def valid(self, name: str) -> tuple[str, ...]:
        """Those that hold now, the newest first: two while they are exchanged, none where none was made."""


class PostFailed(Exception):
    """No answer to go by. `why` is a word for operators; `ours`: we refused to send, the target was never asked."""

    def __init__(self, why: str, *, ours: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.ours = ours


class Poster(Protocol):
    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status that the other side answered. Raises `PostFailed`: it may have arrived."""
