"""POST /api/patients/{id}/letters."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from quill_common.access.tables import AccessStaff
from quill_common.testing.kit import Person, ServiceKit
from quill_letters.testing.reference_model import faults
from sqlalchemy import delete

LETTER = {"title": "Clinic letter", "body": "# Dear Anne\r\n\r\n<b>All</b> *well*. 🩺\n"}


def path(patient_id: str) -> str:
    return f"/api/patients/{patient_id}/letters"


async def stored(kit: ServiceKit) -> list[dict[str, Any]]:
    return [
        orjson.loads(row["content"]) for row in await kit.read("SELECT content FROM composition ORDER BY created_at")
    ]


async def nothing_happened(kit: ServiceKit) -> bool:
    rows = await kit.read("SELECT 1 FROM composition UNION ALL SELECT 1 FROM ehr")
    return rows == [] and await kit.published() == []


async def test_a_clinician_writes_a_letter(kit: ServiceKit, clinician: Person, patient: str) -> None:
    response = await clinician.client.post(path(patient), json=LETTER)
    assert response.status_code == 200, response.text
    answer = response.json()
    uid = answer["composition_uid"]
    assert answer == {"patient_id": patient, "composition_uid": uid, "title": "Clinic letter"}
    assert uid.split("::")[1:] == ["quill", "1"]
    (node,) = await stored(kit)
    assert faults(node, "COMPOSITION") == []
    assert node["uid"]["value"] == uid
    assert node["content"][0]["data"]["items"][0]["value"]["value"] == LETTER["body"]
    assert await kit.published("quill.letters.letter.written.v1") == [
        {"composition_uid": uid, "patient_id": patient, "author_id": clinician.id}
    ]


async def test_the_true_writer_is_recorded_whatever_the_author_is_called(
    kit: ServiceKit, clinician: Person, patient: str
) -> None:
    more = {"author_name": "Professor Someone", "author_email": "someone@example.org"}
    await clinician.client.post(path(patient), json=LETTER | more)
    (composer,) = [node["composer"] for node in await stored(kit)]
    assert composer["name"] == "Professor Someone"
    assert composer["external_ref"]["id"]["value"] == str(clinician.id)
    assert composer["identifiers"][0]["id"] == "someone@example.org"
    assert await kit.read("SELECT author, author_id FROM composition") == [
        {"author": "Professor Someone", "author_id": clinician.id}
    ]


@pytest.mark.parametrize("more", [{}, {"author_name": None}, {"author_name": "  ", "author_email": ""}])
async def test_without_an_author_it_is_the_caller_by_full_name(
    kit: ServiceKit, clinician: Person, patient: str, more: dict[str, Any]
) -> None:
    response = await clinician.client.post(path(patient), json=LETTER | more)
    assert response.status_code == 200, response.text
    (composer,) = [node["composer"] for node in await stored(kit)]
    assert composer["name"] == "Dr Ada Byron"
    assert "identifiers" not in composer


async def test_without_an_author_or_full_name_it_is_the_username(kit: ServiceKit, patient: str) -> None:
    nameless = await kit.clinician(1)
    await nameless.client.post(path(patient), json=LETTER)
    assert [node["composer"]["name"] for node in await stored(kit)] == [nameless.username]


async def test_the_longest_that_is_allowed_is_kept(kit: ServiceKit, clinician: Person, patient: str) -> None:
    long = {"title": "t" * 500, "body": "ü" * 200_000, "author_name": "a" * 255, "author_email": "e" * 255}
    assert (await clinician.client.post(path(patient), json=long)).status_code == 200
    (node,) = await stored(kit)
    assert node["name"]["value"] == long["title"]


async def test_unknown_fields_are_ignored(clinician: Person, patient: str) -> None:
    assert (await clinician.client.post(path(patient), json=LETTER | {"colour": "red"})).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " \n "}, "title"),
        ({"title": "t" * 501}, "title"),
        ({"title": None}, "title"),
        ({"title": 7}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"body": ""}, "body"),
        ({"body": "\t"}, "body"),
        ({"body": "b" * 200_001}, "body"),
        ({"body": ["x"]}, "body"),
        ({"author_name": "a" * 256}, "author_name"),
        ({"author_name": {}}, "author_name"),
        ({"author_email": "e" * 256}, "author_email"),
        ({"author_email": "\x00"}, "author_email"),
    ],
)
async def test_a_letter_that_is_not_valid_is_refused_by_field(
    kit: ServiceKit, clinician: Person, patient: str, wrong: dict[str, Any], field: str
) -> None:
    response = await clinician.client.post(path(patient), json=LETTER | wrong)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][:2] == ["body", field]
    assert await nothing_happened(kit)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"title": "t", "body": "\\ud800"}',
        b'{"title": "\xff\xfe", "body": "b"}',
        b'{"title": "t", "body": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
async def test_a_body_that_is_no_letter_is_the_callers_fault(
    kit: ServiceKit, clinician: Person, patient: str, content: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    response = await clinician.client.post(path(patient), content=content, headers=headers)
    assert 400 <= response.status_code < 500
    assert await nothing_happened(kit)


@pytest.mark.parametrize("patient_id", ["a_b", "x" * 65, "%00", "%ff", "p q"])
async def test_a_patient_id_that_is_none_is_refused(clinician: Person, patient_id: str) -> None:
    assert (await clinician.client.post(path(patient_id), json=LETTER)).status_code == 422


async def test_who_is_not_signed_in_is_refused(kit: ServiceKit, patient: str) -> None:
    response = await kit.anonymous.post(path(patient), json=LETTER)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


async def test_who_is_not_a_clinician_is_refused_before_the_body_is_judged(kit: ServiceKit, patient: str) -> None:
    own = await kit.person("patient", competencies=(), patient_id=patient)
    for person in (await kit.person(organisations=(1,)), await kit.admin(), own):
        response = await person.client.post(path(patient), json={"title": ""})
        assert (response.status_code, response.json()) == (403, {"detail": "Forbidden"})
    assert await nothing_happened(kit)


async def test_a_clinician_without_access_learns_nothing_about_the_patient(kit: ServiceKit, patient: str) -> None:
    stranger = await kit.clinician(2)
    clinical_admin = await kit.person("admin", roles=("Clinician",))
    for person in (stranger, clinical_admin):
        for patient_id in (patient, "unknown"):
            response = await person.client.post(path(patient_id), json=LETTER)
            assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})
    assert await nothing_happened(kit)


async def test_a_clinician_with_a_grant_writes(kit: ServiceKit, patient: str) -> None:
    outside = await kit.person("external_hcp", roles=("Clinician",))
    await kit.grant(outside, patient)
    assert (await outside.client.post(path(patient), json=LETTER)).status_code == 200


async def test_a_patient_that_does_not_exist_gets_no_letter(kit: ServiceKit) -> None:
    person = await kit.clinician(1)
    await kit.grant(person, "nobody")
    response = await person.client.post(path("nobody"), json=LETTER)
    assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})
    assert await nothing_happened(kit)


async def test_the_same_key_writes_once(kit: ServiceKit, clinician: Person, patient: str) -> None:
    headers = {"Idempotency-Key": "letter-1"}
    first = await clinician.client.post(path(patient), json=LETTER, headers=headers)
    again = await clinician.client.post(path(patient), json=LETTER, headers=headers)
    assert first.json() == again.json()
    assert len(await stored(kit)) == 1
    other = await clinician.client.post(path(patient), json=LETTER | {"title": "x"}, headers=headers)
    assert (other.status_code, other.json()["detail"]) == (
        422,
        "Idempotency-Key was used with a different request",
    )


async def test_the_same_key_at_once_writes_once(kit: ServiceKit, clinician: Person, patient: str) -> None:
    headers = {"Idempotency-Key": "letter-1"}
    answers = await asyncio.gather(
        *(clinician.client.post(path(patient), json=LETTER, headers=headers) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert len(await stored(kit)) == 1


async def test_a_key_gives_nothing_away_once_access_is_gone(kit: ServiceKit, patient: str) -> None:
    person = await kit.clinician(1)
    headers = {"Idempotency-Key": "letter-1"}
    await person.client.post(path(patient), json=LETTER, headers=headers)
    await kit.write(delete(AccessStaff))
    response = await person.client.post(path(patient), json=LETTER, headers=headers)
    assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})


@pytest.mark.parametrize("table", ["composition", "outbox", "ehr"])
async def test_a_commit_that_fails_stores_and_tells_nothing(
    kit: ServiceKit, clinician: Person, patient: str, table: str
) -> None:
    async with kit.failing_commits(table):
        response = await clinician.client.post(path(patient), json=LETTER, headers={"Idempotency-Key": "k"})
    assert response.status_code >= 500
    assert await nothing_happened(kit)
    assert (
        await clinician.client.post(path(patient), json=LETTER, headers={"Idempotency-Key": "k"})
    ).status_code == 200


async def test_sixteen_first_letters_at_once_make_one_ehr(kit: ServiceKit, clinician: Person, patient: str) -> None:
    async def write(number: int) -> httpx.Response:
        return await clinician.client.post(path(patient), json=LETTER | {"title": f"Letter {number}"})

    answers = await asyncio.gather(*(write(number) for number in range(16)))
    assert [answer.status_code for answer in answers] == [200] * 16
    assert len({answer.json()["composition_uid"] for answer in answers}) == 16
    assert len(await kit.read("SELECT 1 FROM ehr")) == 1
    assert await kit.read("SELECT count(DISTINCT ehr_id) AS ehrs, count(*) AS letters FROM composition") == [
        {"ehrs": 1, "letters": 16}
    ]
    assert len(await kit.published()) == 16


async def test_nothing_is_written_while_clinical_services_are_off(
    kit: ServiceKit, clinician: Person, patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit.parts.settings, "clinical_services_enabled", False)
    for response in (
        await clinician.client.post(path(patient), json=LETTER),
        await clinician.client.get(path(patient)),
        await clinician.client.get(f"{path(patient)}/x"),
    ):
        assert response.status_code == 503
        assert response.json() == {"detail": "Clinical services are not available in this deployment"}
