"""Every search of a large table looks into an index, whoever asks."""

from typing import Any

import pytest
from quill_common.access.stand_in import Standing
from quill_common.access.tables import AccessPatientMember
from quill_common.testing.database import execute
from quill_common.testing.kit import ServiceKit
from quill_patients.patient.repository import STATEMENTS, count_of, page_of
from quill_patients.search import upkeep
from quill_patients.search.conditions import Shape, search_for
from quill_patients.search.parameters import criteria_of, fhir_criteria
from quill_patients.search.wanted import Wanted
from sqlalchemy import insert, text

pytestmark = pytest.mark.store("built-in")  # looks into its tables

ROWS = text(
    "INSERT INTO fhir_patient (id, resource_type, version, last_updated, content, family_key, given_key,"
    " terms, born_first, born_last, gender, searched_as)"
    " SELECT 'p' || i, 'Patient', 1, now() - i * interval '1 hour', '{\"id\": 1}', 'f' || i % 500, 'g' || i % 30,"
    " array_to_tsvector(ARRAY['n' || md5((i % 7000)::text), 'f' || md5((i % 7000)::text), 'v' || i, 't3|a:b' || i]),"
    " date '1930-01-01' + i, date '1930-01-01' + i, CASE WHEN i % 2 = 0 THEN 'male' ELSE 'female' END, 1"
    " FROM generate_series(1, 20000) i"
)
SEARCHES: dict[str, list[tuple[str, str]]] = {
    "ix_fhir_patient_terms": [("name", "c4ca4238"), ("q", "c4ca4238"), ("identifier", "a:b|77"), ("identifier", "77")],
    "ix_fhir_patient_born": [("birth_date", "1950-05-05"), ("birth_date", "gt2300")],
    "ix_fhir_patient_by_gender": [("gender", "other")],
    "ix_fhir_patient_updated": [("updated_since", "2999")],
}
ADMIN, STAFF = Standing("admin", is_linked=False), Standing("staff", is_linked=False)


@pytest.fixture
async def large(kit: ServiceKit) -> ServiceKit:
    await kit.write(ROWS)
    members = [{"patient_id": f"p{number}", "organisation_id": 7} for number in range(1, 21)]
    await kit.write(insert(AccessPatientMember), members)
    await execute(kit.database.admin_url, "ANALYZE patients.fhir_patient", "ANALYZE patients.access_patient_member")
    return kit


async def test_a_search_of_all_patients_looks_into_its_index(large: ServiceKit) -> None:
    for index, searches in SEARCHES.items():
        for parameter in searches:
            wanted = Wanted(everyone=True, criteria=criteria_of([parameter]))
            plan = await _plan(large, ADMIN, wanted)
            assert index in plan, (parameter, plan)
            assert "Seq Scan on fhir_patient" not in plan, (parameter, plan)


async def test_a_search_of_own_patients_looks_at_these_alone(large: ServiceKit) -> None:
    for parameter in (parameter for searches in SEARCHES.values() for parameter in searches):
        plan = await _plan(large, STAFF, Wanted(criteria=criteria_of([parameter])))
        assert "Seq Scan on fhir_patient" not in plan, (parameter, plan)
        assert "ix_fhir_patient_by_name" not in plan, (parameter, plan)


async def test_whether_all_is_searchable_is_asked_of_an_index(large: ServiceKit) -> None:
    for statement in (upkeep._ANY, upkeep._SOME):
        sql = str(
            statement.compile(dialect=large.parts.database.engines[0].dialect, compile_kwargs={"literal_binds": True})
        )
        plan = await _explained(large, sql.replace("FOR UPDATE SKIP LOCKED", ""))
        assert "ix_fhir_patient_to_read" in plan, plan


def test_values_make_no_statements_and_odd_shapes_no_endless_number() -> None:
    shapes = {
        search_for(Wanted(criteria=fhir_criteria(given))).shape
        for number in range(50)
        for given in (
            [("family", f"a{number}"), ("gender", "male"), ("birthdate", f"ge{1900 + number}")],
            [("birthdate", f"ge{1900 + number}"), ("gender", "female"), *[("name", f"b{number}")] * (number % 9 + 1)],
        )
    }
    assert shapes == {Shape(parts=(("born", "ge"), ("gender", "one"), ("terms", "begun")))}
    for number in range(2 * STATEMENTS):
        shape = Shape(parts=(("born", *("ge" if number >> bit & 1 else "lt" for bit in range(10))),))
        page_of(ADMIN, shape, later=False)
        count_of(ADMIN, shape)
    assert page_of.cache_info().currsize <= STATEMENTS
    assert count_of.cache_info().currsize <= STATEMENTS


async def _plan(kit: ServiceKit, standing: Standing, wanted: Wanted) -> str:
    search = search_for(wanted)
    statement = page_of(standing, search.shape, later=False)
    values: dict[str, Any] = {"fetch": 101, **search.values}
    if not wanted.everyone:
        values["caller_id"] = 1
    dialect = kit.parts.database.engines[0].dialect
    return await _explained(
        kit, str(statement.params(**values).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    )


async def _explained(kit: ServiceKit, sql: str) -> str:
    async with kit.parts.database.reader() as reader:
        return "\n".join(await reader.values(text("EXPLAIN " + sql.replace(":", "\\:"))))
