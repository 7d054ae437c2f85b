"""Parts of the libraries that every cold start pays for and nothing here uses, made light.

Measured in turn with the package as it was: the SDK's texts for `help()` cost 4 % of a cold submission's CPU, urllib3's HTTP/2,
which looks up an installed version, 3 %; and each client of the SDK loads its list of root certificates, 15 ms for 126 of
them and 2 for those that AWS may stand under. Each function looks whether the library is still what it was, and says so if not.
"""

from __future__ import annotations

import re
from pathlib import Path

from infra.errors import InfraError

_DOCS = re.compile(r"^\s*from botocore\.docs(\S*) import (.+?)$", re.MULTILINE)
_HTTP2 = re.compile(r"^\s*(?:from \S*http2\S*|import \S*http2\S*|from \. import http2).*$", re.MULTILINE)
_ROOT = re.compile(
    r"^# Issuer: (?P<issuer>.*?)$.*?(?P<pem>-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)", re.M | re.S
)
_DOCSTRINGS = ("ClientMethodDocstring", "PaginatorDocstring", "WaiterDocstring")
# Amazon's own roots; Starfield's and DigiCert's, under which older and China's endpoints have stood; GlobalSign's as the reserve.
# Where AWS moves on, an operator sets AWS_CA_BUNDLE to Lambda's own list until a new package is built.
ISSUERS = ("O=Amazon", "O=Starfield Technologies", "O=DigiCert", "O=GlobalSign", "O=Baltimore")
ROOTS_AT_LEAST = 15


def lighten(tree: Path) -> None:
    """Rewrites the unpacked wheels below `tree` in place. Raises `InfraError` naming the file that is not what it was."""
    silence_docs(tree / "botocore")
    without_http2(tree / "urllib3")
    bundle = tree / "botocore" / "cacert.pem"
    bundle.write_text(roots(bundle.read_text("utf-8")), "utf-8")


def silence_docs(botocore: Path) -> None:
    """Texts that `help(client.get_item)` would show."""
    for source in sorted(botocore.rglob("*.py")):
        if "docs" in source.relative_to(botocore).parts:
            continue
        for module, names in _DOCS.findall(source.read_text("utf-8")):
            if module != ".utils" and not (module == ".docstring" and set(names.split(", ")) <= set(_DOCSTRINGS)):
                raise InfraError(
                    f"{source.name} of botocore imports {names} of botocore.docs{module}; see infra/package/lighten.py"
                )
    folder = botocore / "docs"
    if not (folder / "docstring.py").exists():
        raise InfraError("botocore has no docs/docstring.py any more; see infra/package/lighten.py")
    # The handlers of every client are listed with helpers from `utils`, which stands alone.
    for source in sorted(folder.rglob("*.py")):
        if source != folder / "utils.py":
            source.unlink()
    (folder / "__init__.py").write_text("", "utf-8")
    classes = "".join(f"\n\nclass {name}(_Silent):\n    pass\n" for name in _DOCSTRINGS)
    silent = "class _Silent:\n    def __init__(self, *args, **kwargs):\n        pass\n"
    (folder / "docstring.py").write_text(silent + classes, "utf-8")


def without_http2(urllib3: Path) -> None:
    """A protocol that has to be switched on and never is; `probe` stays, which a connection asks whether it was."""
    found = {
        line.strip()
        for source in sorted(urllib3.rglob("*.py"))
        if "http2" not in source.relative_to(urllib3).parts
        for line in _HTTP2.findall(source.read_text("utf-8"))
    }
    if found != {"from .http2 import probe as http2_probe"}:
        raise InfraError(f"urllib3 uses its http2 otherwise: {sorted(found)}; see infra/package/lighten.py")
    (urllib3 / "http2" / "__init__.py").write_text("", "utf-8")
    (urllib3 / "http2" / "connection.py").unlink()


def roots(bundle: str, at_least: int = ROOTS_AT_LEAST) -> str:
    """The certificates of `ISSUERS` alone. Raises `InfraError` when too few are left to be the same list."""
    kept = [found["pem"] for found in _ROOT.finditer(bundle) if any(issuer in found["issuer"] for issuer in ISSUERS)]
    if len(kept) < at_least:
        raise InfraError(f"only {len(kept)} roots left of botocore's cacert.pem; see infra/package/lighten.py")
    return "".join(kept)
