"""Small words for writing CloudFormation as plain dictionaries."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

# Where the template will be deployed. `aws` covers every commercial region, `aws-cn` Beijing and Ningxia.
PARTITIONS = ("aws", "aws-cn")


def check_partition(partition: str) -> str:
    """Returns `partition`. Raises `ValueError` naming the two that exist."""
    if partition not in PARTITIONS:
        raise ValueError(f"partition is {partition!r}; it is one of {', '.join(PARTITIONS)}")
    return partition


def ref(name: str) -> Json:
    return {"Ref": name}


def attr(name: str, attribute: str) -> Json:
    return {"Fn::GetAtt": [name, attribute]}


def sub(text: str) -> Json:
    return {"Fn::Sub": text}


def retained(resource: Json) -> Json:
    """A resource whose data outlives the stack, and a replacement of it."""
    return {**resource, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def merge(*parts: Json) -> Json:
    """Joins the sections of several half templates. Raises `ValueError` when a name is taken twice."""
    joined: Json = {}
    for part in parts:
        for section, entries in part.items():
            target = joined.setdefault(section, {})
            twice = sorted(set(target) & set(entries))
            if twice:
                raise ValueError(f"{section} {', '.join(twice)}: defined twice; one of the halves has to use another name")
            target.update(entries)
    return joined
