"""The ladder of levels, and what is not on it."""

import pytest
from quill_common.access.levels import LEVELS, at_least

LADDER = ("patient", "staff", "admin", "superadmin")
UNKNOWN = ("", "Staff", "STAFF", " staff", "root", "superadmin\x00", "None")


@pytest.mark.parametrize("wanted", range(4))
@pytest.mark.parametrize("held", range(4))
def test_a_level_may_what_those_below_it_may(held: int, wanted: int) -> None:
    assert at_least(LADDER[held], LADDER[wanted]) == (held >= wanted)


@pytest.mark.parametrize("beside", ["external_hcp", "patient_advocate"])
def test_a_level_beside_the_ladder_counts_as_patient(beside: str) -> None:
    assert [at_least(beside, wanted) for wanted in LADDER] == [True, False, False, False]
    assert at_least("staff", beside)


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_an_unknown_level_passes_no_check_on_either_side(unknown: str) -> None:
    assert not any(at_least(unknown, level) for level in (*LEVELS, unknown))
    assert not any(at_least(level, unknown) for level in LEVELS)
