"""Amazon SNS as a provider of SMS, for regions that have it: AWS's China regions have none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.faults import NO_ANSWER, NOT_CONNECTED, code_of, is_server_fault
from chalicelib.casework import messages, people
from chalicelib.errors import ConfigError
from chalicelib.ports import Sms, SmsRefused, SmsRetry, SmsUnknown
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

    def sent(self, ref: str, phone: str, template: str, at: datetime) -> bool | None:
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
