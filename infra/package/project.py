"""A throw-away Chalice project, and what Chalice's own packager says about it.

The project is app.py, chalicelib/ as it ships, the compiled street, and a configuration written here: nothing of it
is committed. Chalice checks the routes as AWS will, vendors its two run-time modules and describes the API and the functions; the
template is built from that description.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from infra.errors import InfraError
from infra.package.prune import app_ships
from infra.template.api import COMPRESS_FROM_BYTES, STAGE
from infra.template.assemble import AppFacts

CHALICE_S = 120
APP_NAME = "doorstep"

_VARIABLE = re.compile(r"^\{(.+)\}$")


@dataclass(frozen=True)
class Project:
    """`files` are the names that ship, relative to `folder`: app.py, chalicelib/**, chalice/**."""

    folder: Path
    files: tuple[str, ...]
    facts: AppFacts


def make(root: Path, folder: Path, street_files: Mapping[str, bytes], runtime: str, needs: list[str]) -> Project:
    """Lays out the project of the sources at `root` in the empty `folder` and packages it.

    Raises `InfraError` with Chalice's words.
    `street_files` are street.json and places.json; `needs` the requirements, for whoever looks into the project.
    """
    shutil.copyfile(root / "app.py", folder / "app.py")
    for source in sorted((root / "chalicelib").rglob("*")):
        inside = source.relative_to(root / "chalicelib").as_posix()
        if source.is_file() and app_ships(inside):
            target = folder / "chalicelib" / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for name, data in street_files.items():
        (folder / "chalicelib" / name).write_bytes(data)
    (folder / ".chalice").mkdir()
    (folder / ".chalice" / "config.json").write_text(json.dumps(_config(), indent=1), "utf-8")
    # Chalice insists on a policy when it is not to guess one; the template has the real ones.
    (folder / ".chalice" / "none.json").write_text('{"Version": "2012-10-17", "Statement": []}', "utf-8")
    # Dependencies are laid beside the app by the builder; to Chalice the list is comments, so that it fetches none itself.
    (folder / "requirements.txt").write_text("".join(f"# {need}\n" for need in needs), "utf-8")
    facts = _package(folder, runtime)
    _prepare(folder)
    shutil.rmtree(folder / ".chalice")
    (folder / "requirements.txt").unlink()
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return Project(folder, tuple(files), facts)


def _config() -> dict[str, Any]:
    stage = {
        "api_gateway_stage": STAGE,
        "api_gateway_endpoint_type": "REGIONAL",
        "minimum_compression_size": COMPRESS_FROM_BYTES,
        "iam_policy_file": "none.json",
    }
    return {"version": "2.0", "app_name": APP_NAME, "autogen_policy": False, "xray": False, "stages": {STAGE: stage}}


def _package(folder: Path, runtime: str) -> AppFacts:
    out = folder / ".chalice" / "out"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DOORSTEP_"))}
    environ |= {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-c", "from chalice.cli import main; raise SystemExit(main())"]
    done = subprocess.run(
        [*command, "package", "--stage", STAGE, "--template-format", "json", str(out)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=CHALICE_S,
        check=False,
    )
    if done.returncode or not (out / "sam.json").exists():
        words = (done.stderr or done.stdout).strip().splitlines()
        raise InfraError("chalice refuses the app:\n" + "\n".join(words[-8:]))
    described = cast(dict[str, Any], json.loads((out / "sam.json").read_text("utf-8")))
    with zipfile.ZipFile(out / "deployment.zip") as vendored:
        for name in vendored.namelist():
            if name.startswith("chalice/") and not name.endswith("/"):
                vendored.extract(name, folder)
    return _facts(described["Resources"], runtime)


# What a process would otherwise find out each time it begins: which module answers which route, in the same order every
# time, and what the templates say, as Python.
_PREPARE = """
import json
import app
from chalicelib.handlers import loading, routing
from chalicelib.web import render
table = {f"{method} {path}": one.module.rpartition(".")[2] for (path, method), one in sorted(routing.ROUTES.items())}
loading.TABLE.write_text(json.dumps(table, indent=0) + "\\n", "utf-8")
render.precompile(render.COMPILED)
"""
# What a process that was prepared so loads for its first submission; it compiles no expression of its own.
_RECORD = """
from chalicelib.handlers import kept
def load():
    import app
    from chalicelib.adapters import aws, keyring, photos, vault
    from chalicelib.models import hooks, orders, photos, staff
    aws.Aws("us-east-1").client("dynamodb")
kept.record(load)
"""


def _prepare(folder: Path) -> None:
    """Raises `InfraError` with Python's words."""
    environ = {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    for script in (_PREPARE, _RECORD):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=CHALICE_S,
            check=False,
        )
        if done.returncode:
            raise InfraError("the packaged app does not import:\n" + "\n".join(done.stderr.strip().splitlines()[-8:]))
    shutil.rmtree(folder / "chalicelib" / "web" / "templates")


def _facts(resources: Mapping[str, Any], runtime: str) -> AppFacts:
    handlers = {
        name: resource["Properties"]["Handler"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    stray = sorted(
        f"{name} ({resource['Type']})"
        for name, resource in resources.items()
        if resource["Type"]
        not in {"AWS::Serverless::Function", "AWS::Serverless::Api", "AWS::IAM::Role", "AWS::Lambda::Permission"}
    )
    stray += sorted(name for name, resource in resources.items() if resource["Properties"].get("Events"))
    if stray:
        raise InfraError(
            f"{', '.join(stray)}: app.py declares an event source itself; declare a plain lambda_function, "
            "and what starts it in infra/template/functions.py"
        )
    api = resources["RestAPI"]["Properties"]["DefinitionBody"]
    check_routes(api["paths"])
    return AppFacts(handlers, api, runtime)


def check_routes(paths: Mapping[str, Any]) -> None:
    """Raises `InfraError` when one level of the URLs has two variable names: AWS refuses it only at deployment."""
    names: dict[str, str] = {}
    for path in sorted(paths):
        parent = ""
        for part in path.strip("/").split("/"):
            found = _VARIABLE.match(part)
            if found and names.setdefault(parent, found[1]) != found[1]:
                raise InfraError(f"{path}: the level below {parent or '/'} is {{{names[parent]}}} elsewhere; use one name")
            parent += "/" + ("{}" if found else part)
