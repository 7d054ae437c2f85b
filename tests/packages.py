"""The built package of a street, made once per process for every test that looks at it."""

from __future__ import annotations

import json
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any, cast

from infra.package.build import ROOT, Built, Places, build
from infra.package.common import Common

STREET = "changqiao"
PARTITIONS = ("aws", "aws-cn")
REGIONS = {"aws": "eu-central-1", "aws-cn": "cn-north-1"}


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="doorstep-tests-")


def folder() -> Path:
    """A folder of this process, gone with it."""
    return Path(_scratch().name)


@cache
def common() -> Common:
    """What every street shares, made once per process; wheels and pruned dependencies are shared with `make package`."""
    scratch = folder() / "common"
    scratch.mkdir()
    return Common(ROOT, Places().cache, scratch, quiet)


def quiet(_: str) -> None:
    pass


@cache
def package(partition: str, street: str = STREET) -> Built:
    """Built into a folder of its own."""
    return build(street, quiet, partition, Places(build=folder() / partition), common())


@cache
def template(partition: str, street: str = STREET) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(package(partition, street).template.read_text("utf-8")))


@cache
def unzipped() -> Path:
    """The package as Lambda lays it out."""
    target = folder() / "task"
    with zipfile.ZipFile(package("aws").zip) as archive:
        archive.extractall(target)
    return target


def of_type(content: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource for name, resource in content["Resources"].items() if resource["Type"] == kind}
