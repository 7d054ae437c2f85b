"""SMS providers behind one port.

Three endings are told apart, because each allows something else: refused for good, refused for now, and no answer. After no
answer a message may be on its way, so it is never sent again blindly, and a provider's client must not repeat calls by itself.
A provider fits when it takes a template, ordered short parameters and our reference, and can be asked for that reference.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.faults import NO_ANSWER, NOT_CONNECTED, code_of, is_server_fault
from chalicelib.casework import messages, people
from chalicelib.errors import ConfigError
from chalicelib.ports import Sms, SmsProvider, SmsRefused, SmsRetry, SmsUnknown
from chalicelib.street import Sms as SmsOfStreet

# SNS's answers about this number or this text, which another try does not change. Everything else it refuses (throttles, rights,
# spending limits) concerns the account and may be mended: those are tried again and parked, where people see them.
_FINAL = frozenset(
    {
        "InvalidParameter",
        "InvalidParameterValue",
        "OptedOut",
        "OptedOutException",
        "ParameterValueInvalid",
        "UserError",
        "ValidationException",
        "VerificationException",
    }
)


class LocalSms:
    """Sends nothing: the outbox row itself, marked sent with its text, is the message, on the outbox page of one machine."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def send(self, message: Sms) -> str:
        self._taken.add((message.ref, message.phone))
        return f"local-{message.ref}"

    def sent(self, ref: str, phone: str) -> bool | None:
        """What it does not know was not sent: nothing ever leaves the machine, so nothing is lost on the way."""
        return (ref, phone) in self._taken


class SnsSms:
    """Amazon SNS, for regions that have its SMS (AWS China has none). It takes the whole text and knows no templates."""

    def __init__(self, aws: Aws, street: SmsOfStreet) -> None:
        self._aws = aws
        self._street = street

    def _sns(self) -> Any:
        sns = self._aws.client("sns")
        if sns.meta.config.retries.get("total_max_attempts") != 1:
            raise ConfigError("the SNS client repeats calls, which may send an SMS twice; build it with total_max_attempts=1")
        return sns

    def send(self, message: Sms) -> str:
        if not people.is_mobile(message.phone):
            raise SmsRefused("not_mobile")
        template = self._street.templates.get(message.template)
        try:
            text = messages.fill(message.template, message.params, template.sign if template else self._street.sign)
        except messages.MessageError as error:
            raise SmsRefused(str(error)) from error
        try:
            answer = self._sns().publish(
                PhoneNumber=message.phone,
                Message=text,
                MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
            )
        except (ClientError, *NO_ANSWER) as error:
            # Not chained: the request inside botocore's error holds the number.
            raise _translated(error) from None
        return str(answer["MessageId"])

    def sent(self, ref: str, phone: str) -> bool | None:
        """SNS can't be asked about a message by our reference."""
        return None


def _translated(error: Exception) -> Exception:
    if isinstance(error, ClientError):
        if code_of(error) in _FINAL:
            return SmsRefused(code_of(error))
        if is_server_fault(error):
            return SmsUnknown(code_of(error))
        return SmsRetry(code_of(error))
    if isinstance(error, NOT_CONNECTED):
        return SmsRetry(type(error).__name__)
    return SmsUnknown(type(error).__name__)


def provider(name: str, aws: Aws, street: SmsOfStreet) -> SmsProvider:
    """The provider of that name: `local` or `sns`. Raises `ConfigError` for any other."""
    if name == "local":
        return LocalSms()
    if name == "sns":
        return SnsSms(aws, street)
    raise ConfigError(f"sms provider {name!r} is not known; use 'sns' (where the region has its SMS) or 'local' (one machine)")
