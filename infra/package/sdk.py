"""The SDK's own data, trimmed: services that are called, operations that some policy allows, no documentation.

botocore parses these files in every cold start. What is cut can't be called by accident: an operation that is missing here has no
permission either, and a test compares the two lists.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# Service -> (version, operations).
SERVICES: dict[str, tuple[str, frozenset[str]]] = {
    "dynamodb": (
        "2012-08-10",
        frozenset(
            {
                "BatchGetItem",
                "DeleteItem",
                "GetItem",
                "PutItem",
                "Query",
                "TransactGetItems",
                "TransactWriteItems",
                "UpdateItem",
            }
        ),
    ),
    "kms": ("2014-11-01", frozenset({"Decrypt", "GenerateDataKey"})),
    "lambda": ("2015-03-31", frozenset({"Invoke"})),
    # The presigner describes its POST by CreateBucket, and a redirect is followed by HeadBucket; neither is allowed to succeed.
    "s3": (
        "2006-03-01",
        frozenset({"CreateBucket", "DeleteObject", "GetObject", "HeadBucket", "HeadObject", "ListObjectsV2", "PutObject"}),
    ),
    "sns": ("2010-03-31", frozenset({"Publish"})),
}

# Files of a service that a client needs, and of the SDK as a whole. Paginators, waiters and examples are not among them.
SERVICE_FILES = frozenset({"service-2.json.gz", "service-2.sdk-extras.json", "endpoint-rule-set-1.json.gz"})
SDK_FILES = frozenset({"_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json"})


def trim(data: Path) -> None:
    """Rewrites the files below botocore's `data` folder in place, as plain JSON (the zip compresses them once)."""
    _write(data / "endpoints.json", endpoints(json.loads((data / "endpoints.json").read_bytes())))
    for service, (version, operations) in SERVICES.items():
        folder = data / service / version
        for packed in sorted(folder.glob("*.json.gz")):
            content = json.loads(gzip.decompress(packed.read_bytes()))
            if packed.name == "service-2.json.gz":
                content = model(content, operations)
            _write(packed.with_suffix(""), content)
            packed.unlink()


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False), "utf-8")


def endpoints(content: dict[str, Any]) -> dict[str, Any]:
    """Every partition and region, but only our services."""
    for partition in content["partitions"]:
        partition["services"] = {name: found for name, found in partition["services"].items() if name in SERVICES}
    return content


def model(content: dict[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """A service's description with these operations, the shapes they reach, and no documentation.

    Raises `KeyError` when the SDK has renamed an operation.
    """
    kept = {name: content["operations"][name] for name in sorted(operations)}
    shapes: dict[str, Any] = {}
    waiting = list(_shapes_of(kept))
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = content["shapes"][name]
            waiting.extend(_shapes_of(shapes[name]))
    for operation in kept.values():
        # Which tables a call names, for endpoints of single accounts, which nobody here has; collected anew in every call.
        operation.pop("operationContextParams", None)
    rest = {key: value for key, value in content.items() if key not in {"operations", "shapes", "documentation"}}
    return {**rest, "operations": _silent(kept), "shapes": _silent({name: shapes[name] for name in sorted(shapes)})}


def _shapes_of(node: Any) -> Iterator[str]:
    """Names in `{"shape": NAME}` anywhere below."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _shapes_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from _shapes_of(value)


def _silent(node: Any) -> Any:
    """The same without documentation texts. A member that happens to be called so is a mapping, and stays."""
    if isinstance(node, dict):
        return {key: _silent(value) for key, value in node.items() if not (key == "documentation" and isinstance(value, str))}
    if isinstance(node, list):
        return [_silent(value) for value in node]
    return node
