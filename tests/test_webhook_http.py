"""A subscriber's address leads to the public internet, or nowhere: by https, without detours, and not for long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from chalicelib.adapters.webhook_http import HttpsPoster, is_public
from chalicelib.ports import PostFailed
from tests.strict_receiver import receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - refused here, not bound to
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.7",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2001:0:a00:1::",
        "2001:db8::1",
        "no address",
    ],
)
def test_an_address_inside_is_refused_after_the_look_up(address: str) -> None:
    assert not is_public(address)
    looked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked.append(host)
        return ["203.0.114.9", address]

    with pytest.raises(PostFailed) as refused:
        HttpsPoster(resolve=resolve).post("https://city.example/in", {}, b"{}")
    assert (refused.value.why, refused.value.ours, looked) == ("inside", True, ["city.example"])


def test_public_addresses_are_public() -> None:
    assert all(map(is_public, ("8.8.8.8", "203.0.114.9", "::ffff:8.8.8.8", "2400:3200::1")))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://city.example/", "scheme"),
        ("ftp://city.example/", "address"),
        ("file:///etc/passwd", "address"),
        ("https://me@city.example/", "address"),
        ("https://city.example:99999/", "address"),
        ("https:///nowhere", "address"),
        ("http://127.0.0.1/", "scheme"),
    ],
)
def test_another_scheme_or_a_broken_address_is_refused(url: str, why: str) -> None:
    with pytest.raises(PostFailed) as refused:
        HttpsPoster(resolve=lambda host, port: ["8.8.8.8"]).post(url, {}, b"{}")
    assert (refused.value.why, refused.value.ours) == (why, True)


def test_the_address_that_was_looked_at_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look-up could answer otherwise."""
    asked: list[str] = []
    went: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["203.0.114.9"] if len(asked) == 1 else ["169.254.169.254"]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("chalicelib.adapters.webhook_http.socket.create_connection", connect)
    with pytest.raises(PostFailed, match="broken"):
        HttpsPoster(resolve=resolve).post("https://city.example:8443/in", {}, b"{}")
    assert (asked, went) == (["city.example"], [("203.0.114.9", 8443)])


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiver("s") as found:
        found.moods = ["redirect", 200]
        assert HttpsPoster(loopback=True).post(found.url, {}, b"{}") == 307
        assert found.asked == 1


@pytest.fixture
def dripping() -> Iterator[str]:
    """Sends a header line now and then for ever, so that no single wait is ever long."""
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"X-Slow: yes\r\n")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    stop.set()
    thread.join(5)
    server.close()


def test_however_slowly_it_answers_it_is_cut_off(dripping: str) -> None:
    begun = monotonic()
    with pytest.raises(PostFailed):
        HttpsPoster(loopback=True, timeout=0.3).post(dripping, {}, b"{}")
    assert monotonic() - begun < 3
