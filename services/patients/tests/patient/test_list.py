"""`GET /api/patients` (contract 6.1 and 1.8)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quill_common.access.policy import clinical, clinically_visible
from quill_common.access.principal import principal_of
from quill_common.access.stand_in import Standing, caller_parameters, standing_of
from quill_common.access.tables import AccessPatientMember
from quill_common.events.followed import Followed
from quill_common.testing.database import execute
from quill_common.testing.kit import Person, ServiceKit
from quill_patients.patient.repository import page_of
from quill_patients.patient.tables import Patient
from quill_patients.search.conditions import Shape
from sqlalchemy import insert, select, text
from sqlalchemy.exc import OperationalError


async def _ids(person: Person, query: str = "") -> list[str]:
    response = await person.client.get(f"/api/patients{query}")
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["fhir_ready"] is True
    return [patient["id"] for patient in answer["patients"]]


def _name(family: str, given: str = "A") -> dict[str, Any]:
    return {"name": [{"use": "official", "family": family, "given": [given]}]}


async def test_the_list_has_the_shape_of_the_contract(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    answer = (await clinician.client.get("/api/patients")).json()
    resource = (await clinician.client.get("/api/patients/p-1")).json()
    assert answer == {"patients": [{**resource, "is_active": True}], "fhir_ready": True, "next_cursor": None}


async def test_no_patients_is_the_whole_truth(kit: ServiceKit) -> None:
    clinician = await kit.clinician(7)
    answer = (await clinician.client.get("/api/patients")).json()
    assert answer == {"patients": [], "fhir_ready": True, "next_cursor": None}


async def test_everybody_gets_the_patients_of_rule_p(kit: ServiceKit, keep_patient: Any) -> None:
    for patient_id, organisation in (("p-1", 7), ("p-2", 8), ("p-3", 9)):
        await keep_patient(patient_id, organisation)
    granted = await kit.person("external_hcp")
    await kit.grant(granted, "p-3")
    assert await _ids(await kit.clinician(7)) == ["p-1"]
    assert await _ids(await kit.clinician(7, 8)) == ["p-1", "p-2"]
    assert await _ids(await kit.clinician(10)) == []
    assert await _ids(await kit.person("patient", patient_id="p-2")) == ["p-2"]
    assert await _ids(await kit.person("patient", organisations=(7,))) == []
    assert await _ids(granted) == ["p-3"]
    assert await _ids(await kit.admin()) == []
    assert await _ids(await kit.person("admin", organisations=(8,))) == ["p-2"]


async def test_who_may_see_a_patient_in_several_ways_sees_it_once(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, 8)
    person = await kit.person("staff", organisations=(7, 8), patient_id="p-1")
    await kit.grant(person, "p-1")
    assert await _ids(person) == ["p-1"]


async def test_scope_admin_is_for_admins(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    await keep_patient("p-2")
    assert await _ids(await kit.admin(), "?scope=admin") == ["p-1", "p-2"]
    assert await _ids(await kit.person("superadmin"), "?scope=admin") == ["p-1", "p-2"]
    assert await _ids(await kit.clinician(7), "?scope=admin") == ["p-1"]
    assert await _ids(await kit.admin(), "?scope=all") == []


async def test_deactivated_patients_are_for_admins_who_ask(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    await keep_patient("p-2", 7)
    admin = await kit.person("admin", organisations=(7,))
    await admin.client.post("/api/patients/p-1/deactivate")
    clinician = await kit.clinician(7)
    assert await _ids(clinician) == ["p-2"]
    assert await _ids(clinician, "?include_inactive=true") == ["p-2"]
    assert await _ids(admin) == ["p-2"]
    answer = (await admin.client.get("/api/patients?include_inactive=true")).json()
    assert [(p["id"], p["is_active"]) for p in answer["patients"]] == [("p-1", False), ("p-2", True)]
    await admin.client.post("/api/patients/p-1/activate")
    assert await _ids(clinician) == ["p-1", "p-2"]


async def test_the_order_is_family_given_id_without_case_and_accents(kit: ServiceKit, keep_patient: Any) -> None:
    for patient_id, family, given in (
        ("5", "Zola", "A"),
        ("4", "Évora", "B"),
        ("3", "evora", "A"),
        ("2", "Abel", "A"),
        ("1", "Abel", "A"),
        ("0", "de Witt", "A"),
    ):
        await keep_patient(patient_id, 7, **_name(family, given))
    await keep_patient("9", 7, name=[])
    assert await _ids(await kit.clinician(7)) == ["9", "1", "2", "0", "3", "4", "5"]


async def test_a_change_of_name_moves_the_patient(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, **_name("Abel"))
    await keep_patient("p-2", 7, **_name("Bell"))
    clinician = await kit.clinician(7)
    await clinician.client.patch("/api/patients/p-1", json={"family_name": "Zola"})
    assert await _ids(clinician) == ["p-2", "p-1"]


async def test_an_empty_parameter_counts_as_absent(kit: ServiceKit, keep_patient: Any) -> None:
    """Contract 1.1: existing forms send empty strings."""
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    empty = "?include_inactive=&scope=&limit=&cursor=&total=&q=&active="
    answer = await clinician.client.get(f"/api/patients{empty}")
    assert answer.status_code == 200, answer.text
    assert answer.json() == (await clinician.client.get("/api/patients")).json()
    assert "total" not in answer.json()


async def test_pages_join_without_gap_or_repetition_while_patients_come_in(kit: ServiceKit, keep_patient: Any) -> None:
    for number in range(7):
        await keep_patient(f"p-{number}", 7, **_name("Same", f"G{number % 2}"))
    clinician = await kit.clinician(7)
    whole = await _ids(clinician)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await clinician.client.get(f"/api/patients?limit=3{cursor}")).json()
        seen += [patient["id"] for patient in answer["patients"]]
        if answer["next_cursor"] is None:
            break
        assert len(answer["patients"]) == 3
        cursor = f"&cursor={answer['next_cursor']}"
        await keep_patient(f"early-{len(seen)}", 7, **_name("Abel"))
    assert seen == whole


async def test_an_overlong_name_sorts_and_pages(kit: ServiceKit, keep_patient: Any) -> None:
    for number in range(3):
        await keep_patient(f"p-{number}", 7, **_name("Ж" * 20_000, "ﷺ" * 5_000))
    clinician = await kit.clinician(7)
    answer = (await clinician.client.get("/api/patients?limit=2")).json()
    assert await _ids(clinician, f"?limit=2&cursor={answer['next_cursor']}") == ["p-2"]


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "WyJhIiwiYiIsM10", "!!!", "é"])
async def test_a_cursor_that_is_not_ours_is_refused(kit: ServiceKit, cursor: str) -> None:
    clinician = await kit.clinician(7)
    response = await clinician.client.get("/api/patients", params={"cursor": cursor})
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid cursor"})


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "include_inactive=perhaps", "scope=%00"])
async def test_a_bad_query_is_refused(kit: ServiceKit, query: str) -> None:
    clinician = await kit.clinician(7)
    assert (await clinician.client.get(f"/api/patients?{query}")).status_code == 422


async def test_the_list_costs_the_same_statements_with_more_patients(kit: ServiceKit, keep_patient: Any) -> None:
    clinician = await kit.clinician(7)
    counts = []
    for number in range(3):
        with kit.statements() as statements:
            await _ids(clinician)
        counts.append(len(statements))
        await keep_patient(f"p-{number}", 7)
    assert counts == [2, 2, 2]


async def test_nobody_lists_without_signing_in(kit: ServiceKit) -> None:
    assert (await kit.anonymous.get("/api/patients")).status_code == 401
    switched_off = await kit.clinician(7, is_active=False)
    assert (await switched_off.client.get("/api/patients")).json() == {"detail": "Inactive user"}


NOT_READY = {"patients": [], "fhir_ready": False, "next_cursor": None}


@pytest.mark.store("built-in")
async def test_a_store_that_fails_is_not_shown_as_no_patients(
    kit: ServiceKit, keep_patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)

    async def away(*_: Any, **__: Any) -> Any:
        raise OperationalError("select", {}, OSError("away"))

    monkeypatch.setattr("quill_patients.patient.repository.listed", away)
    response = await clinician.client.get("/api/patients")
    assert (response.status_code, response.json()) == (200, NOT_READY)


async def test_while_memberships_are_not_known_the_list_is_not_ready(
    kit: ServiceKit, keep_patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    unknown = kit.client(kit.access_token(999))
    monkeypatch.setattr(type(kit.parts.consumer), "current", property(lambda _: False))
    assert (await clinician.client.get("/api/patients")).json() == NOT_READY
    assert (await unknown.get("/api/patients")).status_code == 503
    assert (await clinician.client.get("/api/patients/p-1")).status_code == 503
    assert (await kit.anonymous.get("/api/patients")).status_code == 401


@pytest.mark.parametrize("current", [True, False])
async def test_while_the_database_is_away_the_list_is_not_ready(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch, current: bool
) -> None:
    clinician = await kit.clinician(7)
    monkeypatch.setattr(type(kit.parts.consumer), "current", property(lambda _: current))

    @asynccontextmanager
    async def away() -> AsyncIterator[Any]:
        raise ConnectionRefusedError
        yield

    monkeypatch.setattr(kit.parts.database, "reader", away)
    response = await clinician.client.get("/api/patients")
    assert (response.status_code, response.json()) == (200, NOT_READY)
    assert (await clinician.client.get("/api/patients/p-1")).status_code == 503
    assert (await kit.anonymous.get("/api/patients")).status_code == 401
    assert (await kit.client("x.y.z").get("/api/patients")).status_code == 401


async def test_while_events_are_parked_the_list_is_not_ready(
    kit: ServiceKit, keep_patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_patient("p-1", 7)
    clinician, gone = await kit.clinician(7), await kit.clinician(7, is_active=False)
    monkeypatch.setitem(kit.parts.consumer.followed, "orgs", Followed(current=True, parked=True))
    # On a slow machine the time between two tests counts as a nap, after which nothing is level.
    monkeypatch.setattr(type(kit.parts.consumer), "current", property(lambda _: True))
    assert (await clinician.client.get("/api/patients")).json() == NOT_READY
    assert (await clinician.client.get("/api/patients/p-1")).status_code == 200
    assert (await gone.client.get("/api/patients")).status_code == 401


@pytest.mark.store("built-in")
async def test_a_fault_of_ours_is_not_hidden_as_not_ready(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    clinician = await kit.clinician(7)

    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("quill_patients.patient.repository.listed", broken)
    assert (await clinician.client.get("/api/patients")).status_code == 500


@pytest.mark.store("built-in")
async def test_few_patients_are_found_without_walking_all(kit: ServiceKit) -> None:
    await kit.write(
        text(
            "INSERT INTO fhir_patient (id, resource_type, version, last_updated, content, family_key, given_key)"
            " SELECT 'p' || i, 'Patient', 1, now(), '{\"id\":\"p' || i || '\"}', 'f' || i % 500, 'g' || i % 30"
            " FROM generate_series(1, 20000) i"
        )
    )
    members = [{"patient_id": f"p{number}", "organisation_id": 7} for number in range(1, 21)]
    await kit.write(insert(AccessPatientMember), members)
    clinician = await kit.clinician(7)
    assert len(await _ids(clinician)) == 20
    await execute(kit.database.admin_url, "ANALYZE patients.fhir_patient", "ANALYZE patients.access_patient_member")
    plan = await _plan(kit, clinician.id)
    assert "Seq Scan on fhir_patient" not in plan
    assert "ix_fhir_patient_by_name" not in plan, plan


async def _plan(kit: ServiceKit, user_id: int) -> str:
    statement = page_of(Standing("staff", is_linked=False), Shape(), later=False)
    values = statement.params(caller_id=user_id, fetch=101)
    dialect = kit.parts.database.engines[0].dialect
    sql = str(values.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    async with kit.parts.database.reader() as reader:
        return "\n".join(await reader.values(text(f"EXPLAIN {sql}")))


@pytest.mark.store("built-in")
async def test_rule_p_says_the_same_as_a_condition_and_as_a_set(kit: ServiceKit, keep_patient: Any) -> None:
    for number in range(4):
        await keep_patient(f"p-{number}", 7 + number % 2)
    granted = await kit.person("patient", patient_id="p-1", organisations=(7,))
    await kit.grant(granted, "p-2")
    people = [granted, await kit.clinician(7), await kit.clinician(), await kit.person("staff", patient_id="p-3")]
    async with kit.parts.database.reader() as reader:
        for person in people:
            principal = await principal_of(reader, person.id, "s")
            assert principal is not None
            by_condition = await reader.values(select(Patient.id).where(clinical(principal, Patient.__table__.c.id)))
            by_set = await reader.values(clinically_visible(principal))
            by_stand_in = await reader.values(
                clinically_visible(standing_of(principal).principal()), caller_parameters(principal)
            )
            assert set(by_condition) == set(by_set) == set(by_stand_in)
