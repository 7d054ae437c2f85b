"""The described API by its own description: schemathesis makes what the document allows and what it forbids, calls, and holds
status, type and body of every answer against the document.

Made-up case numbers and codes would all end at the door, so half of the cases get ones that exist; who signs in and who signs an
order does so most of the time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from requests import PreparedRequest, Request
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from chalicelib.casework import signing
from chalicelib.casework.ladder import STEPS
from tests.fuzz.oracle import ORIGIN, Got, Oracle, Sent
from tests.fuzz.surfaces import Surfaces

SURFACE = "described API"
CHECKS = (
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)
# What is forbidden by the schema is refused; in addresses every text is a text, so there it may be taken.
REFUSING = checks.negative_data_rejection


class Described:
    """Runs so many cases over all operations; `operations` is how many there are."""

    def __init__(self, surfaces: Surfaces, oracle: Oracle, after: Callable[[Got | None], None]) -> None:
        self.surfaces, self.oracle, self.after = surfaces, oracle, after
        document = json.loads(surfaces.street.world.client(lang="en").get("/openapi.json").body)
        self.schema = schemathesis.openapi.from_dict(document)
        self.schema.config.update(base_url=ORIGIN)
        self.operations = [result.ok() for result in self.schema.get_all_operations() if isinstance(result, Ok)]
        self.chance = surfaces.chance

    def run(self, cases: int, first_seed: int, *, new: bool) -> None:
        """`new` makes other cases each time; else the same seed makes the same ones."""
        before, turn = self.oracle.counts[SURFACE], 0
        # What takes nothing has nothing to forbid, and makes fewer.
        while (missing := cases - self.oracle.counts[SURFACE] + before) > 0:
            each = missing // (2 * len(self.operations)) + 1
            for number, operation in enumerate(self.operations):
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    self._operation(operation, mode, each, first_seed + number + 100 * turn, new)
            turn += 1

    def _operation(self, operation: Any, mode: GenerationMode, most: int, first_seed: int, new: bool) -> None:
        made = operation.as_strategy(generation_mode=mode)

        @seed(first_seed)
        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=made, chance=st.randoms(use_true_random=new))
        def one(case: Any, chance: Random) -> None:
            self._case(case, chance, mode)

        # An operation that takes nothing has nothing that could be forbidden.
        with suppress(Unsatisfiable):
            one()

    def _case(self, case: Any, chance: Random, mode: GenerationMode) -> None:
        genuine = self._deepened(case, chance) if chance.random() < 0.6 else set()
        sent, prepared = self._sent(case, chance)
        began = time.monotonic()
        got = self.oracle.send(SURFACE, sent)
        if got is not None:
            self._checked(case, sent, prepared, got, time.monotonic() - began, mode, genuine)
        self.after(got)

    # ---- leading deeper

    def _deepened(self, case: Any, chance: Random) -> set[str]:
        """Puts what exists in place of what was made up; which parts it changed."""
        street, changed = self.surfaces.street, set()
        values = {
            "case": street.numbers,
            "token": street.tokens,
            "act": list(STEPS),
            "source": list(street.order_secrets),
            "provider": list(street.receipt_tokens),
            "file": ["hardware.xml", "hardware.json"],
        }
        for name in case.path_parameters or {}:
            if name in values:
                case.path_parameters[name] = chance.choice(values[name])
                changed.add("path")
        if "provider" in (case.path_parameters or {}):
            case.path_parameters["token"] = street.receipt_tokens[case.path_parameters["provider"]]
        if isinstance(case.body, dict):
            given_values: dict[str, Any] = {
                "code": chance.choice([code for code in self.surfaces.codes if code[0] == "I"]),
                "api_key": street.api_key,
                "place": "JNP3NT",
            }
            given_values |= {"service_code": "hardware", "address_id": "JNP3NT", "category": "hardware", "reporter": "resident"}
            given_values |= {"phone": "", "proof": "", "text": "灯不亮", "class": "", "received": "", "lat": "", "long": ""}
            given_values |= {"photos": [], "nickname": "甲", "elsewhere": "", "external": f"SH-{chance.randrange(99)}", "slot": 1}
            for name, value in given_values.items():
                if name in case.body and chance.random() < 0.9:
                    case.body[name] = value
                    changed.add("body")
        return changed

    def _sent(self, case: Any, chance: Random) -> tuple[Sent, PreparedRequest]:
        kwargs = case.as_transport_kwargs(base_url=ORIGIN)
        prepared = Request(**{name: value for name, value in kwargs.items() if name in REQUEST}).prepare()
        raw = prepared.body or b""
        if not isinstance(raw, str | bytes):
            raise TypeError(f"a body of {type(raw).__name__}")
        body = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
        headers = [(name, _text(value)) for name, value in prepared.headers.items()]
        headers = [pair for pair in headers if pair[0].lower() not in {"content-length", "connection"}]
        operation = case.operation
        if operation.definition.raw.get("security") and chance.random() < 0.9:
            who = chance.choice(list(self.surfaces.sessions))
            headers = [pair for pair in headers if pair[0].lower() not in {"cookie", "x-csrf"}]
            headers += [*self.surfaces.signed_in(who), ("X-CSRF", self.surfaces.csrf[who])]
        source = (case.path_parameters or {}).get("source")
        if source in self.surfaces.street.order_secrets and chance.random() < 0.9:
            headers = [pair for pair in headers if not pair[0].lower().startswith("x-doorstep")]
            # What is no UTF-8 arrives as replacement characters; the sender signs what it sends.
            stamp = str(int(time.time()))
            secret = self.surfaces.street.order_secrets[source]
            headers += [(signing.TIMESTAMP, stamp), (signing.SIGNATURE, signing.signature([secret], stamp, body))]
        target = "/" + (prepared.url or "").split("/", 3)[3]
        return Sent(prepared.method or "GET", target, headers, body), prepared

    # ---- holding it against the document

    def _checked(
        self, case: Any, sent: Sent, prepared: PreparedRequest, got: Got, took: float, mode: GenerationMode, changed: set[str]
    ) -> None:
        answered = Response(
            status_code=got.status,
            headers={name.lower(): [value] for name, value in got.headers},
            content=got.body,
            request=prepared,
            elapsed=took,
            verify=True,
        )
        held = [*CHECKS, REFUSING] if mode is GenerationMode.NEGATIVE and not changed and _refusable(case, sent) else list(CHECKS)
        try:
            case.validate_response(answered, checks=held)
        except (Failure, FailureGroup) as failure:
            several = getattr(failure, "exceptions", None) or [failure]
            for one in several:
                what = f"{case.operation.label}: {type(one).__name__}: {_first_line(one)}"
                self.oracle.found(SURFACE, what, f"{sent} answered {got.status} {got.body[:300]!r}")


def _refusable(case: Any, sent: Sent) -> bool:
    """Whether what the document forbids is in the body, or in a parameter that counts. The session is ours, in a path and
    a header every text is a text, names that nobody asked for are ignored. Of GeoReport an empty parameter is none, and an id
    outranks all others.
    """
    query = case.query or {}
    # As they arrive: nothing, an empty list and a list of one are written alike. Of one that is repeated, the last counts.
    arrived = dict(parse_qsl(urlsplit(sent.target).query, keep_blank_values=True))
    if case.meta is None or "service_request_id" in query or ("open311" in case.path and "" in arrived.values()):
        return False
    known = {parameter.name for parameter in case.operation.query}
    forbidden = {where.value for where, part in case.meta.components.items() if part.mode is GenerationMode.NEGATIVE}
    return "body" in forbidden or ("query" in forbidden and set(query) <= known)


REQUEST = {"method", "url", "headers", "cookies", "params", "data", "json", "files"}


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _first_line(failure: BaseException) -> str:
    return " ".join(str(failure).split())[:200]
