from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.keyring import Keyring, _joined
from chalicelib.casework.numbers import ALPHABET
from chalicelib.errors import ConfigError
from tests.aws_doubles import before_call, client, local_aws, raising, refusal

TABLE = "keys"


class Ticks:
    """A process's seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with local_aws():
        made = client("dynamodb")
        made.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        yield made


def count(target: Any, operation: str) -> list[int]:
    calls: list[int] = []
    before_call(target, operation, lambda: calls.append(1))
    return calls


def test_every_process_gets_the_same_macs(dynamodb: Any) -> None:
    first, second = Keyring(dynamodb, TABLE), Keyring(client("dynamodb"), TABLE)
    assert first.mac("case", "abc", b"0") == second.mac("case", "abc", b"0")
    assert len(first.mac("case")) == 32


def test_labels_have_keys_of_their_own(dynamodb: Any) -> None:
    keyring = Keyring(dynamodb, TABLE)
    macs = {keyring.mac(label, "x") for label in ("case", "phone", "track/1", "track/2")}
    assert len(macs) == 4


def test_a_mac_can_be_checked_with_other_code(dynamodb: Any) -> None:
    made = Keyring(dynamodb, TABLE).mac("phone", "+862100123456")
    root = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": "KEYS"}, "sk": {"S": "ROOT"}})["Item"]["root"]["B"]
    derived = hmac.new(root, b"doorstep/1/phone", hashlib.sha256).digest()
    assert hmac.new(derived, b"\0\0\0\x0d+862100123456", hashlib.sha256).digest() == made


@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_different_parts_are_different_input(one: list[bytes], two: list[bytes]) -> None:
    assert (_joined(tuple(one)) == _joined(tuple(two))) == (one == two)


def test_twenty_first_readers_agree_on_one_secret(dynamodb: Any) -> None:
    rings = [Keyring(client("dynamodb"), TABLE) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        macs = list(pool.map(lambda ring: ring.mac("case", "x"), rings))
    assert len(set(macs)) == 1
    assert dynamodb.scan(TableName=TABLE)["Count"] == 1


def test_a_loser_of_the_first_write_uses_the_winners_secret(dynamodb: Any) -> None:
    late = Keyring(client("dynamodb"), TABLE)
    winner: list[bytes] = []
    before_call(late._dynamodb, "PutItem", lambda: winner.append(Keyring(dynamodb, TABLE).mac("case", "x")))
    assert late.mac("case", "x") == winner[0]


def test_a_process_reads_once(dynamodb: Any) -> None:
    keyring = Keyring(dynamodb, TABLE)
    keyring.mac("case", "x")
    reads = count(dynamodb, "GetItem")
    for number in range(10):
        keyring.mac(f"label{number}", "x")
        keyring.code_keys()
        keyring.current_code_version()
    assert not reads


def test_a_refused_read_makes_no_new_secret(dynamodb: Any) -> None:
    puts = count(dynamodb, "PutItem")
    before_call(dynamodb, "GetItem", raising(refusal("AccessDeniedException")))
    with pytest.raises(Exception, match="AccessDenied"):
        Keyring(dynamodb, TABLE).mac("case", "x")
    assert not puts


def test_rotation_keeps_the_current_and_the_previous_key(dynamodb: Any) -> None:
    keyring = Keyring(dynamodb, TABLE)
    assert keyring.current_code_version() == ALPHABET[0]
    original = keyring.code_keys()
    before = keyring.mac("case", "x")
    assert keyring.rotate_codes() == ALPHABET[1]
    once = keyring.code_keys()
    assert list(once) == [ALPHABET[1], ALPHABET[0]]
    assert once[ALPHABET[0]] == original[ALPHABET[0]]
    assert once[ALPHABET[1]] != original[ALPHABET[0]]
    keyring.rotate_codes()
    assert list(keyring.code_keys()) == [ALPHABET[2], ALPHABET[1]]
    assert keyring.mac("case", "x") == before


def test_letters_start_again_after_the_last(dynamodb: Any) -> None:
    keyring = Keyring(dynamodb, TABLE)
    versions = [keyring.rotate_codes() for _ in range(len(ALPHABET))]
    assert versions == [*ALPHABET[1:], ALPHABET[0]]
    assert len(set(keyring.code_keys().values())) == 2


def test_a_running_process_learns_of_a_rotation_from_the_code_it_sees(dynamodb: Any) -> None:
    ticks = Ticks()
    running = Keyring(dynamodb, TABLE, ticks)
    running.code_keys()
    Keyring(client("dynamodb"), TABLE).rotate_codes()
    ticks.now += 61
    assert ALPHABET[1] in running.code_keys(ALPHABET[1])


def test_forged_versions_cost_at_most_a_read_a_minute(dynamodb: Any) -> None:
    ticks = Ticks()
    keyring = Keyring(dynamodb, TABLE, ticks)
    keyring.code_keys()
    reads = count(dynamodb, "GetItem")
    for _ in range(600):
        ticks.now += 1
        keyring.code_keys("Z")
    assert len(reads) == 10


def test_a_retired_key_is_forgotten_within_the_hour(dynamodb: Any) -> None:
    ticks = Ticks()
    running = Keyring(dynamodb, TABLE, ticks)
    running.code_keys()
    other = Keyring(client("dynamodb"), TABLE)
    other.rotate_codes()
    other.rotate_codes()
    ticks.now += 3600
    assert ALPHABET[0] not in running.code_keys(ALPHABET[0])


def test_codes_are_still_accepted_while_the_table_does_not_answer(dynamodb: Any) -> None:
    ticks = Ticks()
    keyring = Keyring(dynamodb, TABLE, ticks)
    held = keyring.code_keys()
    before_call(dynamodb, "GetItem", raising(refusal("InternalServerError", 500)))
    ticks.now += 7200
    assert keyring.code_keys() == held


def test_two_rotations_at_once_are_one_rotation_and_one_refusal(dynamodb: Any) -> None:
    keyring = Keyring(dynamodb, TABLE)
    other = Keyring(client("dynamodb"), TABLE)
    keyring.code_keys()
    done: list[str] = []
    before_call(dynamodb, "UpdateItem", lambda: done.append(other.rotate_codes()))
    with pytest.raises(ConfigError, match="meanwhile"):
        keyring.rotate_codes()
    assert done == [ALPHABET[1]]
    assert Keyring(client("dynamodb"), TABLE).current_code_version() == ALPHABET[1]


def test_a_rotation_whose_reply_was_lost_is_recognised(dynamodb: Any) -> None:
    """The SDK repeats an update by itself; the repeat meets its own condition and must not look like somebody else's."""
    keyring = Keyring(dynamodb, TABLE)
    keyring.code_keys()
    plain = dynamodb.update_item

    def stored_twice(**call: Any) -> Any:
        plain(**call)
        return plain(**call)

    dynamodb.update_item = stored_twice
    assert keyring.rotate_codes() == ALPHABET[1]
    assert list(keyring.code_keys()) == [ALPHABET[1], ALPHABET[0]]


def test_secrets_do_not_show_in_a_traceback(dynamodb: Any) -> None:
    keyring = Keyring(dynamodb, TABLE)
    root = keyring._get().root
    assert root.hex() not in repr(keyring._get())
    assert str(root) not in repr(keyring._get())
