"""Why a command-line tool can't go on, in words for the operator."""

from __future__ import annotations


class InfraError(Exception):
    """The message says what is wrong and, where there is one, the remedy."""
