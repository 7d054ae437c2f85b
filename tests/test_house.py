"""The house's own order: who may import whom, what happens at import, and what must not stand where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.serve.local import COOKIE

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "chalicelib"
AWS = {"boto3", "botocore", "pynamodb"}

# Top level: the user's own card, and what the ecosystem expects beside it.
TOP = {
    "benchmarks",
    "app.py",
    "chalicelib",
    "infra",
    "tests",
    "docs",
    "pyproject.toml",
    "README.md",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    "SECURITY.md",
    ".ci",
    ".gitignore",
}

# room → what its modules may import of ours, and which libraries they must not.
MAY: dict[str, tuple[set[str], set[str]]] = {
    "casework": ({"casework", "errors", "street"}, {*AWS, "chalice", "jinja2"}),
    "usecases": (
        {"usecases", "casework", "models", "codes", "errors", "imaging", "ports", "street"},
        {"boto3", "botocore", "chalice", "jinja2"},
    ),
    "models": (
        {"models", "casework", "errors", "street", "ports", "adapters.aws", "adapters.faults"},
        {"boto3", "chalice", "jinja2"},
    ),
    "adapters": (
        {"adapters", "casework", "codes", "errors", "imaging", "ports", "settings", "street"},
        {"boto3", "chalice", "jinja2"},
    ),
    "web": ({"web", "casework", "errors", "ports", "street"}, {*AWS, "chalice"}),
    "handlers": ({"handlers", "usecases", "casework", "web", "errors", "settings", "wiring", "street"}, {*AWS, "jinja2"}),
}
# Modules beside the rooms.
ALONE: dict[str, set[str]] = {
    "errors": set(),
    "street": {"street_parts"},
    "street_parts": set(),
    "ports": set(),
    "settings": {"errors"},
    "codes": {"casework", "errors"},
    "imaging": {"errors"},
}
# Built once, read by everybody: nothing that talks to AWS, to files or to the environment may stand at module level.
MAKERS = {"client", "resource", "get_session", "Session", "create_client", "environ", "getenv", "open", "read_text", "read_bytes"}


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at module level or inside a function; imports for types only are left out."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {id(node) for block in ast.walk(tree) if _for_types(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def ours(imported: str) -> str | None:
    """`casework.events` for an import of ours, else None."""
    return imported.removeprefix("chalicelib.") if imported.startswith("chalicelib.") else None


def allowed(imported: str, may: set[str]) -> bool:
    return any(imported == name or imported.startswith(name + ".") for name in may)


@pytest.mark.parametrize("room", MAY)
def test_rooms_import_only_what_lies_below_them(room: str) -> None:
    may, never = MAY[room]
    wrong = []
    for path in modules(ROOMS / room):
        for imported in imports(path):
            inside = ours(imported)
            if (inside is not None and not allowed(inside, may)) or imported.split(".")[0] in never:
                wrong.append(f"{name_of(path)} imports {imported}")
    assert wrong == []


@pytest.mark.parametrize("name", ALONE)
def test_what_everybody_shares_stands_on_nothing(name: str) -> None:
    inside = {found for found in map(ours, imports(ROOMS / f"{name}.py")) if found}
    assert [found for found in sorted(inside) if not allowed(found, ALONE[name])] == []


def test_the_package_knows_neither_the_builder_nor_boto3() -> None:
    """Neither ships: an import of one of them would only fail on AWS."""
    paths = [ROOT / "app.py", *modules(ROOMS)]
    wrong = [f"{name_of(path)} imports {found}" for path in paths for found in imports(path) if _not_shipped(found)]
    assert wrong == []


def _not_shipped(imported: str) -> bool:
    return imported.split(".")[0] in {"infra", "tests", "boto3", "moto", "ministack"}


def test_only_the_composition_root_reads_the_environment() -> None:
    reading = []
    for path in [ROOT / "app.py", *modules(ROOMS)]:
        source = ast.parse(path.read_text("utf-8"))
        if any(isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} for node in ast.walk(source)):
            reading.append(name_of(path))
    assert reading == ["chalicelib.wiring"]


def test_nothing_is_built_or_read_at_import() -> None:
    wrong = []
    for path in [ROOT / "app.py", *modules(ROOMS)]:
        for statement in ast.parse(path.read_text("utf-8")).body:
            wrong += [f"{name_of(path)}:{line} calls {name}" for name, line in _calls_now(statement) if name in MAKERS]
    assert wrong == []


def _calls_now(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Calls that importing makes: bodies of functions and lambdas are left out, those of classes are not."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for decorator in node.decorator_list:
            yield from _calls_now(decorator)
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield name, node.lineno
    for child in ast.iter_child_nodes(node):
        yield from _calls_now(child)


def test_importing_the_application_needs_no_setting_and_opens_no_connection() -> None:
    """What the packaging tool does: it imports app.py with nothing set."""
    script = (
        "import socket, sys\n"
        "def refuse(*_): raise SystemExit('a socket at import')\n"
        "socket.socket.connect = refuse\n"
        "import app\n"
        "heavy = {'boto3', 'jinja2', 'PIL', 'argon2', 'segno', 'infra'} & set(sys.modules)\n"
        "raise SystemExit(f'imported with app.py: {sorted(heavy)}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_event_functions_stand_in_app_py() -> None:
    """Chalice deploys a blueprint's event function without ever loading app.py."""
    events = {"schedule", "on_s3_event", "on_dynamodb_record", "on_sqs_message", "on_cw_event", "lambda_function"}
    wrong = []
    for path in modules(ROOMS):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    target = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if isinstance(target, ast.Attribute) and target.attr in events:
                        wrong.append(f"{name_of(path)}.{node.name}")
    assert wrong == []


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_top_level_is_fixed() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} - TOP == set()


def texts(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        try:
            yield path, path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


def test_no_street_has_a_code_path_of_its_own() -> None:
    """A street's id may stand in its own files, in tests, in documents and as make's default; never in code."""
    ids = [file.stem for file in (ROOT / "infra" / "streets").glob("*.toml")]
    assert ids
    code = [path for path in tracked() if path.suffix in {".py", ".html", ".js", ".json", ".css"} and "tests" not in path.parts]
    # The one-machine server serves one street when none is named.
    default = ROOT / "infra" / "serve" / "__main__.py"
    wrong = [
        f"{path.relative_to(ROOT)}: {street}"
        for path, text in texts([path for path in code if (ROOT / "infra" / "streets") not in path.parents and path != default])
        for street in ids
        if street in text
    ]
    assert wrong == []


def test_the_package_never_names_the_plain_http_cookie() -> None:
    shipped = [path for path in tracked() if path == ROOT / "app.py" or ROOMS in path.parents]
    assert [str(path) for path, text in texts(shipped) if COOKIE in text] == []


def test_no_file_names_a_registry_or_a_foreign_machine() -> None:
    """Where packages come from is the reader's own affair."""
    hosts = ("pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "deb." + "debian", "/root" + "/")
    wrong = [f"{path.relative_to(ROOT)}: {host}" for path, text in texts(tracked()) for host in hosts if host in text]
    assert wrong == []


def test_every_opt_out_of_a_rule_carries_its_reason() -> None:
    bare = []
    for path in tracked():
        if path.suffix != ".py":
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for mark in ("# no" + "qa", "# type:" + " ignore"):
                _, found, after = line.partition(mark)
                # The code of the rule, then a dash or a second comment with the reason.
                if found and not ((" - " in after) or ("  # " in after)):
                    bare.append(f"{path.relative_to(ROOT)}:{number}")
    assert bare == []
