"""The registers' part of a street file: what is right is kept, what is wrong is refused with key, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.streetfile.compile import load
from infra.streetfile.problems import StreetFileError
from tests.register_people import street_file

FORM = """
[[forms]]
kind = "{kind}"
basis = "{basis}"
version = "2027-01"
purpose = {{ zh = "登记", en = "Registering" }}
notice = {{ zh = "说明", en = "Notice" }}
"""
CONSENT = 'consent = { zh = "同意", en = "I agree" }\n'


def written(folder: Path, more: str) -> Path:
    path = street_file(folder)
    path.write_text(path.read_text("utf-8") + more, "utf-8")
    return path


def test_a_street_that_says_nothing_has_the_usual_terms_and_forms(tmp_path: Path) -> None:
    street, _ = load(street_file(tmp_path))
    assert (street.register.digest_at, street.register.ending_days, street.register.min_area, street.register.per_room) == (
        "17:00",
        30,
        "5",
        2,
    )
    assert {(form.kind, form.basis) for form in street.forms} == {("rental", "statutory"), ("population", "consent")}
    assert all(form.notice.en and form.purpose.en for form in street.forms)


def test_a_streets_own_words_and_basis_are_kept(tmp_path: Path) -> None:
    own = FORM.format(kind="rental", basis="consent") + CONSENT + '\n[register]\ndigest_at = "16:30"\nper_room = 3\n'
    street, _ = load(written(tmp_path, own))
    form = street.form("rental")
    assert form is not None
    assert (form.basis, form.version, form.consent is not None) == ("consent", "2027-01", True)
    assert (street.register.digest_at, street.register.per_room) == ("16:30", 3)
    assert street.form("population") is not None


@pytest.mark.parametrize(
    ("more", "key", "remedy"),
    [
        ('[register]\ndigest_at = "5pm"\n', "register.digest_at", '"17:00"'),
        ("[register]\nending_days = 0\n", "register.ending_days", "1 to 180"),
        ('[register]\nmin_area = "0"\n', "register.min_area", "square metres"),
        ("[register]\nper_room = 11\n", "register.per_room", "1 to 10"),
        ("[register]\nper_rooms = 2\n", "register.per_rooms", "per_room"),
        ('[register]\nsuspicion = { zh = "多人", en = "many" }\n', "register.suspicion", "{room}"),
        (FORM.format(kind="rental", basis="consent"), "forms[1].consent", "consent ="),
        (FORM.format(kind="rental", basis="statutory") + CONSENT, "forms[1].consent", "take it out"),
        (FORM.format(kind="rental", basis="statutory") * 2, "forms[2].kind", "its own"),
        (FORM.format(kind="issue", basis="statutory"), "forms[1].kind", "rental"),
        (FORM.format(kind="rental", basis="law"), "forms[1].basis", "statutory"),
        (FORM.format(kind="rental", basis="statutory").replace(', en = "Notice"', ""), "forms[1].notice", "en ="),
    ],
)
def test_what_is_wrong_is_refused_with_its_remedy(tmp_path: Path, more: str, key: str, remedy: str) -> None:
    path = written(tmp_path, more)
    with pytest.raises(StreetFileError) as raised:
        load(path)
    found = {problem.key: problem for problem in raised.value.problems}
    assert key in found, [str(problem) for problem in raised.value.problems]
    assert remedy in found[key].remedy
    assert found[key].line > 100
