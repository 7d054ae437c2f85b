"""What can go wrong for a person or an operator, as values.

A domain error never carries words: it names a `reason`, which the catalogues turn into a sentence
(`error.<reason>.title` and `error.<reason>.detail`, with `params`), and the edge renders it as a page or as
an RFC 9457 object. Status codes follow design: 400 shape, 401 not signed in, 403 not this role, 404 unknown or
outside the scope, 409 conflict, 413 too large, 422 rule, 429 limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FieldError:
    """One field that has to change: its name in the form and a code (`field.<code>` in the catalogues)."""

    name: str
    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


class DoorstepError(Exception):
    """Base of everything that is answered to a person with a reason."""

    status = 500
    kind = "unexpected"

    def __init__(
        self,
        reason: str,
        *,
        params: Mapping[str, str | int] | None = None,
        fields: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params: Mapping[str, str | int] = params or {}
        self.fields = tuple(fields)


class Malformed(DoorstepError):
    """The request's shape is wrong: not UTF-8, not a form, a missing or over-long field."""

    status = 400
    kind = "malformed"


class Unauthenticated(DoorstepError):
    """Nobody is signed in, or the session has ended."""

    status = 401
    kind = "unauthenticated"


class Forbidden(DoorstepError):
    """Signed in, inside the scope, but not for this role; also a failed CSRF or Origin check."""

    status = 403
    kind = "forbidden"


class Unknown(DoorstepError):
    """There is no such thing, or it lies outside the reader's scope (the two look alike on purpose)."""

    status = 404
    kind = "not_found"


class Conflict(DoorstepError):
    """Somebody else was quicker, or the same key came with another body."""

    status = 409
    kind = "conflict"


class TooLarge(DoorstepError):
    """The body is larger than what is taken."""

    status = 413
    kind = "too_large"


class NotAllowed(DoorstepError):
    """The rules refuse it in the present state; nothing changed."""

    status = 422
    kind = "not_allowed"


class Limited(DoorstepError):
    """Too many attempts; `params["minutes"]` says when to try again."""

    status = 429
    kind = "limited"


class ConfigError(Exception):
    """For operators: names the key, the value and the remedy."""


class Newer(ConfigError):
    """What stands there was written by a newer version of the code, which this one must not write over."""

    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(
            f"{what} is stored in version {found} and this code writes version {known}, so nothing was changed: deploy the newer "
            "package again (docs/upgrading.md, Rolling back)"
        )
