"""What GeoReport v2 says, as values: the same for XML and JSON, and for the description of the API.

Names and their order are the specification's. `lat`, `long` and `zipcode` are always empty here: the street has no map, and where
somebody reported is told as coarsely as on the public page.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Moment = Annotated[str, msgspec.Meta(description="W3C date and time with zone", examples=["2026-11-22T10:00:00+08:00"])]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    specification: str
    url: str
    changeset: Moment
    type: Literal["production", "test"]
    formats: tuple[str, ...]


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    changeset: Moment
    contact: str
    key_service: str
    endpoints: tuple[Endpoint, ...]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    service_code: str
    service_name: str
    description: str
    metadata: bool = True
    type: Literal["realtime", "batch", "blackbox"] = "realtime"
    keywords: str = ""
    group: str = ""


class Value(msgspec.Struct, frozen=True):
    key: str
    name: str


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    variable: bool
    code: str
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    required: bool
    datatype_description: str
    order: int
    description: str
    values: tuple[Value, ...] = ()


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    service_code: str
    attributes: tuple[Attribute, ...]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`description` is the sentence that staff published about what was done; the reporter's own words are never told."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str
    service_name: str
    service_code: str
    description: str
    agency_responsible: str
    service_notice: str
    requested_datetime: Moment
    updated_datetime: Moment
    expected_datetime: Moment | None
    address: str
    address_id: str
    zipcode: None = None
    lat: None = None
    long: None = None
    media_url: None = None


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """`service_notice` is for the reporter alone: it holds the case's number and private link."""

    service_request_id: str
    service_notice: str
    account_id: None = None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    service_request_id: str
    token: str


class Error(msgspec.Struct, frozen=True, kw_only=True):
    code: int
    description: str


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """The form of a new request. One of `address_id` (a place of the street), `address_string`, or `lat` with `long` is needed.

    `email`, `device_id` and `account_id` are taken and not kept; `media_url` is never fetched.
    """

    api_key: str = ""
    jurisdiction_id: str = ""
    service_code: str = ""
    description: str = ""
    address_id: str = ""
    address_string: str = ""
    lat: float | None = None
    long: float | None = None
    email: str = ""
    device_id: str = ""
    account_id: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    media_url: str = ""
    reporter: str = msgspec.field(default="", name="attribute[reporter]")
    elsewhere: str = msgspec.field(default="", name="attribute[elsewhere]")
    submission: str = msgspec.field(default="", name="attribute[submission]")
