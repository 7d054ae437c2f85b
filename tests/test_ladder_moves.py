"""Urging, coming back down, and going on to the rung that takes a class."""

from __future__ import annotations

import pytest

from chalicelib.errors import NotAllowed
from tests.ladder_street import CENTRE, COMMITTEE, SUPERVISOR, ladder_street, with_rung
from tests.ladder_walks import allocated, began, dispatched, in_state


def test_the_office_urges_those_it_has_called_and_others_urge_the_office() -> None:
    walk = dispatched().do(CENTRE, "urge").do(SUPERVISOR, "urge")
    assert walk.case.urges == 2
    assert [event.data["number"] for event in walk.events if event.type == "urged"] == [1, 2]
    with pytest.raises(NotAllowed, match="nobody_to_urge"):
        in_state("accepted").do(COMMITTEE, "urge")
    assert allocated().do(CENTRE, "urge").case.urges == 1


def test_only_what_was_passed_up_is_returned_down() -> None:
    walk = in_state("handling").do(COMMITTEE, "pass_up").do(CENTRE, "return_down")
    assert (walk.case.rung, walk.case.unit, walk.case.state) == ("committee", "committee:c1", "received")
    with pytest.raises(NotAllowed, match="nothing_below"):
        began(rung="centre").do(CENTRE, "return_down")
    back_again = walk.do(COMMITTEE, "accept")
    with pytest.raises(NotAllowed, match="nothing_below"):
        back_again.do(COMMITTEE, "return_down")


def test_what_went_up_by_itself_is_returned_down_too() -> None:
    walk = began().later(days=1)
    assert (walk.case.rung, walk.case.came_by) == ("centre", "passed_up")
    assert walk.do(CENTRE, "return_down").case.unit == "committee:c1"


def test_a_class_given_where_classes_are_sorted_leads_on_to_the_rung_that_names_it() -> None:
    sorting = with_rung(ladder_street(), "centre", sorts=True)
    walk = began(sorting, rung="centre").do(CENTRE, "accept", {"class": "complex"})
    assert walk.types[-2:] == ["accepted", "routed"]
    assert (walk.case.rung, walk.case.unit, walk.case.state, walk.case.case_class) == ("zone", "zone:z1", "received", "complex")
    assert {run.id for run in walk.case.clocks if run.running} == {"zone_accept", "whole"}
    again = began(sorting, rung="centre").do(CENTRE, "reclassify", {"class": "complex", "reason": "多家单位"})
    assert (again.case.rung, again.case.state) == ("zone", "received")
    # Where no rung asks for the class by name, and where nothing is sorted, it stays.
    assert began(sorting, rung="centre").do(CENTRE, "accept", {"class": "simple"}).case.rung == "centre"
    assert began(rung="centre").do(CENTRE, "accept", {"class": "complex"}).case.rung == "centre"


def test_the_same_class_again_is_no_change() -> None:
    walk = began(rung="centre").do(CENTRE, "accept", {"class": "simple"})
    with pytest.raises(NotAllowed, match="fields") as refusal:
        walk.do(CENTRE, "reclassify")
    assert [field.code for field in refusal.value.fields] == ["same"]
