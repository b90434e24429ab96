"""Every public route against every kind of caller, through the real gateway: the table is `table.py`."""

import pytest
from access.asking import Answered, answers, ask
from access.scene import Scene
from access.table import BEYOND_THE_CONTRACT, BUILT, KINDS, NOT_BUILT_YET, STRANGERS, Row, rows

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

# Reading first: some of the writes let their caller in.
LINES = sorted(rows(BUILT) + rows(BEYOND_THE_CONTRACT), key=lambda row: row.method != "GET")
NAMED_IN_THE_BODY = {("POST", "/api/conversations"), ("POST", "/api/prescriptions/controlled")}
OF_THE_PATIENT = [row for row in LINES if "{patient_id}" in row.target or "{conversation_id}" in row.target]
IN_THE_BODY = [row for row in LINES if row.route in NAMED_IN_THE_BODY]


def _cell(scene: Scene, row: Row, answered: Answered) -> str:
    """The answer as the table writes it."""
    hides_something = "nil" in row.cells.values() and answered.status == 200
    shows = any(text in answered.response.text for text in scene.telling)
    return "nil" if hides_something and not shows else str(answered.status)


@pytest.mark.parametrize("row", LINES, ids=str)
async def test_everybody_gets_what_the_table_says(scene: Scene, row: Row) -> None:
    got = await answers(scene, row)
    assert {kind: _cell(scene, row, answered) for kind, answered in got.items()} == row.cells
    for kind, answered in got.items():
        if answered.status >= 400:
            assert list(answered.response.json()) == ["detail"], kind
            assert not [text for text in scene.telling if text in answered.response.text], kind
    if got["super"].status == 200 and got["nocsrf"].status == 403:
        assert got["nocsrf"].response.json() == {"detail": "CSRF failed"}


@pytest.mark.parametrize("row", OF_THE_PATIENT + IN_THE_BODY, ids=str)
async def test_a_stranger_cannot_tell_a_patient_from_one_who_does_not_exist(scene: Scene, row: Row) -> None:
    for kind in STRANGERS:
        known = await ask(scene, row, kind, scene.known)
        unknown = await ask(scene, row, kind, scene.unknown)
        assert known.status == unknown.status, kind
        assert known.response.content == unknown.response.content, kind
        assert _names(known) == _names(unknown), kind


def _names(answered: Answered) -> set[str]:
    """The names of the headers: one that only a known patient has would tell."""
    return set(answered.response.headers)


@pytest.mark.parametrize("row", rows(NOT_BUILT_YET), ids=str)
async def test_what_is_not_built_is_found_by_nobody(scene: Scene, row: Row) -> None:
    got = {kind: (await ask(scene, row, kind, scene.known)).status for kind in KINDS}
    at_the_door = {kind: int(cell) for kind, cell in row.cells.items() if cell == "401" or kind == "nocsrf"}
    if at_the_door["nocsrf"] != 403:
        del at_the_door["nocsrf"]
    assert got == dict.fromkeys(KINDS, 404) | at_the_door
