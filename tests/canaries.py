"""Looks for people's data where none may lie: everything stored, sent and logged, turned back into text first.

A canary is a phone or an ID number that a test planted. It may exist as ciphertext, as a mask and as a keyed hash; so whatever
can be decompressed, decoded from base64, unzipped or unpacked is, until only text is left, and the digits are looked for in
every way in which they are written.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from tests.world import World

DEEP = 6
_BASE64 = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_BETWEEN = r"[\s\-–().·]*"


def pattern(canaries: Iterable[str]) -> re.Pattern[str]:
    """Any of them, however it is spaced, with or without a country code; a phone from its eighth last digit on."""
    found = []
    for canary in canaries:
        signs = re.sub(r"[^0-9Xx]", "", canary)
        tail = signs if len(signs) == 18 else signs[-8:]
        found.append(_BETWEEN.join(map(re.escape, tail)))
    return re.compile("|".join(found), re.IGNORECASE)


def texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Everything readable in a value of a table, an object or an answer."""
    if depth > DEEP or value is None:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(name, depth)
            yield from texts(inner, depth)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from texts(inner, depth)
    elif isinstance(value, str):
        yield value
        for piece in _BASE64.findall(value):
            try:
                decoded = base64.b64decode(piece + "=" * (-len(piece) % 4), altchars=b"-_" if {"-", "_"} & set(piece) else None)
            except (binascii.Error, ValueError):
                continue
            yield from _of_bytes(decoded, depth + 1)
    elif isinstance(value, bytes | bytearray | memoryview) or hasattr(value, "value"):
        yield from _of_bytes(bytes(value), depth + 1)
    else:
        yield str(value)


def _of_bytes(data: bytes, depth: int) -> Iterator[str]:
    if depth > DEEP or not data:
        return
    for unpack in (zlib.decompress, lambda raw: zlib.decompress(raw, 47)):
        try:
            yield from _of_bytes(unpack(data), depth + 1)
            return
        except zlib.error:
            pass
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name
                yield from _of_bytes(archive.read(name), depth + 1)
        return
    for encoding in ("utf-8", "utf-16", "latin-1"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        yield text
        if encoding == "utf-8" and depth < DEEP:
            yield from texts(text, depth + 1)
    try:
        packed = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if not isinstance(packed, int | float | bool | None):
        yield from texts(packed, depth + 1)


def stored(world: World) -> Iterator[tuple[str, Any]]:
    """(where, value) of every row of every table and every object of every bucket of the street."""
    for output, name in world.outputs.items():
        if output.endswith("Table"):
            for page in world.aws("dynamodb").get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
                for item in page["Items"]:
                    yield f"{output} {item.get('sk', item)}", item
        elif output.endswith("Bucket"):
            for entry in world.aws("s3").list_objects_v2(Bucket=name).get("Contents", []):
                found = world.aws("s3").get_object(Bucket=name, Key=entry["Key"])
                yield f"{output} {entry['Key']}", [entry["Key"], found["Metadata"], found["Body"].read()]


def leaks(world: World, canaries: Iterable[str], said: str = "") -> list[str]:
    """Where a canary can be read: tables, objects, and `said` (what was logged). Names the place, not the value."""
    wanted = pattern(canaries)
    found = [where for where, value in stored(world) if any(wanted.search(text) for text in texts(value))]
    return found + (["the log"] if wanted.search(said) else [])
