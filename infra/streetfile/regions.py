"""Where a street can run, and which SMS providers work there."""

from __future__ import annotations

from functools import cache


@cache
def known_regions() -> tuple[str, ...]:
    """Regions with DynamoDB in AWS's global and China partitions, from the SDK's own data."""
    from botocore.session import Session

    session = Session()
    found: list[str] = []
    for partition in ("aws-cn", "aws"):
        found += sorted(session.get_available_regions("dynamodb", partition_name=partition))
    return tuple(found)


def sms_problem(provider: str, region: str) -> tuple[str, str] | None:
    """What is wrong with a provider in a region, and the remedy. AWS's China regions have no SNS SMS."""
    if provider == "sns" and region.startswith("cn-"):
        return f"does not exist in {region}: AWS China has no SNS SMS", 'use "aliyun" or "tencent" there'
    return None
