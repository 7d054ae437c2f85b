"""What a failed AWS call means: refused for good, refused for now, or no answer at all.

The three differ in what may be done next. Refused for now: nothing happened, try again. No answer: it may have happened, so ask
before trying again. Every adapter translates with these three questions and keeps botocore's errors to itself.
"""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)

# No answer came: the connection failed, broke, or the reply was too late.
NO_ANSWER = (HTTPClientError, ConnectionError)
# The connection was never made, so the service can't have seen the call.
NOT_CONNECTED = (EndpointConnectionError, ConnectTimeoutError)

_THROTTLES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def code_of(error: ClientError) -> str:
    """The service's own name of the error, e.g. `ConditionalCheckFailedException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of the answer; 0 if the answer had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_throttle(error: ClientError) -> bool:
    """The service took too many calls; this one did nothing."""
    return code_of(error) in _THROTTLES or code_of(error).endswith("ThrottlingException") or status_of(error) == 429


def is_server_fault(error: ClientError) -> bool:
    """The service failed half-way (5xx) and doesn't say how far it came."""
    return status_of(error) >= 500
