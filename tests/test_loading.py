"""What a process loads: from sources everything, from the package what it is asked for, and for a submission hardly that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from chalicelib import codes
from chalicelib.handlers import loading
from chalicelib.handlers.routing import ROUTES
from chalicelib.street import read_places
from infra.errors import InfraError
from infra.package import lighten
from tests import packages

# Rooms of the house that a submission has no business in.
ELSEWHERE = ("jinja2", "PIL", "segno", "argon2", "chalicelib.web.pages", "chalicelib.web.views", "chalicelib.web.i18n")
SECRET = bytes(range(32))
# The package's process with AWS played inside it: what was called, what was loaded when, and the answer.
PROCESS = """
import base64, gc, json, sys
folder, event, dead = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:] == ["dead"]
sys.path.insert(0, folder)
from botocore import awsrequest, exceptions, httpsession
secret = base64.b64encode(bytes(range(32))).decode()
ANSWERS = {
    "GetItem": {"Item": {"root": {"B": secret}, "code_version": {"S": "2"}, "code_key": {"B": secret}}},
    "GenerateDataKey": {"KeyId": "k", "Plaintext": secret, "CiphertextBlob": secret},
}
calls = []
def send(self, request):
    name = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
    if dead:
        raise exceptions.EndpointConnectionError(endpoint_url=request.url)
    calls.append(name)
    answer = awsrequest.AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.0"}, None)
    answer._content = json.dumps(ANSWERS.get(name, {})).encode()
    return answer
httpsession.URLLib3Session.send = send
import re
compiled, parse = [], re._parser.parse
re._parser.parse = lambda *asked: compiled.append(asked) or parse(*asked)
import app
begun = {"modules": sorted(sys.modules), "collecting": gc.isenabled(), "calls": list(calls)}
dead = False
answer = app.app(event, None)
print(json.dumps({
    "begun": begun, "status": answer["statusCode"], "modules": sorted(sys.modules), "collecting": gc.isenabled(), "calls": calls,
    "compiled": len(compiled),
}))
"""
ENVIRON = {
    "AWS_REGION": "cn-north-1",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nobody",
    "AWS_EC2_METADATA_DISABLED": "true",
    "DOORSTEP_KMS_KEY": "alias/vault",
    **{f"DOORSTEP_{name}_TABLE": name.title() for name in ("CASES", "OUTBOX", "STAFF", "REGISTERS", "KEYS")},
    **{f"DOORSTEP_{name}_BUCKET": name.lower() for name in ("PHOTOS", "CODES")},
    **{f"DOORSTEP_{name}_FUNCTION": name.lower() for name in ("REVEAL", "EXPORT")},
}


def asked(method: str) -> dict[str, Any]:
    """The form's event: it is sent, or asked for."""
    place = next(place for place in read_places(packages.unzipped() / "chalicelib" / "places.json").values() if not place.retired)
    code = codes.sign("issue", place.id, "2", SECRET)
    fields = {"key": "0123456789abcdef" * 2, "code": code, "text": "楼道的灯坏了三天，晚上看不见台阶。", "phone": "13900000000"}
    headers = {"host": "door.example", "content-type": "application/x-www-form-urlencoded"}
    return {
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": {"c": [code]},
        "pathParameters": {"kind": "issue"},
        "stageVariables": None,
        "requestContext": {"resourcePath": "/f/{kind}", "httpMethod": method, "path": "/V1/f/issue", "stage": "V1"},
        "body": urlencode(fields) if method == "POST" else None,
        "isBase64Encoded": False,
    }


def process(event: dict[str, Any], *words: str, **environ: str) -> dict[str, Any]:
    """What the package's process says at last; `said` are the lines it logged before."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", PROCESS, str(packages.unzipped()), json.dumps(event), *words],
        env={**ENVIRON, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    *said, found = done.stdout.splitlines()
    return {**cast(dict[str, Any], json.loads(found)), "said": said}


def test_the_package_knows_for_every_route_the_module_that_declares_it() -> None:
    import app

    assert app.app.routes
    table = json.loads((packages.unzipped() / "chalicelib" / "routes.json").read_text("utf-8"))
    declared = {f"{method} {path}": one.module for (path, method), one in ROUTES.items()}
    assert {route: f"chalicelib.handlers.{module}" for route, module in table.items()} == declared
    assert set(table.values()) == set(loading.MODULES)


def test_every_module_with_routes_is_loaded_from_sources() -> None:
    """A new module of handlers that nobody lists would have no routes, and no test would see them missing."""
    folder = Path(loading.__file__).parent
    declaring = {path.stem for path in folder.glob("*.py") if "= Blueprint(__name__)" in path.read_text("utf-8")}
    assert declaring == set(loading.MODULES)
    assert len(loading.MODULES) == len(declaring)


def test_a_submission_loads_no_page_and_collects_garbage_only_when_everything_stands() -> None:
    done = process(asked("POST"))
    assert (done["status"], done["calls"]) == (303, ["GetItem", "GenerateDataKey", "TransactWriteItems"])
    handlers = {name for name in done["modules"] if name.startswith("chalicelib.handlers.")}
    assert handlers == {f"chalicelib.handlers.{name}" for name in ("http", "loading", "kept", "routing", "submission")}
    assert not [name for name in done["modules"] if name.startswith(ELSEWHERE)]
    assert (done["begun"]["collecting"], done["collecting"]) == (False, True)


def test_a_cold_submission_compiles_hardly_any_regular_expression_itself() -> None:
    assert process(asked("POST"))["compiled"] <= 5


def test_a_page_is_answered_by_the_module_that_is_loaded_then_from_compiled_templates() -> None:
    done = process(asked("GET"))
    assert done["status"] == 200
    loaded = set(done["modules"]) - set(done["begun"]["modules"])
    assert {"chalicelib.handlers.resident", "chalicelib.web.pages", "jinja2"} <= loaded
    assert "chalicelib.handlers.desk" not in loaded


def test_an_address_without_a_route_is_refused_in_the_readers_language() -> None:
    event = asked("GET")
    event["requestContext"] |= {"resourcePath": "/nowhere", "path": "/V1/nowhere"}
    done = process(event)
    assert done["status"] == 404
    assert "chalicelib.handlers.fallback" in done["modules"]


def test_on_lambda_a_process_reads_its_secrets_before_it_is_asked() -> None:
    done = process(asked("POST"), AWS_LAMBDA_FUNCTION_NAME="web")
    assert (done["begun"]["calls"], done["calls"][1:]) == (["GetItem"], ["GenerateDataKey", "TransactWriteItems"])
    assert done["begun"]["collecting"]


def test_a_process_that_begins_without_its_secrets_says_so_and_reads_them_when_it_is_asked() -> None:
    done = process(asked("POST"), "dead", AWS_LAMBDA_FUNCTION_NAME="web")
    assert (done["status"], done["begun"]["calls"]) == (303, [])
    assert done["calls"] == ["GetItem", "GenerateDataKey", "TransactWriteItems"]
    assert "began without its secrets" in done["said"][0]


def test_pages_are_compiled_in_the_package_and_their_sources_stay_out() -> None:
    web = packages.unzipped() / "chalicelib" / "web"
    assert not (web / "templates").exists()
    sources = list((Path(loading.__file__).parent.parent / "web" / "templates").rglob("*.html"))
    assert len(list((web / "compiled").glob("tmpl_*.py"))) == len(sources)


def test_the_sdk_hears_of_its_own_services_events_alone() -> None:
    script = """
import sys
sys.path.insert(0, sys.argv[1])
from botocore import handlers, utils
names = [one[0] for one in handlers.BUILTIN_HANDLERS]
services = {name.split(".")[1] for name in names if "." in name}
print(utils.EVENT_ALIASES, sorted(services), any(name.startswith("docs") for name in names), "before-sign.s3" in names)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script, str(packages.unzipped())], capture_output=True, text=True, check=True
    )
    assert done.stdout == "{} ['s3'] False True\n"


def test_roots_of_certificates_are_those_that_aws_may_stand_under() -> None:
    kept = (packages.unzipped() / "botocore" / "cacert.pem").read_text("utf-8")
    from botocore import httpsession

    whole = Path(httpsession.DEFAULT_CA_BUNDLE).read_text("utf-8")
    assert kept == lighten.roots(whole)
    assert lighten.ROOTS_AT_LEAST <= kept.count("BEGIN CERTIFICATE") < whole.count("BEGIN CERTIFICATE") / 4
    for name in ("Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4", "Starfield Services Root"):
        (pem,) = lighten.roots(only(whole, name), at_least=1).split("-----BEGIN CERTIFICATE-----\n")[1:]
        assert pem in kept, name


def only(bundle: str, name: str) -> str:
    """The one certificate of that name, with what stands above it."""
    (found,) = (part for part in bundle.split("# Issuer: ") if f"CN={name}" in part.split("\n")[0])
    return "# Issuer: " + found


def test_a_library_that_is_not_what_it_was_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "client.py").write_text("from botocore.docs.service import ServiceDocumenter\n", "utf-8")
    with pytest.raises(InfraError, match=r"client\.py of botocore imports ServiceDocumenter of botocore\.docs\.service"):
        lighten.silence_docs(tmp_path)
    for name, text in (("handlers", "BUILTIN_HANDLERS = ()\n"), ("utils", "")):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    with pytest.raises(InfraError, match=r"handlers\.py lists its handlers otherwise"):
        lighten.only_our_events(tmp_path)
    (tmp_path / "handlers.py").write_text("\nBUILTIN_HANDLERS = [\n]\n_add_parameter_aliases(BUILTIN_HANDLERS)", "utf-8")
    (tmp_path / "utils.py").write_text("EVENT_ALIASES = {\n    'dynamodb': 'tables',\n}\n", "utf-8")
    with pytest.raises(InfraError, match="gives a service of ours another name"):
        lighten.only_our_events(tmp_path)
    (tmp_path / "session.py").write_text("import jmespath\n", "utf-8")
    with pytest.raises(InfraError, match=r"uses jmespath otherwise: \['session\.py'\]"):
        lighten.without_queries(tmp_path, tmp_path)
    with pytest.raises(InfraError, match="urllib3 uses its http2 otherwise"):
        lighten.without_http2(tmp_path)
    with pytest.raises(InfraError, match="only 0 roots left"):
        lighten.roots("# Issuer: CN=Somebody else\n")
