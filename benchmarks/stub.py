"""DynamoDB and KMS reduced to their answers, on loopback, over TLS, in a process of its own: only the caller's CPU is measured.

`python stub.py stub.pem` prints its port. Nothing is stored: reads find nothing but the secrets, writes succeed.
`GET /calls` answers what was called since the last time, as a JSON list of `[operation, request]`.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

SECRET = bytes(range(32))
CODE_VERSION = "2"
WRAPPED = b"wrapped data key, as long as those of KMS are".ljust(184, b".")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


# The one item of the Keys table, as the keyring stores it.
SECRETS = {
    "pk": {"S": "KEYS"},
    "sk": {"S": "ROOT"},
    "root": {"B": _b64(SECRET)},
    "code_version": {"S": CODE_VERSION},
    "code_key": {"B": _b64(SECRET)},
}


def answer(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What the service would say."""
    if operation == "GetItem" and asked["Key"].get("pk") == SECRETS["pk"]:
        return {"Item": SECRETS}
    if operation == "Query":
        return {"Items": [], "Count": 0, "ScannedCount": 0}
    if operation == "GenerateDataKey":
        return {"KeyId": asked["KeyId"], "Plaintext": _b64(SECRET), "CiphertextBlob": _b64(WRAPPED)}
    if operation == "DescribeTable":
        # PynamoDB asks for it unless its models name everything.
        return {"Table": {"TableName": asked["TableName"], "KeySchema": [], "AttributeDefinitions": []}}
    return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls: ClassVar[list[tuple[str, Any]]] = []
    lock = threading.Lock()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        target = self.headers.get("X-Amz-Target", "")
        operation = target.rpartition(".")[2]
        with self.lock:
            self.calls.append((operation, asked))
        self._send(answer(operation, asked), "application/x-amz-json-1.0")

    def do_GET(self) -> None:
        with self.lock:
            made, self.calls[:] = list(self.calls), []
        self._send(made, "application/json")

    def _send(self, content: Any, kind: str) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a line per call would be measured on small machines."""


class Server(ThreadingHTTPServer):
    """Shakes hands in the thread of each connection."""

    daemon_threads = True

    def __init__(self, pem: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self._context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)


def main() -> None:
    server = Server(sys.argv[1])
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
