"""Who may read and who may write (contract 2.5), on every route, and that nobody else learns what exists."""

from dataclasses import dataclass

import httpx
from quill_common.testing.kit import Person, ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, PRACTICE, listed, refusal, send, start, try_to_send

NOT_FOUND = (404, "Conversation not found")
UNKNOWN = 2**40


@dataclass
class Scene:
    """A conversation at the hospital about one patient, and an account to add."""

    kit: ServiceKit
    initiator: Person
    colleague: Person
    id: int

    async def apply(self, event_type: str, **data: object) -> None:
        """What another service published."""
        async with self.kit.parts.units.open() as work:
            await self.kit.parts.projection.apply(work, event_type, dict(data))


async def scene(kit: ServiceKit) -> Scene:
    await kit.patient(PATIENT, HOSPITAL)
    initiator, colleague = await kit.clinician(HOSPITAL), await kit.clinician(HOSPITAL)
    return Scene(kit, initiator, colleague, (await start(initiator))["id"])


async def writes(person: Person, scene: Scene, conversation_id: int) -> list[httpx.Response]:
    """Everything that only participants may do; the refused do nothing."""
    path = f"/api/conversations/{conversation_id}"
    return [
        await try_to_send(person, conversation_id),
        await person.client.post(f"{path}/participants", json={"user_id": scene.colleague.id}),
        await person.client.get(f"{path}/participants"),
        await person.client.post(f"{path}/read"),
        await person.client.patch(path, json={"status": "closed"}),
    ]


async def assert_reads_but_does_not_write(person: Person, scene: Scene) -> None:
    (shown,) = await listed(person)
    assert (shown["id"], shown["is_participant"], shown["can_write"], shown["unread_count"]) == (
        scene.id, False, False, 0,
    )  # fmt: skip
    assert (await person.client.get(f"/api/conversations/{scene.id}")).status_code == 200
    assert [refusal(response) for response in await writes(person, scene, scene.id)] == [
        (403, "User is not a participant"),
        (403, "Only participants can add others"),
        NOT_FOUND,
        NOT_FOUND,
        NOT_FOUND,
    ]


async def assert_reads_and_writes(person: Person, scene: Scene) -> None:
    (shown,) = await listed(person)
    assert (shown["id"], shown["is_participant"], shown["can_write"]) == (scene.id, True, True)
    assert (await person.client.get(f"/api/conversations/{scene.id}")).json()["can_write"] is True
    assert {response.status_code for response in await writes(person, scene, scene.id)} == {200}


async def assert_learns_nothing(person: Person, scene: Scene) -> None:
    """The same answers, byte for byte, for this conversation and for one that does not exist."""
    assert await listed(person) == []
    for conversation_id in (scene.id, UNKNOWN):
        path = f"/api/conversations/{conversation_id}"
        answers = [await person.client.get(path), *await writes(person, scene, conversation_id)]
        assert [refusal(answer) for answer in answers] == [NOT_FOUND] * 6
    join = [await person.client.post(f"/api/conversations/{one}/join") for one in (scene.id, UNKNOWN)]
    assert (join[0].status_code, join[0].text) == (join[1].status_code, join[1].text)
    assert join[0].status_code in (403, 404)


async def test_staff_of_one_of_its_organisations_reads(kit: ServiceKit) -> None:
    await assert_reads_but_does_not_write(await kit.clinician(HOSPITAL), await scene(kit))


async def test_a_live_grant_for_its_patient_reads(kit: ServiceKit) -> None:
    here = await scene(kit)
    for level in ("external_hcp", "patient_advocate", "patient", "staff"):
        person = await kit.person(level)
        await kit.grant(person, PATIENT)
        await assert_reads_but_does_not_write(person, here)


async def test_the_patient_reads_only_when_taking_part(kit: ServiceKit) -> None:
    here = await scene(kit)
    patient = await kit.person("patient", patient_id=PATIENT)
    await assert_learns_nothing(patient, here)
    path = f"/api/conversations/{here.id}/participants"
    assert (await here.initiator.client.post(path, json={"user_id": patient.id})).status_code == 200
    await assert_reads_and_writes(patient, here)


async def test_no_level_reads_by_itself(kit: ServiceKit) -> None:
    here = await scene(kit)
    for level in ("admin", "superadmin", "staff", "patient", "external_hcp", "patient_advocate", "unheard_of"):
        await assert_learns_nothing(await kit.person(level), here)


async def test_staff_of_another_organisation_learns_nothing(kit: ServiceKit) -> None:
    await assert_learns_nothing(await kit.clinician(PRACTICE), await scene(kit))


async def test_a_staff_row_below_level_staff_opens_nothing(kit: ServiceKit) -> None:
    here = await scene(kit)
    for level in ("patient", "external_hcp", "patient_advocate", "unheard_of"):
        await assert_learns_nothing(await kit.person(level, organisations=(HOSPITAL,)), here)


async def test_a_participant_below_staff_whose_grant_is_revoked_loses_reading_and_writing(kit: ServiceKit) -> None:
    here = await scene(kit)
    relative = await kit.person("patient_advocate")
    await kit.grant(relative, PATIENT)
    path = f"/api/conversations/{here.id}/participants"
    assert (await here.initiator.client.post(path, json={"user_id": relative.id})).status_code == 200
    await assert_reads_and_writes(relative, here)
    await here.apply("quill.orgs.access.revoked.v1", user_id=relative.id, patient_id=PATIENT)
    await assert_learns_nothing(relative, here)
    await here.apply("quill.orgs.access.granted.v1", user_id=relative.id, patient_id=PATIENT)
    await assert_reads_and_writes(relative, here)


async def test_a_grant_for_another_patient_does_not_keep_a_participant_in(kit: ServiceKit) -> None:
    here = await scene(kit)
    relative = await kit.person("external_hcp")
    await kit.grant(relative, PATIENT)
    await kit.grant(relative, "another-patient")
    path = f"/api/conversations/{here.id}/participants"
    assert (await here.initiator.client.post(path, json={"user_id": relative.id})).status_code == 200
    await here.apply("quill.orgs.access.revoked.v1", user_id=relative.id, patient_id=PATIENT)
    await assert_learns_nothing(relative, here)


async def test_staff_who_left_the_organisation_keep_the_threads_they_take_part_in(kit: ServiceKit) -> None:
    here = await scene(kit)
    other = (await start(here.colleague))["id"]
    await here.apply("quill.orgs.staff.removed.v1", organisation_id=HOSPITAL, user_id=here.initiator.id)
    await assert_reads_and_writes(here.initiator, here)
    assert (await here.initiator.client.get(f"/api/conversations/{other}")).status_code == 404


async def test_a_participant_demoted_below_staff_loses_the_thread(kit: ServiceKit) -> None:
    here = await scene(kit)
    facts = {
        "id": here.initiator.id, "username": here.initiator.username, "full_name": None, "email": "a@example.org",
        "level": "patient", "roles": [], "competencies": [], "is_active": True, "patient_id": None,
    }  # fmt: skip
    await here.apply("quill.auth.user.changed.v1", **facts)
    await assert_learns_nothing(here.initiator, here)


async def test_nobody_is_let_in_without_signing_in(kit: ServiceKit) -> None:
    here = await scene(kit)
    inactive = await kit.clinician(HOSPITAL, is_active=False)
    path = f"/api/conversations/{here.id}"
    for client, detail in ((kit.anonymous, "Not authenticated"), (inactive.client, "Inactive user")):
        answers = [
            await client.get("/api/conversations"),
            await client.post("/api/conversations", json={"patient_id": PATIENT, "initial_message": "x"}),
            await client.get(f"/api/patients/{PATIENT}/conversations"),
            await client.get(path),
            await client.patch(path, json={"status": "closed"}),
            await client.post(f"{path}/messages", json={"body": "x"}),
            await client.get(f"{path}/participants"),
            await client.post(f"{path}/participants", json={"user_id": 1}),
            await client.post(f"{path}/join"),
            await client.post(f"{path}/read"),
        ]
        assert {refusal(answer) for answer in answers} == {(401, detail)}


async def test_the_clinical_switch_closes_every_route(kit: ServiceKit) -> None:
    here = await scene(kit)
    settings = kit.parts.settings
    kit.parts.settings = settings.model_copy(update={"clinical_services_enabled": False})
    try:
        client, path = here.initiator.client, f"/api/conversations/{here.id}"
        answers = [
            await client.get("/api/conversations"),
            await client.post("/api/conversations", json={"patient_id": PATIENT, "initial_message": "x"}),
            await client.get(f"/api/patients/{PATIENT}/conversations"),
            await client.get(path),
            await client.post(f"{path}/join"),
            *await writes(here.initiator, here, here.id),
        ]
    finally:
        kit.parts.settings = settings
    expected = (503, "Clinical services are not available in this deployment")
    assert {refusal(answer) for answer in answers} == {expected}
    await send(here.initiator, here.id)
