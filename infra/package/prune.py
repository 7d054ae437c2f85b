"""Which files of the wheels and of chalicelib ship.

Every cut is either of files that no interpreter imports (types, tests, metadata) or is named here with what makes it safe. The
tests open the built package without the virtual environment and use what was cut around.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from infra.errors import InfraError
from infra.package.sdk import SDK_FILES, SERVICE_FILES, SERVICES

_LICENCE = re.compile(r"(licen[cs]e|notice|copying)[^/]*$", re.IGNORECASE)

# Whole files or folders, with the reason that nothing misses them.
_CUT = tuple(
    re.compile(pattern)
    for pattern in (
        # Console scripts and manual pages.
        r"^[^/]+\.data/",
        # argon2 loads the compiled back end alone; the rest of cffi writes C at build time.
        r"^cffi/",
        r"^pycparser/",
        # AES in GCM: the cipher with and without the processor's help, its counter mode, the hash, and how they are loaded.
        r"^Cryptodome/(IO|Math|Protocol|PublicKey|SelfTest|Signature)/",
        r"^Cryptodome/Cipher/(?!(__init__|AES|_mode_(ecb|ctr|gcm))\.py$|_raw_(aes|aesni|ctr|ecb)\.)",
        r"^Cryptodome/Hash/(?!(__init__|BLAKE2s)\.py$|_(ghash_clmul|ghash_portable|BLAKE2s)\.)",
        r"^Cryptodome/Util/(?!(__init__|_cpu_features|_file_system|_raw_api|number|py3compat)\.py$|_cpuid_c\.)",
        # Old zone tables; zoneinfo and the system's are used instead.
        r"^dateutil/zoneinfo/.*\.tar\.gz$",
        # Of the world's numbers the arithmetic of the mainland's ID card alone, and what it imports.
        r"^stdnum/(?!(__init__|util|exceptions)\.py$|cn/(__init__|ric|uscc)\.py$)",
        # Photos are JPEG, PNG or WebP: AVIF, fonts and Tk windows, and the libraries that only they need.
        r"^PIL/_(avif|imagingft|imagingtk)\.",
        r"^pillow\.libs/lib(avif|freetype|harfbuzz|brotlicommon|brotlidec|png16)-",
    )
)

# Of the application's own files: what runs, and what lies about.
APP_SHIPS = frozenset({".py", ".json", ".html", ".css", ".js", ".svg", ".png", ".ico", ".webmanifest", ".xml", ".txt", ".woff2"})
APP_STAYS = frozenset({".md", ".pyc", ".pyi", ".orig", ".rej", ".swp", ".bak", ".map"})


def ships(path: str, zone: str) -> bool:
    """Whether a file of an unpacked wheel ships. `zone` is the street's time zone, the only one kept."""
    name = PurePosixPath(path)
    top = name.parts[0]
    if top.endswith(".dist-info"):
        return bool(_LICENCE.search(path))
    if name.suffix in {".pyi", ".c", ".h", ".pyx", ".pxd", ".typed"} or name.name == "py.typed":
        return False
    if "tests" in name.parts[:-1] or "__pycache__" in name.parts:
        return False
    if any(pattern.search(path) for pattern in _CUT):
        return False
    if path.startswith("botocore/data/"):
        return _sdk(name)
    if path.startswith("tzdata/zoneinfo/"):
        return _zone(path.removeprefix("tzdata/zoneinfo/"), zone)
    return True


def _sdk(name: PurePosixPath) -> bool:
    inside = name.parts[2:]
    if len(inside) == 1:
        return inside[0] in SDK_FILES
    return inside[0] in SERVICES and SERVICES[inside[0]][0] == inside[1] and inside[2] in SERVICE_FILES


def _zone(inside: str, zone: str) -> bool:
    """The zone itself and the packages on the way to it."""
    folders = {f"{parent}/__init__.py" for parent in PurePosixPath(zone).parents if str(parent) != "."}
    return inside in {zone, "UTC", "__init__.py"} | folders


def app_ships(path: str) -> bool:
    """Whether a file of chalicelib ships. Raises `InfraError` for a kind of file nobody has decided on."""
    name = PurePosixPath(path)
    if "__pycache__" in name.parts or any(part.startswith(".") for part in name.parts):
        return False
    if name.suffix in APP_SHIPS:
        return True
    if name.suffix in APP_STAYS or name.name.endswith("~"):
        return False
    raise InfraError(f"chalicelib/{path}: nobody has said whether {name.suffix or 'such'} files ship; see infra/package/prune.py")
