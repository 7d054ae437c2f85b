"""Parts of the libraries that every cold start pays for and nothing here uses, made light.

Measured in turn with the package as it was: the SDK's texts for `help()` cost 4 % of a cold submission's CPU, urllib3's HTTP/2,
which looks up an installed version, 3 %, the SDK's handlers for events of other services and those services' older names a
tenth; and each client of the SDK loads its list of root certificates, 15 ms for 126 of them and 2 for those that AWS may stand
under. Each function looks whether the library is still what it was, and says so if not.
"""

from __future__ import annotations

import re
from pathlib import Path

from infra.errors import InfraError
from infra.package.sdk import SERVICES

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
    only_our_events(tree / "botocore")
    without_queries(tree / "jmespath", tree / "botocore")
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


_OURS = """

# Only of the services and operations that are here; the others' names are looked through for every event.
_HERE = %r


def _here(event):
    kind, _, rest = event.partition(".")
    service, _, operation = rest.partition(".")
    return kind != "docs" and (not service or service in _HERE and (operation in ("", "*") or operation in _HERE[service]))


BUILTIN_HANDLERS = [one for one in BUILTIN_HANDLERS if _here(one[0])]
"""
_NO_ALIASES = "\n\n# Other services' older names.\nEVENT_ALIASES = {}\n"


def only_our_events(botocore: Path) -> None:
    """Handlers of events that no client here sends. None of our services goes by another name in an event."""
    handlers, utils = botocore / "handlers.py", botocore / "utils.py"
    known = handlers.read_text("utf-8")
    if "\nBUILTIN_HANDLERS = [" not in known or not known.rstrip().endswith("_add_parameter_aliases(BUILTIN_HANDLERS)"):
        raise InfraError("botocore's handlers.py lists its handlers otherwise; see infra/package/lighten.py")
    aliases = re.search(r"^EVENT_ALIASES = \{(.*?)^\}", utils.read_text("utf-8"), re.M | re.S)
    if aliases is None or set(re.findall(r"['\"]([a-z0-9.-]+)['\"]", aliases[1])) & {*SERVICES}:
        raise InfraError("botocore's utils.py gives a service of ours another name in events; see infra/package/lighten.py")
    here = {service: sorted(operations) for service, (_, operations) in sorted(SERVICES.items())}
    handlers.write_text(known.rstrip() + _OURS % here, "utf-8")
    utils.write_text(utils.read_text("utf-8").rstrip() + _NO_ALIASES, "utf-8")


_NO_QUERIES = '''"""Paginators, waiters and endpoints of single accounts ask with JMESPath; none of them ships."""


def search(*_, **__):
    raise NotImplementedError("JMESPath is not in this package; see infra/package/lighten.py")


compile = search
'''


def without_queries(jmespath: Path, botocore: Path) -> None:
    """The query language of what `sdk` cuts away."""
    asking = {source.name for source in botocore.glob("*.py") if re.search(r"^import jmespath", source.read_text("utf-8"), re.M)}
    if asking != {"paginate.py", "regions.py", "waiter.py"}:
        raise InfraError(f"botocore uses jmespath otherwise: {sorted(asking)}; see infra/package/lighten.py")
    for source in sorted(jmespath.glob("*.py")):
        source.unlink()
    (jmespath / "__init__.py").write_text(_NO_QUERIES, "utf-8")


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
