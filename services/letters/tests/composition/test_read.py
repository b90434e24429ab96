"""GET /api/patients/{id}/letters/{composition_uid}."""

from urllib.parse import quote
from uuid import UUID, uuid4

import orjson
import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_letters.composition.letter import Letter, composition
from quill_letters.openehr.version_uid import VersionUid
from quill_letters.store.embedded import EmbeddedStore
from quill_letters.store.interface import NewVersion
from quill_letters.testing.reference_model import faults


def path(patient_id: str) -> str:
    return f"/api/patients/{patient_id}/letters"


@pytest.fixture
async def uid(clinician: Person, patient: str) -> str:
    """A letter of `patient`."""
    response = await clinician.client.post(path(patient), json={"title": 'Ti"tle', "body": "Bödy \u2028"})
    written: str = response.json()["composition_uid"]
    return written


async def test_a_letter_is_given_whole(clinician: Person, patient: str, uid: str) -> None:
    response = await clinician.client.get(f"{path(patient)}/{uid}")
    assert response.status_code == 200
    answer = response.json()
    assert list(answer) == ["patient_id", "composition_uid", "data"]
    assert (answer["patient_id"], answer["composition_uid"]) == (patient, uid)
    assert faults(answer["data"], "COMPOSITION") == []
    assert answer["data"]["uid"]["value"] == uid
    assert answer["data"]["content"][0]["data"]["items"][0]["value"]["value"] == "Bödy \u2028"


async def test_the_list_and_the_letter_tell_the_same_time(clinician: Person, patient: str, uid: str) -> None:
    listed = (await clinician.client.get(path(patient))).json()["letters"][0]
    read = (await clinician.client.get(f"{path(patient)}/{uid}")).json()["data"]
    assert listed["created_at"] == read["context"]["start_time"]["value"]


async def test_the_uid_may_be_percent_encoded(clinician: Person, patient: str, uid: str) -> None:
    response = await clinician.client.get(f"{path(patient)}/{quote(uid, safe='')}")
    assert response.status_code == 200
    assert response.json()["composition_uid"] == uid


async def test_a_bare_uuid_gives_the_newest_version(kit: ServiceKit, clinician: Person, patient: str, uid: str) -> None:
    first = (await clinician.client.get(f"{path(patient)}/{uid}")).text
    object_id = UUID(uid[:36])
    async with kit.parts.database.writer() as writer:
        store = EmbeddedStore(writer, "quill")
        ehr_id = await store.ehr_of(patient)
        for version in (2, 10):
            later = VersionUid(object_id, "quill", version)
            at = (await kit.read("SELECT created_at FROM composition"))[0]["created_at"]
            content = orjson.dumps(composition(Letter("Later", "b", "a", at, 1), later)).decode()
            assert await store.write(ehr_id, patient, NewVersion(later, "Later", "a", 1, at, content))
    newest = (await clinician.client.get(f"{path(patient)}/{object_id}")).json()
    assert newest["composition_uid"] == str(object_id)
    assert newest["data"]["uid"]["value"] == f"{object_id}::quill::10"
    assert (await clinician.client.get(f"{path(patient)}/{uid}")).text == first


async def test_a_letter_that_is_not_there_is_not_found(
    kit: ServiceKit, clinician: Person, patient: str, uid: str
) -> None:
    other = await kit.patient("other", 1)
    object_id = uid[:36]
    places = [
        f"{path(other)}/{uid}",
        f"{path(other)}/{object_id}",
        f"{path(patient)}/{uuid4()}",
        f"{path(patient)}/{uuid4()}::quill::1",
        f"{path(patient)}/{object_id}::quill::2",
        f"{path(patient)}/{object_id}::elsewhere::1",
        f"{path(patient)}/{object_id}::quill::99999999999999999999999",
        f"{path(patient)}/nonsense",
        f"{path(patient)}/%ff%fe",
        f"{path(patient)}/%ED%A0%80",
        f"{path(patient)}/{'9' * 5000}",
        f"{path(patient)}/{object_id}%0A",
        f"{path(patient)}/' OR 1=1 --",
    ]
    for place in places:
        response = await clinician.client.get(place)
        assert (response.status_code, response.json()) == (404, {"detail": "Letter not found"}), place


async def test_nul_in_the_uid_is_refused(clinician: Person, patient: str) -> None:
    assert (await clinician.client.get(f"{path(patient)}/%00")).status_code == 422


async def test_reading_takes_three_statements(kit: ServiceKit, clinician: Person, patient: str, uid: str) -> None:
    with kit.statements() as statements:
        await clinician.client.get(f"{path(patient)}/{uid}")
    assert len(statements) == 3
