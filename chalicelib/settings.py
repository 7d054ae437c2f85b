"""The one place where the environment is read, into one frozen object.

Nothing here runs at import: `Settings.from_environ` is called by `wiring` on the first request of a process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.errors import ConfigError

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Settings:
    """Names of the resources that the template made, and where the engine is when it is not AWS.

    `functions` is `lambda` when `reveal`, `export` and `orders` are invoked as functions of their own, and `inline` on the
    one-machine server and in tests, where they run in the same process. `endpoint` is None on AWS.
    """

    cases_table: str
    outbox_table: str
    staff_table: str
    registers_table: str
    keys_table: str
    photos_bucket: str
    codes_bucket: str
    kms_key: str
    reveal_function: str
    export_function: str
    orders_function: str
    region: str
    street_file: Path
    places_file: Path
    base_url: str
    functions: str
    endpoint: str | None
    sms_provider: str | None
    cookie: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raises `ConfigError` naming the variable that is missing or wrong."""

        def need(name: str) -> str:
            value = environ.get(name, "")
            if not value:
                raise ConfigError(f"{name} is not set; the template sets it for every function, `make serve` for itself")
            return value

        functions = environ.get("DOORSTEP_FUNCTIONS", "lambda")
        if functions not in {"lambda", "inline"}:
            raise ConfigError(f"DOORSTEP_FUNCTIONS is {functions!r}; use 'lambda' (deployed) or 'inline' (one machine)")
        return cls(
            cases_table=need("DOORSTEP_CASES_TABLE"),
            outbox_table=need("DOORSTEP_OUTBOX_TABLE"),
            staff_table=need("DOORSTEP_STAFF_TABLE"),
            registers_table=need("DOORSTEP_REGISTERS_TABLE"),
            keys_table=need("DOORSTEP_KEYS_TABLE"),
            photos_bucket=need("DOORSTEP_PHOTOS_BUCKET"),
            codes_bucket=need("DOORSTEP_CODES_BUCKET"),
            kms_key=need("DOORSTEP_KMS_KEY"),
            reveal_function=environ.get("DOORSTEP_REVEAL_FUNCTION", ""),
            export_function=environ.get("DOORSTEP_EXPORT_FUNCTION", ""),
            orders_function=environ.get("DOORSTEP_ORDERS_FUNCTION", ""),
            region=need("AWS_REGION"),
            street_file=Path(environ.get("DOORSTEP_STREET_FILE") or HOME / "street.json"),
            places_file=Path(environ.get("DOORSTEP_PLACES_FILE") or HOME / "places.json"),
            base_url=environ.get("DOORSTEP_BASE_URL", ""),
            functions=functions,
            endpoint=environ.get("DOORSTEP_ENDPOINT") or environ.get("AWS_ENDPOINT_URL") or None,
            sms_provider=environ.get("DOORSTEP_SMS_PROVIDER") or None,
            # A `__Host-` cookie needs https; the one-machine server speaks http and names another.
            cookie=environ.get("DOORSTEP_COOKIE") or "__Host-doorstep",
        )
