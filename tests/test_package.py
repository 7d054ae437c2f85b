"""The package: what ships, what does not, that it is the same twice, and that it runs without the virtual environment."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from infra.errors import InfraError
from infra.package import prune, wheels
from infra.package.__main__ import main
from infra.package.build import ROOT
from infra.serve.local import COOKIE
from tests import packages

TAG = wheels.runtime().tag


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(packages.package("aws").zip)


@pytest.fixture(scope="module")
def names(archive: zipfile.ZipFile) -> list[str]:
    return archive.namelist()


def test_both_partitions_ship_the_same_code() -> None:
    assert packages.package("aws").sha256 == packages.package("aws-cn").sha256


def test_app_street_and_chalices_runtime_are_in(names: list[str]) -> None:
    assert {"app.py", "chalice/app.py", "chalicelib/street.json", "chalicelib/places.json"} <= set(names)
    assert {"chalicelib/web/i18n/zh-CN.json", "chalicelib/web/i18n/en.json"} <= set(names)


def test_every_module_has_byte_code_that_is_never_checked(archive: zipfile.ZipFile, names: list[str]) -> None:
    sources = {PurePosixPath(name) for name in names if name.endswith(".py")}
    compiled = {PurePosixPath(name) for name in names if name.endswith(".pyc")}
    assert compiled == {source.parent / "__pycache__" / f"{source.stem}.{TAG}.pyc" for source in sources}
    flags = {int.from_bytes(archive.read(str(name))[4:8], "little") for name in compiled}
    assert flags == {0b01}, "hash-based and unchecked: the only kind that survives a zip's timestamps"


def test_nothing_lies_about(names: list[str]) -> None:
    roots = {name.split("/")[0] for name in names}
    assert not roots & {"boto3", "s3transfer", "pip", "setuptools", "infra", "tests", "click", "yaml", "pycparser", "cffi"}
    assert not [name for name in names if name.endswith((".md", ".pyi", ".toml", ".csv", ".orig"))]
    assert not [name for name in names if "/tests/" in name or "/." in name or name.startswith(".")]
    metadata = [name for name in names if ".dist-info/" in name]
    assert metadata, "licences of what we redistribute"
    assert not [name for name in metadata if PurePosixPath(name).name in {"METADATA", "RECORD", "WHEEL"}]


def test_the_sdk_describes_only_the_services_that_are_called(names: list[str]) -> None:
    services = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert services == {"dynamodb", "kms", "lambda", "s3", "sns"}
    zones = {name for name in names if name.startswith("tzdata/zoneinfo/") and not name.endswith((".py", ".pyc"))}
    assert zones == {"tzdata/zoneinfo/Asia/Shanghai", "tzdata/zoneinfo/UTC"}


def test_nothing_of_this_machine_or_of_the_demo(archive: zipfile.ZipFile, names: list[str]) -> None:
    # COOKIE is the name without `__Host-` that only plain http on one machine may use.
    unwanted = [str(ROOT).encode() + b"/", b"/tmp/doorstep-", sys.prefix.encode(), COOKIE.encode()]
    found = [name for name in names if any(text in archive.read(name) for text in unwanted)]
    assert found == []
    assert not [name for name in names if "demo" in PurePosixPath(name).name]


def test_compiled_libraries_run_on_lambdas_c_library(archive: zipfile.ZipFile, names: list[str]) -> None:
    limit = wheels.runtime().glibc
    libraries = [name for name in names if re.search(r"\.so(\.|$)", name)]
    assert libraries
    for name in libraries:
        needs = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", archive.read(name))]
        assert max(needs, default=0) <= limit, name


PROBE = """
import pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root))
import importlib, io
import app
for path in sorted((root / "chalicelib").rglob("*.py")):
    parts = path.relative_to(root).with_suffix("").parts
    importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
from PIL import Image, ImageCms, ImageOps
for kind in ("JPEG", "PNG", "WEBP"):
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, kind)
    assert Image.open(io.BytesIO(file.getvalue())).convert("RGB").size == (40, 30), kind
ImageCms.profileToProfile(Image.new("RGB", (4, 4)), ImageCms.createProfile("sRGB"), ImageCms.createProfile("sRGB"))
import argon2
assert argon2.PasswordHasher(1, 8, 1).hash("x").startswith("$argon2id$")
from Cryptodome.Cipher import AES
assert [len(part) for part in AES.new(bytes(32), AES.MODE_GCM, nonce=bytes(12)).encrypt_and_digest(b"x")] == [1, 16]
import zoneinfo
zoneinfo.reset_tzpath([])
assert zoneinfo.ZoneInfo("Asia/Shanghai").utcoffset(None) is None
import segno
assert segno.make("X", error="q").designator
from chalicelib.web import charts
assert "<svg" in charts.share("x", [1, 2])
from chalicelib.usecases import figures_files
assert figures_files.xlsx_of([figures_files.Sheet("x", [["x", 1]])]).startswith(b"PK")
from botocore.session import get_session
for service in ("dynamodb", "kms", "lambda", "s3", "sns"):
    client = get_session().create_client(service, "cn-north-1", aws_access_key_id="x", aws_secret_access_key="x")
    assert client.meta.endpoint_url.endswith(".amazonaws.com.cn"), service
    if service == "s3":
        assert client.generate_presigned_post("photos", "incoming/x")["fields"]["key"] == "incoming/x"
        assert "ready/x" in client.generate_presigned_url("get_object", {"Bucket": "photos", "Key": "ready/x"})
sys.stdout.write("whole")
"""


def test_it_is_whole_without_the_virtual_environment() -> None:
    """Every module imports, and what pruning cut around still works."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", PROBE, str(packages.unzipped())], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("whole", "")


def test_an_unknown_kind_of_file_in_chalicelib_is_a_question() -> None:
    assert prune.app_ships("web/pages.py")
    assert not prune.app_ships("web/NOTES.md")
    assert not prune.app_ships("web/__pycache__/pages.cpython-311.pyc")
    with pytest.raises(InfraError, match=r"chalicelib/secrets\.key: nobody has said"):
        prune.app_ships("secrets.key")


def test_what_ships_is_what_pyproject_says() -> None:
    wanted = wheels.requirements(ROOT / "pyproject.toml")
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", requirement) for requirement in wanted), "every pin is exact"
    assert not [requirement for requirement in wanted if requirement.startswith(("chalice", "boto3"))]


def test_an_unknown_street_is_refused_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere"]) == 2
    assert "no street 'nowhere'; infra/streets/ has changqiao" in capsys.readouterr().err


def test_an_unknown_partition_from_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTITION", "aws-gov")
    with pytest.raises(SystemExit):
        main([packages.STREET])


def test_a_stale_half_built_cache_is_fetched_again(tmp_path: Path) -> None:
    """An interrupted download leaves a folder without its mark."""
    wanted = ["six==1.17.0"]
    target = wheels.runtime()
    said: list[str] = []
    (first,) = wheels.fetch(wanted, target, tmp_path, said.append)
    (first.parent / wheels.COMPLETE).unlink()
    shutil.copyfile(first, first.parent / "half.whl")
    assert wheels.fetch(wanted, target, tmp_path, said.append) == [first]
    assert len(said) == 2
