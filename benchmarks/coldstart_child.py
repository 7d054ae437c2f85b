"""One cold start: import app.py from a folder and answer one event: `python -I -S -B coldstart_child.py FOLDER EVENT.json`.

Prints JSON: CPU milliseconds of import and of the first request (user + system, all threads, from after the interpreter's own
start), the status, and where `app` came from. `-I -S` keeps the virtual environment out, so that what the folder lacks is missed.
"""

import json
import sys
import time


def main() -> None:
    folder, event_file = sys.argv[1:3]
    with open(event_file, encoding="utf-8") as stream:  # noqa: PTH123 - importing pathlib would be measured
        event = json.load(stream)
    sys.path.insert(0, folder)
    started = time.process_time()
    import app  # type: ignore[import-not-found, unused-ignore]  # the folder's own, whichever it is

    imported = time.process_time()
    response = app.app(event, None)
    done = time.process_time()
    found = {
        "import_ms": (imported - started) * 1000,
        "request_ms": (done - imported) * 1000,
        "total_ms": (done - started) * 1000,
        "status": response["statusCode"],
        "location": response.get("headers", {}).get("Location", ""),
        "body": response.get("body", "")[:300],
        "app": app.__file__,
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
