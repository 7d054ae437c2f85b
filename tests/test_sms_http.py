"""The one call to a provider: verified, made once, never led elsewhere, never read without end."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from chalicelib.adapters import sms_http
from chalicelib.adapters.sms_signing import Call
from chalicelib.ports import SmsRetry, SmsUnknown

PHONE = "+8613800000001"
CALL = Call("sms.example", "/", {"X": PHONE}, b"{}")


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[int]]]:
    """A port whose every connection is given to `answer`, and how many there were."""
    came: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                came.append(1)
                with peer:
                    try:
                        answer(peer)
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], came


def post(port: int, answer_s: float = 10) -> sms_http.Post:
    return sms_http.Post(lambda _: HTTPConnection("127.0.0.1", port, timeout=5), answer_s)


def test_no_redirect_is_followed() -> None:
    def elsewhere(peer: socket.socket) -> None:
        peer.recv(4096)
        there = f"http://127.0.0.1:{peer.getsockname()[1]}/"
        peer.sendall(f"HTTP/1.1 307 Moved\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode())

    with answering(elsewhere) as (port, came), pytest.raises(SmsUnknown, match="HTTP307"):
        post(port)(CALL)
    assert len(came) == 1


def test_an_answer_without_end_is_not_read_without_end() -> None:
    def pours(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n[")
        while True:
            peer.sendall(b"1," * 50_000)

    with answering(pours) as (port, _), pytest.raises(SmsUnknown, match="HTTP200"):
        post(port)(CALL)


def test_headers_that_trickle_are_cut_off_as_a_whole() -> None:
    """Each byte alone would be in time."""
    stop = threading.Event()

    def trickles(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.05):
            peer.sendall(b"X: y\r\n")

    with answering(trickles) as (port, _):
        with pytest.raises(SmsUnknown):
            post(port, 0.2)(CALL)
        stop.set()


def test_a_certificate_that_nobody_vouches_for_ends_before_anything_is_sent(tmp_path: Path) -> None:
    received: list[bytes] = []
    cert = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                try:
                    received.append(context.wrap_socket(peer, server_side=True).recv(100))
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = listener.getsockname()
        connection = sms_http.secured("dysmsapi.aliyuncs.com")
        assert isinstance(connection, HTTPSConnection)
        assert connection.timeout == sms_http.CONNECT_S
        connection.host, connection.port = host, port
        with pytest.raises(SmsRetry, match="SSLCertVerificationError"):
            sms_http.Post(lambda _: connection)(Call("dysmsapi.aliyuncs.com", "/", {"X": PHONE}))
        thread.join(5)
    assert received == []


def certificate(folder: Path) -> Path:
    """One that the server signed itself, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "dysmsapi.aliyuncs.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "own.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
