"""Bodies of JSON, read into the shapes by which the API is described: what the description refuses is refused."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from chalicelib.errors import FieldError, Malformed, TooLarge
from chalicelib.handlers.http import BODY_MAX, Asked

Shape = TypeVar("Shape", bound=msgspec.Struct)
# Where msgspec says that something is wrong: "… - at `$.photos[...]`".
_AT = re.compile(r"`\$\.([A-Za-z_]+)")
_MISSING = re.compile(r"(?:required|unknown) field `([^`]+)`")


def read(it: Asked, shape: type[Shape]) -> Shape:
    """The body as a value of that shape. Raises `Malformed("json")`, naming the field where one is to blame, or `TooLarge`."""
    if len(it.body) > BODY_MAX:
        raise TooLarge("body")
    try:
        found = msgspec.json.decode(it.body, type=shape)
    except msgspec.ValidationError as error:
        at = _AT.search(str(error)) or _MISSING.search(str(error))
        raise Malformed("json", fields=[FieldError(at[1], "shape")] if at else ()) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("json") from error
    if _has_nul(msgspec.to_builtins(found)):
        raise Malformed("json")
    return found


def _has_nul(plain: object) -> bool:
    """No form field can hold one, so no case does."""
    if isinstance(plain, dict):
        return any(_has_nul(one) for pair in plain.items() for one in pair)
    return "\0" in plain if isinstance(plain, str) else isinstance(plain, list | tuple) and any(_has_nul(one) for one in plain)
