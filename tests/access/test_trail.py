"""What was asked about the patient is on record: who was let in, who was refused, and whom a list showed."""

from dataclasses import dataclass
from typing import Any

import pytest
from access.asking import Answered, answers
from access.scene import Scene
from access.table import BEYOND_THE_CONTRACT, BUILT, Row, rows
from audit.nobodys_data import OWN
from quill_common.testing.refusals import detail_of
from quill_common.topology import SERVICES

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

IN_THE_BODY = {
    ("POST", "/api/conversations"),
    ("POST", "/api/organizations/{org_id}/patients"),
    ("POST", "/api/prescriptions/controlled"),
}
HEALTH = {"GET /api/health"}
LISTS = {
    ("GET", "/api/patients"),
    ("GET", "/api/conversations"),
    ("GET", "/api/fhir/R4/Patient"),
    ("POST", "/api/fhir/R4/Patient/_search"),
}
EXCUSED = {name for routes in OWN.values() for name in routes}
LINES = [row for row in rows(BUILT) + rows(BEYOND_THE_CONTRACT) if f"{row.method} {row.path}" not in EXCUSED | HEALTH]
OF_PATIENTS = [
    row
    for row in LINES
    if "{patient_id}" in row.target or "{conversation_id}" in row.target or row.route in IN_THE_BODY | LISTS
]
REFUSALS = {403, 404, 410}


@dataclass(frozen=True)
class Recorded:
    """The entries of one request that are its own, without those that other services write when they learn of it."""

    entries: list[Any]

    def one(self) -> Any:
        """The entry of the route; a high-risk competency that was asked for stands beside it."""
        [entry] = [entry for entry in self.entries if entry["action"] != "competency.use"]
        return entry


async def _recorded(scene: Scene, asked: list[Answered]) -> dict[str, Recorded]:
    """What each request left, by its id."""
    each = [f"SELECT * FROM {service}.audit_entry WHERE request_id = ANY($1)" for service in SERVICES]
    sql = f"SELECT * FROM ({' UNION ALL '.join(each)}) AS entry WHERE actor_service IS NULL"
    found = await scene.system.query(sql, [one.request_id for one in asked])
    return {
        one.request_id: Recorded([entry for entry in found if entry["request_id"] == one.request_id]) for one in asked
    }


@pytest.mark.parametrize("row", OF_PATIENTS, ids=str)
async def test_who_asked_about_a_patient_is_on_record(scene: Scene, row: Row) -> None:
    got = await answers(scene, row)
    recorded = await _recorded(scene, list(got.values()))
    for kind, answered in got.items():
        left = recorded[answered.request_id]
        if _is_of_the_gateway(answered):
            continue
        entry = left.one()
        assert entry["outcome"] == ("refused" if answered.status in REFUSALS else "success"), kind
        assert (entry["actor_id"], str(entry["session_id"])) == (answered.caller.id, answered.caller.session_id), kind
        assert entry["address"] == "127.0.0.1", kind
        assert _is_named(row, kind, entry, answered), (kind, entry)


@pytest.mark.parametrize("row", LINES, ids=str)
async def test_who_was_refused_is_on_record(scene: Scene, row: Row) -> None:
    got = await answers(scene, row)
    recorded = await _recorded(scene, list(got.values()))
    for kind, answered in got.items():
        left = recorded[answered.request_id]
        if _is_of_the_gateway(answered):
            assert left.entries == [], kind
        elif answered.status in REFUSALS:
            assert (left.one()["outcome"], left.one()["actor_id"]) == ("refused", answered.caller.id), kind


def _is_of_the_gateway(answered: Answered) -> bool:
    """A refusal by which nothing was let through to a service."""
    return answered.status == 401 or (answered.status == 403 and detail_of(answered.content) == "CSRF failed")


def _is_named(row: Row, kind: str, entry: Any, answered: Answered) -> bool:
    """Whether the entry says whom it was about: the patient, or at least the conversation that was refused."""
    cell = row.cells[kind]
    named = answered.patient_id in {entry["patient_id"], *(entry["patient_ids"] or ())}
    if kind == "setup" and "{patient_id}" not in row.path:
        return True  # turned away before the route looked at what was asked
    if row.route in LISTS:
        return named == (answered.patient_id in answered.response.text)  # named is who was shown, and nobody else
    if "{conversation_id}" in row.target and not named:
        return cell != "200" and str(entry["target"]).startswith("conversation/")
    return named
