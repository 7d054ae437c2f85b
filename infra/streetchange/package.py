"""The package that runs, with another street in it: the two files replaced, every other byte as it was."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from chalicelib.street import Place, Street
from infra.errors import InfraError
from infra.package.archive import MODE, TIME, UNIX

ROOT = Path(__file__).parent.parent.parent
STREET, PLACES = "chalicelib/street.json", "chalicelib/places.json"
# What reads the two files; it has to be the same in the package as in this tree, which writes them.
READERS = ("chalicelib/street.py", "chalicelib/street_parts.py")


@dataclass(frozen=True)
class Package:
    """A package's files by name."""

    files: Mapping[str, bytes]

    @classmethod
    def read(cls, data: bytes) -> Package:
        """Raises `InfraError` for what is no package of a street."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
        except zipfile.BadZipFile as error:
            raise InfraError(f"CodeKey: what lies there is no zip ({error}); deploy a package first") from error
        missing = [name for name in (STREET, PLACES, *READERS) if name not in files]
        if missing:
            raise InfraError(f"CodeKey: what lies there holds no {missing[0]}; deploy a package of `make package` first")
        return cls(files)

    @property
    def street(self) -> Street:
        return msgspec.json.decode(self.files[STREET], type=Street)

    @property
    def places(self) -> list[Place]:
        return msgspec.json.decode(self.files[PLACES], type=list[Place])

    def check_readers(self, root: Path = ROOT) -> None:
        """Raises `InfraError` when this tree writes street files for other code than the package's."""
        for name in READERS:
            if (root / name).read_bytes() != self.files[name]:
                raise InfraError(
                    f"{name}: the package that runs has another than this tree, so its code may not read what is compiled here: "
                    "take the tree that it was built from, or `make package` and deploy"
                )

    def with_street(self, street: bytes, places: bytes) -> bytes:
        """As the builder writes it: the same bytes as a build of the same code with that street, whose two files come last."""
        files = {name: data for name, data in self.files.items() if name not in {STREET, PLACES}}
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in {**files, PLACES: places, STREET: street}.items():
                entry = zipfile.ZipInfo(name, TIME)
                entry.create_system = UNIX
                entry.external_attr = MODE
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
        return out.getvalue()


def key_of(street_id: str, data: bytes) -> str:
    """Where it goes in the bucket: under the name of its content, as `make package` names it."""
    return f"doorstep/{street_id}/{hashlib.sha256(data).hexdigest()[:16]}.zip"
