"""`POST /api/prescriptions/controlled` (contract 6.11)."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_common.access.tables import AccessPatient, AccessStaff, AccessUser
from quill_common.testing.kit import CLINICIAN, Person, ServiceKit
from quill_common.testing.on_record import acts_of, refused
from sqlalchemy import delete, update

URL = "/api/prescriptions/controlled"
COMPETENCY = "prescribe_controlled_schedule_2"
MORPHINE: dict[str, Any] = {
    "patient_id": "p-1",
    "medication": "Morphine sulfate 10 mg modified-release tablets",
    "dose": "One tablet twice a day",
    "duration_days": 28,
}
LACKS = {"detail": f"Forbidden: User lacks required competency '{COMPETENCY}'"}
DENIED = {"detail": "Access denied"}
USED = {"action": "competency.use", "patient_id": "p-1", "target": f"competency/{COMPETENCY}"}


@pytest.fixture(autouse=True)
async def patient(kit: ServiceKit) -> str:
    return await kit.patient("p-1", 7)


@pytest.fixture
async def prescriber(kit: ServiceKit) -> Person:
    return await prescribing(kit, 7)


async def prescribing(kit: ServiceKit, *organisations: int, level: str = "staff", **more: Any) -> Person:
    return await kit.person(level, competencies=(*CLINICIAN, COMPETENCY), organisations=organisations, **more)


async def prescribe(person: Person, key: str | None = None, **other: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await person.client.post(URL, json=MORPHINE | other, headers=headers)


async def stored(kit: ServiceKit) -> list[dict[str, Any]]:
    return await kit.read("SELECT * FROM prescription ORDER BY prescribed_at")


async def test_a_prescription_is_answered_and_stored_as_it_was_written(kit: ServiceKit, prescriber: Person) -> None:
    response = await prescribe(prescriber, dose=" One tablet\ntwice a day ")
    assert response.status_code == 201, response.text
    answer = response.json()
    prescription_id = answer["prescription_id"]
    assert prescription_id.startswith("RX")
    body = MORPHINE | {"dose": " One tablet\ntwice a day "}
    named = {"prescription_id": prescription_id, "prescriber": prescriber.username}
    assert answer == {"status": "success", **named, **body}
    [row] = await stored(kit)
    assert row.pop("prescribed_at").utcoffset() is not None
    assert row == {"id": prescription_id, "prescriber_id": prescriber.id, "prescriber": prescriber.username, **body}


async def test_each_prescription_has_an_id_of_its_own(kit: ServiceKit, prescriber: Person) -> None:
    answers = await asyncio.gather(*(prescribe(prescriber) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json()["prescription_id"] for answer in answers}) == len(await stored(kit)) == 8


async def test_who_lacks_the_competency_is_refused_whatever_is_asked(kit: ServiceKit) -> None:
    for person in (await kit.clinician(7), await kit.person("superadmin", organisations=(7,))):
        bodies: tuple[Any, ...] = (MORPHINE, MORPHINE | {"patient_id": "p-9"}, MORPHINE | {"duration_days": 0}, {}, [])
        for body in bodies:
            response = await person.client.post(URL, json=body)
            assert (response.status_code, response.json()) == (403, LACKS)
    assert await stored(kit) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b'"x"', b'{"patient_id":5}', b'{"patient_id":"../p"}', b'{"patient_id":"\\ud800"}', b"\xff"]
)
async def test_a_body_that_names_nobody_is_refused_all_the_same(kit: ServiceKit, body: bytes) -> None:
    response = await (await kit.clinician(7)).client.post(URL, content=body)
    assert (response.status_code, response.json()) == (403, LACKS)
    assert {entry["patient_id"] for entry in await kit.audited()} == {None}


async def test_rule_p_decides_before_existence(kit: ServiceKit) -> None:
    stranger, admin = await prescribing(kit, 8), await prescribing(kit, level="admin")
    registered = await prescribing(kit, 7, level="patient")
    for person in (stranger, admin, registered):
        for patient_id in ("p-1", "p-9"):
            response = await prescribe(person, patient_id=patient_id)
            assert (response.status_code, response.json()) == (403, DENIED)
    assert await stored(kit) == []


async def test_everybody_of_rule_p_who_has_the_competency_prescribes(kit: ServiceKit) -> None:
    granted = await prescribing(kit, level="external_hcp")
    await kit.grant(granted, "p-1")
    own = await prescribing(kit, patient_id="p-1")
    for person in (granted, own, await prescribing(kit, 7, level="admin")):
        assert (await prescribe(person)).status_code == 201


async def test_a_grant_for_a_patient_that_is_no_more_prescribes_nothing(kit: ServiceKit, prescriber: Person) -> None:
    await kit.grant(prescriber, "p-9")
    await kit.write(delete(AccessPatient))
    for patient_id in ("p-1", "p-9"):
        response = await prescribe(prescriber, patient_id=patient_id)
        assert (response.status_code, response.json()) == (403, DENIED)
    assert await stored(kit) == []


async def test_a_deactivated_patient_is_treated_on(kit: ServiceKit, prescriber: Person) -> None:
    await kit.write(update(AccessPatient).values(is_active=False))
    assert (await prescribe(prescriber)).status_code == 201


async def test_a_competency_that_was_taken_away_a_moment_ago_is_gone(kit: ServiceKit, prescriber: Person) -> None:
    assert (await prescribe(prescriber, "k")).status_code == 201
    await kit.write(update(AccessUser).values(competencies=list(CLINICIAN)))
    for key in (None, "k"):
        response = await prescribe(prescriber, key)
        assert (response.status_code, response.json()) == (403, LACKS)
    assert len(await stored(kit)) == 1


async def test_nobody_prescribes_without_signing_in(kit: ServiceKit) -> None:
    response = await kit.anonymous.post(URL, json=MORPHINE)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})
    assert await kit.audited() == []


async def test_it_goes_on_where_clinical_services_are_off(
    kit: ServiceKit, prescriber: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit.parts.settings, "clinical_services_enabled", False)
    assert (await prescribe(prescriber)).status_code == 201


@pytest.mark.parametrize("field", MORPHINE)
async def test_every_field_is_asked_for(prescriber: Person, field: str) -> None:
    response = await prescriber.client.post(URL, json={key: value for key, value in MORPHINE.items() if key != field})
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [["body", field]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patient_id", ""),
        ("patient_id", "a b"),
        ("patient_id", "x" * 65),
        ("patient_id", "p-1\n"),
        ("patient_id", "p\x00"),
        ("patient_id", None),
        ("medication", ""),
        ("medication", " \t\n"),
        ("medication", "\u3000"),
        ("medication", "x" * 501),
        ("medication", "a\x00b"),
        ("medication", ["Morphine"]),
        ("dose", ""),
        ("dose", "  "),
        ("dose", "x" * 501),
        ("dose", 10),
        ("duration_days", 0),
        ("duration_days", -1),
        ("duration_days", 366),
        ("duration_days", 2**31),
        ("duration_days", 2**70),
        ("duration_days", 7.5),
        ("duration_days", "7"),
        ("duration_days", True),
        ("duration_days", None),
    ],
)
async def test_a_bad_field_is_named(kit: ServiceKit, prescriber: Person, field: str, value: Any) -> None:
    response = await prescribe(prescriber, **{field: value})
    assert response.status_code == 422, response.text
    assert [error["loc"] for error in response.json()["detail"]] == [["body", field]]
    assert await stored(kit) == []


@pytest.mark.parametrize("days", [1, 365])
async def test_from_a_day_to_a_year_is_prescribed(prescriber: Person, days: int) -> None:
    assert (await prescribe(prescriber, duration_days=days)).json()["duration_days"] == days


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"medication":"\\ud800"}', b'{"dose":"\xff"}'])
async def test_a_bad_body_is_refused(prescriber: Person, body: bytes) -> None:
    response = await prescriber.client.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422, response.text


async def test_the_same_key_prescribes_once(kit: ServiceKit, prescriber: Person) -> None:
    first, again = await prescribe(prescriber, "k"), await prescribe(prescriber, "k")
    assert (again.status_code, again.json()) == (201, first.json())
    other = await prescribe(prescriber, "k", duration_days=7)
    expected = {"detail": "Idempotency-Key was used with a different request"}
    assert (other.status_code, other.json()) == (422, expected)
    assert len(await stored(kit)) == 1


async def test_the_same_key_at_once_prescribes_once(kit: ServiceKit, prescriber: Person) -> None:
    answers = await asyncio.gather(*(prescribe(prescriber, "k") for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert len(await stored(kit)) == 1


async def test_a_key_gives_nothing_away_once_access_is_gone(kit: ServiceKit, prescriber: Person) -> None:
    await prescribe(prescriber, "k")
    await kit.write(delete(AccessStaff))
    response = await prescribe(prescriber, "k")
    assert (response.status_code, response.json()) == (403, DENIED)


@pytest.mark.parametrize("table", ["prescription", "idempotent_answer"])
async def test_a_commit_that_fails_prescribes_nothing(kit: ServiceKit, prescriber: Person, table: str) -> None:
    async with kit.failing_commits(table):
        response = await prescribe(prescriber, "k")
    assert response.status_code >= 500
    assert await stored(kit) == []
    assert await acts_of(kit, prescriber) == [USED]
    assert (await prescribe(prescriber, "k")).status_code == 201
    assert len(await stored(kit)) == 1


async def test_what_cannot_be_put_on_record_is_not_prescribed(kit: ServiceKit, prescriber: Person) -> None:
    async with kit.failing_commits("audit_entry"):
        assert (await prescribe(prescriber)).status_code >= 500
    assert await stored(kit) == []


async def test_a_prescription_is_on_record_with_the_competency(kit: ServiceKit, prescriber: Person) -> None:
    target = f"prescription/{(await prescribe(prescriber, 'k')).json()['prescription_id']}"
    written = {"action": "prescription.create", "patient_id": "p-1"}
    assert await acts_of(kit, prescriber) == [USED, {**written, "target": target}]
    await prescribe(prescriber, "k")
    assert (await acts_of(kit, prescriber))[2:] == [USED, {**written, "details": {"repeated": True}}]


async def test_who_is_refused_is_on_record_with_the_patient(kit: ServiceKit) -> None:
    lacking, stranger = await kit.clinician(7), await prescribing(kit, 8)
    entry = refused("prescription.create", 403, patient_id="p-1")
    await prescribe(lacking)
    assert await acts_of(kit, lacking) == [{**USED, "outcome": "refused"}, entry]
    await prescribe(stranger)
    assert await acts_of(kit, stranger) == [USED, entry]


async def test_the_competency_is_on_record_also_when_the_body_is_bad(kit: ServiceKit, prescriber: Person) -> None:
    assert (await prescribe(prescriber, duration_days=0)).status_code == 422
    assert await acts_of(kit, prescriber) == [USED]
