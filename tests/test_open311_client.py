"""Public GeoReport clients, unmodified, against the application over HTTP, in JSON and in XML.

`georeport` reads in both formats and files nothing; `civicbot`'s client files and reads JSON, and takes the transport that it is
given: for XML that is one which reads XML, everything else is the client's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import xmltodict
from civicbot.http import HttpError, HttpTransport, RateLimiter
from civicbot.open311 import Open311Client
from civicbot.registry import Endpoint
from georeport import GeoReport

from chalicelib.usecases import apikeys
from tests.open311_world import served, town
from tests.world import World

FORMATS = ("json", "xml")


class XmlTransport(HttpTransport):  # type: ignore[misc]  # the client ships no types
    def get_json(self, url: str, params: Any = None, headers: Any = None) -> Any:
        return inside(self.get_bytes(url, params, headers))

    def post_form(self, url: str, data: Any, headers: Any = None) -> Any:
        class Raw(HttpTransport):  # type: ignore[misc]  # the client ships no types
            def _open(self, req: Any) -> bytes:
                return json.dumps(inside(super()._open(req))).encode()

        return Raw(rate_limiter=self.rate_limiter).post_form(url, data, headers)


LISTS = {"services": "service", "service_requests": "request"}


def inside(document: bytes) -> Any:
    """What JSON would have said."""
    ((root, held),) = xmltodict.parse(document, force_list=set(LISTS.values())).items()
    return (held or {}).get(LISTS[root], []) if root in LISTS else held


@pytest.fixture(scope="module")
def world(atomic_moto: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("street")
    with town(folder) as made:
        yield made


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_public_client_lists_services_files_a_request_and_reads_it_back(world: World, fmt: str) -> None:
    _, key = apikeys.make(world.context, "城市随手拍")
    world.clock.advance(minutes=1)
    with served(world) as base:
        reader = GeoReport(f"{base}/open311/v2", jurisdiction="small", output_format=fmt)
        transport = (XmlTransport if fmt == "xml" else HttpTransport)(rate_limiter=RateLimiter(0))
        writer = Open311Client(Endpoint("small", "Small", f"{base}/open311/v2", write=True), transport, "small", fmt)
        services = reader.get_service_list()
        assert [service["service_code"] for service in services] == ["hardware", "property", "other"]
        assert services == writer.list_services()
        definition = reader.get_service_definition("hardware")
        assert definition["service_code"] == "hardware"
        filed = writer.create_request(
            "hardware",
            dry_run=False,
            confirm="SEND",
            api_key=key,
            validate_remote=fmt == "json",
            address_id=world.places[0].id,
            description=f"二楼的灯坏了 <&> {fmt}",
            attributes={"reporter": "merchant"},
            first_name="王",
            phone="021-0012 7788",
        ).response
        (answer,) = filed
        back = reader.get_service_request(answer["service_request_id"])
        found = reader.get_service_requests(service_request_id=answer["service_request_id"])
        listed = writer.list_requests(service_code="hardware", status="open", page_size=1)
        assert writer.get_token(answer["service_request_id"])[0]["service_request_id"] == answer["service_request_id"]
        with pytest.raises(HttpError) as refused:
            writer.create_request("hardware", dry_run=False, confirm="SEND", api_key="x", address_id=world.places[0].id)
    assert refused.value.status == 403
    assert (found[0] if fmt == "json" else found) == back == listed[0]
    assert (back["service_request_id"], back["status"], back["service_code"]) == (
        answer["service_request_id"],
        "open",
        "hardware",
    )
    assert "灯" not in json.dumps(back, ensure_ascii=False)


def test_a_client_that_sends_eight_times_at_once_has_filed_one_request(world: World) -> None:
    _, key = apikeys.make(world.context, "城市随手拍")
    with served(world) as base, ThreadPoolExecutor(8) as pool:
        client = Open311Client(Endpoint("small", "Small", f"{base}/open311/v2"), HttpTransport(rate_limiter=RateLimiter(0)))
        where = {"address_id": world.places[0].id, "description": "同一件事"}
        sent = [
            pool.submit(client.create_request, "other", dry_run=False, confirm="SEND", api_key=key, **where) for _ in range(8)
        ]
        found = {one.result().response[0]["service_request_id"] for one in sent}
    assert len(found) == 1
