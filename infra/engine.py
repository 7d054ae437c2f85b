"""ministack, the engine of the one-machine server and the tests' second engine, as a child process of ours.

It gets its own port on the loopback interface and, when it is to remember, a folder of its own. Nothing of a real AWS account can
be reached through it: clients get made-up credentials, and the variables that could name a real account are taken from the child.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, cast

from infra.errors import InfraError

REGION = "us-east-1"
READY_S = 30.0
STOP_S = 30.0
STACK_S = 60
HOST = "127.0.0.1"

# Made-up credentials: neither engine checks them, botocore insists on some.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "doorstep", "AWS_SECRET_ACCESS_KEY": "one-machine"}
# What keeps botocore away from profiles, files and metadata services of a real account.
ISOLATION = {
    **CREDENTIALS,
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
}


def isolate(environ: Any) -> None:
    """Points `environ` (a mutable mapping, usually os.environ) away from every real account."""
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    environ.update(ISOLATION)
    # The engine is on this machine; a proxy could not find it.
    for name in ("NO_PROXY", "no_proxy"):
        environ[name] = ",".join(filter(None, [environ.get(name, ""), HOST, "localhost"]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return cast(int, probe.getsockname()[1])


class Engine:
    """`start()`, then `endpoint` and `client(name)`, then `stop()`, which saves the state when there is a folder for it.

    `child` is the module that runs it.
    """

    child = "infra.engine_child"

    def __init__(self, folder: Path, *, persist: bool, region: str = REGION) -> None:
        self.folder = folder
        self.persist = persist
        self.region = region
        self.endpoint = ""
        self.port = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}

    def start(self) -> None:
        """Returns when it answers. Raises `InfraError` with the end of its log when it does not within 30 s."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.endpoint = f"http://{HOST}:{self.port}"
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", self.child],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches the whole foreground group; the engine is to stop after us, not with us.
                start_new_session=True,
            )
        self._wait_until_ready()

    @property
    def log(self) -> Path:
        return self.folder / "engine.log"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def _environment(self) -> dict[str, str]:
        environ = dict(os.environ)
        isolate(environ)
        for name in ("SERVICES", "USE_SSL", "LOCALSTACK_PERSISTENCE"):
            environ.pop(name, None)
        flag = "1" if self.persist else "0"
        return {
            **environ,
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": self.region,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": flag,
            "S3_PERSIST": flag,
            "STATE_DIR": str(self.folder / "state"),
            "S3_DATA_DIR": str(self.folder / "s3"),
            "TMPDIR": str(self.folder),
            # It would stop labelled containers of the user's own Docker at every start.
            "DOCKER_HOST": f"unix://{self.folder}/no-docker.sock",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])),
            "PYTHONUNBUFFERED": "1",
        }

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            if self._child is None or self._child.poll() is not None:
                raise InfraError(f"ministack ended while starting; the end of {self.log}:\n{self._log_end()}")
            if self._healthy():
                return
            time.sleep(0.05)
        self.stop()
        raise InfraError(f"ministack did not answer within {READY_S:.0f} s; the end of {self.log}:\n{self._log_end()}")

    def _healthy(self) -> bool:
        connection = HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _log_end(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-20:])

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def stop(self) -> bool:
        """A clean stop, which saves the state. False when it had to be killed (then what was written since the start is lost)."""
        child, self._child = self._child, None
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if child is None:
            return True
        child.terminate()
        try:
            child.wait(STOP_S)
            return True
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return False
        finally:
            if child.stdin:
                child.stdin.close()

    def client(self, service: str) -> Any:
        """A boto3 client of this engine; kept until `stop`."""
        if service not in self._clients:
            import boto3
            from botocore.config import Config

            self._clients[service] = boto3.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                config=Config(
                    s3={"addressing_style": "path"},
                    retries={"mode": "standard", "total_max_attempts": 3},
                    max_pool_connections=64,
                    connect_timeout=3,
                    read_timeout=30,
                ),
            )
        return self._clients[service]


def put_stack(cloudformation: Any, name: str, template: dict[str, Any], parameters: dict[str, str]) -> dict[str, str]:
    """Creates the stack, or updates it when its template or parameters changed; its outputs. Raises `InfraError` with the
    reason.
    """
    body = json.dumps(template, ensure_ascii=False, sort_keys=True)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())]
    request = {"StackName": name, "TemplateBody": body, "Parameters": given, "Capabilities": ["CAPABILITY_IAM"]}
    if describe(cloudformation, name) is None:
        cloudformation.create_stack(**request)
    else:
        try:
            cloudformation.update_stack(**request)
        except cloudformation.exceptions.ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
    return _settled(cloudformation, name)


def describe(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """One entry of describe_stacks, or None when there is no such stack."""
    try:
        stacks = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except cloudformation.exceptions.ClientError:
        return None
    live = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    return cast(dict[str, Any], live[0]) if live else None


def _settled(cloudformation: Any, name: str) -> dict[str, str]:
    until = time.monotonic() + STACK_S
    while time.monotonic() < until:
        stack = describe(cloudformation, name)
        status = stack["StackStatus"] if stack else "missing"
        if stack and status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS"):
            raise InfraError(f"stack {name}: {status}\n{_failures(cloudformation, name)}")
        time.sleep(0.05)
    raise InfraError(f"stack {name} was not ready within {STACK_S} s")


def _failures(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in events
        if event["ResourceStatus"].endswith("FAILED")
    )
