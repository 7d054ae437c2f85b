"""DynamoDB and KMS reduced to their answers, on loopback, in a process of its own: so that only the caller's CPU is measured.

`python stub.py` prints its port. Nothing is stored: every read but that of the secrets finds nothing, every write succeeds.
`GET /calls` answers the operations called since the last time, as a JSON list.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

SECRET = bytes(range(32))
CODE_VERSION = "2"
WRAPPED = b"wrapped data key"


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
    return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls: ClassVar[list[str]] = []
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers.get("X-Amz-Target", "")
        operation = target.rpartition(".")[2]
        with self.lock:
            self.calls.append(operation)
        self._send(answer(operation, json.loads(body)), "application/x-amz-json-1.0")

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


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
