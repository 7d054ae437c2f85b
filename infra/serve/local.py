"""The environment that the template gives every function on AWS, for this process."""

from __future__ import annotations

import os
from pathlib import Path

from infra.engine import isolate
from infra.template.data import environment_from_outputs

# `__Host-` cookies need https, which one machine does not speak.
COOKIE = "ds_session"


def set_environment(outputs: dict[str, str], endpoint: str, compiled: Path) -> None:
    """No DOORSTEP_BASE_URL: the visitor may say 127.0.0.1 or localhost, and the origin is what they said."""
    isolate(os.environ)
    os.environ.update(environment_from_outputs(outputs))
    os.environ.update(
        {
            "DOORSTEP_ENDPOINT": endpoint,
            "DOORSTEP_STREET_FILE": str(compiled / "street.json"),
            "DOORSTEP_PLACES_FILE": str(compiled / "places.json"),
            "DOORSTEP_FUNCTIONS": "inline",
            "DOORSTEP_SMS_PROVIDER": "local",
            "DOORSTEP_COOKIE": COOKIE,
        }
    )
