"""One cold start: import a module and answer one event: `python -I -S -B coldstart_child.py MODULE EVENT.json WARM FOLDER…`.

Prints JSON: CPU milliseconds (user + system, all threads) of the interpreter's own start, of the import and of the first request;
then the mean of `WARM` more requests in the same process, each under a key of its own; the answer, and where the module came
from. `-I -S` keeps the virtual environment out, so that what the folders lack is missed.
"""

import json
import sys
import time

# Before they are counted: connections are open, caches are warm.
UNCOUNTED = 5


def main() -> None:
    name, event_file, warm = sys.argv[1:4]
    with open(event_file, encoding="utf-8") as stream:  # noqa: PTH123 - importing pathlib would be measured
        event = json.load(stream)
    sys.path[:0] = sys.argv[4:]
    started = time.process_time()
    module = __import__(name, fromlist=["handler"])
    imported = time.process_time()
    handler = getattr(module, "handler", None) or module.app
    response = handler(event, None)
    done = time.process_time()
    found = {
        "start_ms": started * 1000,
        "import_ms": (imported - started) * 1000,
        "request_ms": (done - imported) * 1000,
        "status": response["statusCode"],
        "location": _location(response),
        "body": response.get("body", "")[:300],
        "module": module.__file__,
    }
    sys.stdout.write(json.dumps({**found, "warm_ms": _warm(handler, event, int(warm))}))


def _location(response: dict) -> str:  # type: ignore[type-arg]  # typing would be one more import
    headers = {**(response.get("multiValueHeaders") or {}), **(response.get("headers") or {})}
    found = next((value for key, value in headers.items() if key.lower() == "location"), "")
    return found if isinstance(found, str) else str(found[0])


def _warm(handler, event, count: int) -> float:  # type: ignore[no-untyped-def]  # the same
    started = 0.0
    for number in range(UNCOUNTED + count if count else 0):
        if number == UNCOUNTED:
            started = time.process_time()
        again = {**event, "body": event["body"].replace("0123456789abcdef", f"{number:016x}")}
        response = handler(again, None)
        if response["statusCode"] != 303:
            sys.exit(f"a warm request was answered {response}")
    return (time.process_time() - started) * 1000 / count if count else 0.0


if __name__ == "__main__":
    main()
