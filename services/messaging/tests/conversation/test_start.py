"""Starting a conversation: what is answered, who is in, which organisations see it, and what is refused."""

from typing import Any
from uuid import UUID

import pytest
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import (
    DETAIL,
    HOSPITAL,
    MESSAGE,
    PATIENT,
    PRACTICE,
    listed,
    nothing_stored,
    refusal,
    start,
)
from sqlalchemy import text

BODY = {"patient_id": PATIENT, "initial_message": "Hello"}


async def organisations(kit: ServiceKit, conversation_id: int) -> set[int]:
    rows = await kit.read(
        "SELECT organisation_id FROM message_organisation WHERE conversation_id = :c", c=conversation_id
    )
    return {row["organisation_id"] for row in rows}


async def test_a_conversation_is_answered_as_the_contract_says(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL, full_name="Dr Amara Osei")
    ben = await kit.clinician(HOSPITAL)
    detail = await start(amara, subject="Dose", participant_ids=[ben.id, ben.id, amara.id], initial_message="Hello")
    assert set(detail) == DETAIL
    assert UUID(detail["fhir_conversation_id"])
    assert (detail["patient_id"], detail["subject"], detail["status"]) == (PATIENT, "Dose", "new")
    assert (detail["is_participant"], detail["can_write"]) == (True, True)
    assert detail["include_patient_as_participant"] is False
    assert [(one["user_id"], one["display_name"], one["role"]) for one in detail["participants"]] == [
        (amara.id, "Dr Amara Osei", "initiator"),
        (ben.id, ben.username, "participant"),
    ]
    (message,) = detail["messages"]
    assert set(message) == MESSAGE
    assert (message["body"], message["created_at"]) == ("Hello", detail["updated_at"])
    assert detail["created_at"] == detail["updated_at"]


async def test_who_may_start_and_which_organisations_are_linked(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL, PRACTICE)
    clinician = await kit.clinician(HOSPITAL, 30)
    patient = await kit.person("patient", patient_id=PATIENT, organisations=(HOSPITAL,))
    external = await kit.person("external_hcp")
    await kit.grant(external, PATIENT)
    assert await organisations(kit, (await start(clinician))["id"]) == {HOSPITAL}
    for person in (patient, external, await kit.admin()):
        assert await organisations(kit, (await start(person))["id"]) == {HOSPITAL, PRACTICE}
    assert len(await listed(await kit.clinician(PRACTICE))) == 3


async def test_a_patient_of_no_organisation_can_still_write_to_somebody(kit: ServiceKit) -> None:
    await kit.patient(PATIENT)
    patient, doctor = await kit.person("patient", patient_id=PATIENT), await kit.clinician(PRACTICE)
    detail = await start(patient, participant_ids=[doctor.id])
    assert await organisations(kit, detail["id"]) == {PRACTICE}


async def test_participants_of_level_staff_bring_all_their_organisations(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(PRACTICE, 30)
    relative = await kit.person("patient_advocate", organisations=(40,))
    await kit.grant(relative, PATIENT)
    detail = await start(amara, participant_ids=[ben.id, relative.id])
    assert await organisations(kit, detail["id"]) == {HOSPITAL, PRACTICE, 30}
    assert len(await listed(await kit.clinician(30))) == 1
    assert await listed(await kit.clinician(40)) == []


async def test_the_patient_joins_when_included_and_linked_and_active(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    await kit.patient("unlinked", HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    patient = await kit.person("patient", patient_id=PATIENT)
    await kit.person("patient", patient_id=PATIENT, is_active=False)
    detail = await start(amara, include_patient_as_participant=True, participant_ids=[patient.id])
    assert detail["include_patient_as_participant"] is True
    assert [one["user_id"] for one in detail["participants"]] == [amara.id, patient.id]
    detail = await start(amara, patient_id="unlinked", include_patient_as_participant=True)
    assert [one["user_id"] for one in detail["participants"]] == [amara.id]
    detail = await start(patient, include_patient_as_participant=True)
    assert [(one["user_id"], one["role"]) for one in detail["participants"]] == [(patient.id, "initiator")]


async def test_a_patient_who_includes_themselves_stays_the_initiator_and_others_are_announced(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    patient, doctor = await kit.person("patient", patient_id=PATIENT), await kit.clinician(HOSPITAL)
    detail = await start(patient, participant_ids=[doctor.id], include_patient_as_participant=True)
    roles = [(one["user_id"], one["role"]) for one in detail["participants"]]
    assert roles == [(patient.id, "initiator"), (doctor.id, "participant")]
    joined = await kit.published("quill.messaging.participant.joined.v1")
    assert [event["user_id"] for event in joined] == [doctor.id]


async def test_without_access_known_and_unknown_patients_are_refused_alike(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    refused = (403, "You do not share an organisation with this patient")
    for person in (
        await kit.clinician(PRACTICE),
        await kit.person("patient", patient_id="somebody-else"),
        await kit.person("patient", organisations=(HOSPITAL,)),
        await kit.person("external_hcp"),
    ):
        for patient_id in (PATIENT, "unknown", "", "not/an id"):
            body = BODY | {"patient_id": patient_id, "participant_ids": [2**40]}
            assert refusal(await person.client.post("/api/conversations", json=body)) == refused
    assert await nothing_stored(kit)


async def test_everything_is_checked_before_anything_is_stored(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    admin, amara = await kit.admin(), await kit.clinician(HOSPITAL)
    switched_off = await kit.clinician(HOSPITAL, is_active=False)
    outsider = await kit.person("external_hcp", organisations=(HOSPITAL,))
    other_patient = await kit.person("patient", patient_id="another")
    not_found, no_access = (404, "User not found"), (403, "User has no access to this patient")
    cases: list[tuple[Any, dict[str, Any], tuple[int, str]]] = [
        (admin, {"patient_id": "unknown", "participant_ids": [2**40]}, (404, "Patient not found")),
        (amara, {"participant_ids": [2**62]}, not_found),
        (amara, {"participant_ids": [-1]}, not_found),
        (amara, {"participant_ids": [switched_off.id]}, not_found),
        (amara, {"participant_ids": [outsider.id, 2**40]}, not_found),
        (amara, {"participant_ids": [outsider.id]}, no_access),
        (amara, {"participant_ids": [admin.id, other_patient.id]}, no_access),
    ]
    for person, more, expected in cases:
        assert refusal(await person.client.post("/api/conversations", json=BODY | more)) == expected
    assert await nothing_stored(kit)


BAD: list[dict[str, Any]] = [
    {"patient_id": None},
    {"patient_id": 5},
    {"patient_id": "a\x00b"},
    {"patient_id": "x" * 256},
    {"initial_message": ""},
    {"initial_message": "  \n"},
    {"initial_message": "x" * 20_001},
    {"initial_message": "\x00"},
    {"subject": "x" * 501},
    {"subject": "\x00"},
    {"subject": 5},
    {"participant_ids": None},
    {"participant_ids": list(range(101))},
    {"participant_ids": [2**63]},
    {"participant_ids": ["x"]},
    {"participant_ids": {}},
    {"include_patient_as_participant": "perhaps"},
    {"include_patient_as_participant": None},
    {"status": "closed"},
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad)[:50])
async def test_a_bad_conversation_is_a_422_and_stores_nothing(kit: ServiceKit, bad: dict[str, Any]) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    response = await amara.client.post("/api/conversations", json=BODY | bad)
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["loc"][1] == next(iter(bad))
    assert await nothing_stored(kit)


async def test_a_blank_subject_is_none_and_the_longest_is_taken(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    for blank in ("", "  ", None):
        assert (await start(amara, subject=blank))["subject"] is None
    assert (await start(amara, subject="é" * 500))["subject"] == "é" * 500


async def test_a_start_is_published_with_who_joined_and_the_first_message(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara, ben = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    detail = await start(amara, participant_ids=[ben.id], subject="secret")
    about = {"conversation_id": detail["id"], "patient_id": PATIENT}
    (message,) = detail["messages"]
    sent = {"message_id": message["id"], "communication_id": message["fhir_communication_id"], "sender_id": amara.id}
    assert await kit.published() == [about | {"started_by": amara.id}, about | {"user_id": ben.id}, about | sent]


async def test_nobody_starts_one_about_a_patient_that_was_deleted(kit: ServiceKit) -> None:
    """Memberships, grants and the linked account stay, and the refusal is that of a patient who never was."""
    await kit.patient(PATIENT, HOSPITAL)
    callers = [await kit.clinician(HOSPITAL), await kit.person("patient", patient_id=PATIENT)]
    callers.append(await kit.person("external_hcp"))
    await kit.grant(callers[-1], PATIENT)
    await kit.write(text("DELETE FROM access_patient"))
    for person in callers:
        response = await person.client.post("/api/conversations", json=BODY)
        assert refusal(response) == (403, "You do not share an organisation with this patient")
    response = await (await kit.admin()).client.post("/api/conversations", json=BODY)
    assert refusal(response) == (404, "Patient not found")
    assert await nothing_stored(kit)
