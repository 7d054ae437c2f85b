from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.vault import Envelope, KmsVault, _associated, _locked, _unlocked
from chalicelib.ports import Vault, VaultBusy, VaultClosed
from tests.aws_doubles import REGION, before_call, local_aws, raising, refusal

FIELDS = {"phone": "+862100123456", "name": "诉求人"}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with local_aws():
        yield Aws(REGION)


@pytest.fixture
def kms(aws: Aws) -> Any:
    return aws.client("kms")


@pytest.fixture
def key_id(kms: Any) -> str:
    return str(kms.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def vault(aws: Aws, key_id: str) -> Vault:
    return KmsVault(aws, key_id, "changqiao")


def test_what_was_sealed_opens_again(vault: Vault) -> None:
    assert vault.open("case:K7M3-9QXA-C", vault.seal("case:K7M3-9QXA-C", FIELDS)) == FIELDS


def test_an_envelope_holds_nothing_readable(vault: Vault) -> None:
    envelope = vault.seal("case:1", FIELDS)
    assert b"3456" not in envelope
    assert "诉求人".encode() not in envelope


def test_equal_values_never_look_equal(vault: Vault) -> None:
    one, two = (msgspec.msgpack.decode(vault.seal("case:1", {"a": "x", "b": "x"}), type=Envelope) for _ in range(2))
    boxes = [*one.fields.values(), *two.fields.values()]
    assert len(set(boxes)) == 4
    assert len({box[:12] for box in boxes}) == 4
    assert one.key != two.key


def test_one_call_seals_any_number_of_fields(kms: Any, vault: Vault) -> None:
    calls: list[int] = []
    before_call(kms, "GenerateDataKey", lambda: calls.append(1))
    vault.seal("case:1", {f"field{number}": "x" for number in range(20)})
    assert len(calls) == 1


def test_sealing_never_asks_for_decrypt(kms: Any, vault: Vault) -> None:
    before_call(kms, "Decrypt", raising(AssertionError("sealing must work without the right to decrypt")))
    vault.seal("case:1", FIELDS)


def test_another_records_envelope_stays_shut(vault: Vault) -> None:
    with pytest.raises(VaultClosed):
        vault.open("case:2", vault.seal("case:1", FIELDS))


def test_another_streets_envelope_stays_shut(aws: Aws, key_id: str, vault: Vault) -> None:
    with pytest.raises(VaultClosed):
        KmsVault(aws, key_id, "huajing").open("case:1", vault.seal("case:1", FIELDS))


def test_another_keys_envelope_stays_shut(aws: Aws, kms: Any, vault: Vault) -> None:
    other = KmsVault(aws, kms.create_key()["KeyMetadata"]["Arn"], "changqiao")
    with pytest.raises(VaultClosed):
        other.open("case:1", vault.seal("case:1", FIELDS))


def test_fields_can_not_change_places(vault: Vault) -> None:
    sealed = msgspec.msgpack.decode(vault.seal("case:1", FIELDS), type=Envelope)
    swapped = {"phone": sealed.fields["name"], "name": sealed.fields["phone"]}
    with pytest.raises(VaultClosed):
        vault.open("case:1", msgspec.msgpack.encode(Envelope(sealed.v, sealed.key, swapped)))


def test_record_and_field_are_not_merely_joined() -> None:
    assert _associated("case:1a", "b") != _associated("case:1", "ab")


def test_every_changed_byte_is_noticed(vault: Vault) -> None:
    envelope = vault.seal("case:1", {"phone": "+862100123456"})
    for place in range(len(envelope)):
        changed = bytearray(envelope)
        changed[place] ^= 1
        try:
            opened = vault.open("case:1", bytes(changed))
        except VaultClosed:
            continue
        except Exception as error:
            # moto's own parser fails on a changed wrapped key, where KMS answers with a refusal.
            assert "moto" in _deepest_file(error)
            continue
        pytest.fail(f"byte {place} was changed and {opened} came out")


def _deepest_file(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename if trace else ""


@pytest.mark.parametrize("envelope", [b"", b"\x00", b"{}", b"\x93\x02\xc4\x00\x80", b"\x93\x01\xc4\x00\x80extra"])
def test_damaged_or_future_envelopes_are_refused(vault: Vault, envelope: bytes) -> None:
    with pytest.raises(VaultClosed):
        vault.open("case:1", envelope)


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "NotFoundException", "InvalidCiphertextException", "IncorrectKeyException", "DisabledException"],
)
def test_a_final_answer_closes_the_vault(kms: Any, vault: Vault, code: str) -> None:
    envelope = vault.seal("case:1", FIELDS)
    before_call(kms, "Decrypt", raising(refusal(code)))
    with pytest.raises(VaultClosed, match=code):
        vault.open("case:1", envelope)


@pytest.mark.parametrize(
    "error",
    [
        refusal("ThrottlingException"),
        refusal("KMSInternalException", 500),
        refusal("KeyUnavailableException", 500),
        refusal("SomethingNew", 503),
        ReadTimeoutError(endpoint_url="https://kms.example"),
        EndpointConnectionError(endpoint_url="https://kms.example"),
    ],
)
def test_no_answer_now_is_told_apart(kms: Any, vault: Vault, error: Exception) -> None:
    envelope = vault.seal("case:1", FIELDS)
    before_call(kms, "Decrypt", raising(error))
    before_call(kms, "GenerateDataKey", raising(error))
    with pytest.raises(VaultBusy):
        vault.open("case:1", envelope)
    with pytest.raises(VaultBusy):
        vault.seal("case:1", FIELDS)


def test_errors_carry_no_value(kms: Any, vault: Vault) -> None:
    before_call(kms, "GenerateDataKey", raising(refusal("AccessDeniedException")))
    with pytest.raises(VaultClosed) as raised:
        vault.seal("case:1", FIELDS)
    assert "0012" not in str(raised.value)


def test_the_cipher_is_aes_256_gcm_as_published() -> None:
    """Test case 16 of McGrew and Viega's GCM specification (96-bit nonce, associated data); a changed or cut box stays shut."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce, associated = bytes.fromhex("cafebabefacedbaddecaf888"), bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    value = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    locked = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    )
    tag = bytes.fromhex("76fc6ece0f4e1768cddf8853bb2d551b")
    assert _unlocked(key, nonce + locked + tag, associated) == value
    assert _unlocked(key, _locked(key, value, associated), associated) == value
    for box in (nonce + locked + tag[:-1], nonce + locked + bytes(16), nonce, b"", nonce + locked[:-1] + tag):
        with pytest.raises(ValueError, match=r".+"):
            _unlocked(key, box, associated)
