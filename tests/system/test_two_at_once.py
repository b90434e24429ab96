"""What many want at the same moment happens once, and no change is lost: through the gateway, in real services."""

import asyncio
import random
import secrets
from collections import Counter
from typing import Any

import httpx
import pytest
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import PASSWORD, account, good, organisation, patient, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(300)]

MANY = 64
WRITERS = 16
CHANGES = 10
EDITH = {"given_name": "Edith", "family_name": "Marsh"}
VERSIONS = "SELECT version FROM patients.fhir_patient_version WHERE id = $1 ORDER BY version"


async def _answered(visitor: Visitor, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    """The answer of a service that has room: 503 stored nothing, and asks to come again."""
    while (answer := await visitor.call(method, path, body, **more)).status_code == 503:  # noqa: ASYNC110 - the other end is a process
        await asyncio.sleep(0.1)
    return answer


async def _created(visitor: Visitor, body: dict[str, Any], times: int) -> str:
    """The id that one of many creations at once got; all the others must be refused."""
    answers = await asyncio.gather(*(_answered(visitor, "POST", "/api/patients", body) for _ in range(times)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: times - 1}
    assert {answer.text for answer in answers if answer.status_code == 409} == {'{"detail":"Patient already exists"}'}
    return next(str(answer.json()["id"]) for answer in answers if answer.status_code == 200)


async def _is_there_once(system: RunningSystem, patient_id: str) -> None:
    assert [row["version"] for row in await system.query(VERSIONS, patient_id)] == [1]
    told = "SELECT type FROM patients.outbox WHERE data::jsonb->>'id' = $1"
    assert [row["type"] for row in await system.query(told, patient_id)] == ["quill.patients.patient.created.v1"]
    for service in ("auth", "orgs", "letters", "messaging"):
        known = await system.query(f"SELECT count(*) FROM {service}.access_patient WHERE id = $1", patient_id)
        assert known[0][0] == 1, service


async def test_an_id_that_many_want_at_once_is_one_record(system: RunningSystem) -> None:
    admin = await system.visitor()
    wanted = f"wanted-{secrets.token_hex(6)}"
    assert await _created(admin, {**EDITH, "patient_id": wanted}, MANY) == wanted
    await _is_there_once(system, wanted)


async def test_an_nhs_number_that_many_bring_at_once_is_one_record(system: RunningSystem) -> None:
    admin = await system.visitor()
    number = f"9{secrets.randbelow(10**9):09}"
    created = await _created(admin, {**EDITH, "nhs_number": number}, MANY)
    await _is_there_once(system, created)
    holders = "SELECT count(*) FROM patients.fhir_patient AS one WHERE to_jsonb(one)::text LIKE $1"
    assert (await system.query(holders, f"%{number}%"))[0][0] == 1


async def test_of_two_writers_with_one_etag_one_writes(system: RunningSystem) -> None:
    w = await ward(system)
    path = f"/api/patients/{w.patient_id}"
    for version in range(1, 11):
        etag = (await w.clinician.call("GET", path)).headers["etag"]
        assert etag == f'W/"{version}"'
        both = await asyncio.gather(
            *(
                _answered(person, "PATCH", path, {"mrn": f"M{version}-{n}"}, headers={"If-Match": etag})
                for n, person in enumerate((w.clinician, w.admin))
            )
        )
        assert sorted(answer.status_code for answer in both) == [200, 412]
    assert [row["version"] for row in await system.query(VERSIONS, w.patient_id)] == list(range(1, 12))


async def test_writers_who_try_again_lose_no_change_and_leave_no_hole(system: RunningSystem) -> None:
    w = await ward(system)
    path = f"/api/patients/{w.patient_id}"

    async def write(writer: int) -> list[str]:
        mine = []
        for number in range(CHANGES):
            body, status = {"mrn": f"M{writer}-{number}"}, 412
            while status == 412:
                await asyncio.sleep(random.random() / 5)  # noqa: S311 - so that not all meet again each time
                etag = (await _answered(w.clinician, "GET", path)).headers["etag"]
                answer = await _answered(w.clinician, "PATCH", path, body, headers={"If-Match": etag})
                status = answer.status_code
            assert status == 200, answer.text
            mine.append(answer.headers["etag"])
        return mine

    etags = [etag for some in await asyncio.gather(*map(write, range(WRITERS))) for etag in some]
    last = 1 + WRITERS * CHANGES
    assert sorted(etags) == sorted(f'W/"{version}"' for version in range(2, last + 1))
    assert [row["version"] for row in await system.query(VERSIONS, w.patient_id)] == list(range(1, last + 1))
    assert (await w.clinician.call("GET", path)).headers["etag"] == f'W/"{last}"'


async def test_many_organisations_at_once_make_one_primary(system: RunningSystem) -> None:
    admin = await system.visitor()
    user_id, name = await account(admin)
    numbers = [await organisation(admin) for _ in range(WRITERS)]
    for number in numbers:
        await good(await admin.call("PUT", f"/api/organizations/{number}/features/f{number}", {"enabled": True}))
    answers = await asyncio.gather(
        *(_answered(admin, "POST", f"/api/organizations/{number}/staff", {"user_id": user_id}) for number in numbers)
    )
    assert [answer.status_code for answer in answers] == [200] * WRITERS
    rows = "SELECT organisation_id FROM orgs.organisation_staff_member WHERE user_id = $1 AND is_primary"
    [primary] = [row[0] for row in await system.query(rows, user_id)]
    person = await system.visitor(name, PASSWORD)
    assert (await good(await person.call("GET", "/api/auth/me")))["enabled_features"] == [f"f{primary}"]


async def test_an_invitation_that_is_accepted_many_times_at_once_is_one_account_and_one_grant(
    system: RunningSystem,
) -> None:
    admin = await system.visitor()
    patient_id, name = await patient(admin), f"u{secrets.token_hex(6)}"
    record = f"/api/patients/{patient_id}"
    invitation = {"email": f"{name}@example.org", "user_type": "external_hcp"}
    token = (await good(await admin.call("POST", f"{record}/invite-external", invitation)))["token"]
    body, guest = {"token": token, "username": name, "password": PASSWORD}, system.stranger()
    answers = await asyncio.gather(*(_answered(guest, "POST", "/api/accept-invite", body) for _ in range(WRITERS)))
    assert {answer.status_code for answer in answers} == {200}
    [user_id] = {answer.json()["user_id"] for answer in answers}
    grants = await system.query("SELECT user_id FROM orgs.external_patient_access WHERE patient_id = $1", patient_id)
    assert [row["user_id"] for row in grants] == [user_id]
    for service in ("auth", "patients", "letters", "messaging"):
        rows = await system.query(f"SELECT user_id FROM {service}.access_grant WHERE patient_id = $1", patient_id)
        assert [row["user_id"] for row in rows] == [user_id], service
    revoked = await asyncio.gather(
        *(_answered(admin, "DELETE", f"{record}/external-access/{user_id}") for _ in range(WRITERS))
    )
    assert Counter(answer.status_code for answer in revoked) == {200: 1, 404: WRITERS - 1}


@pytest.mark.parametrize(("enabled", "said"), [(True, "enabled"), (False, "disabled")])
async def test_a_feature_that_many_switch_at_once_is_switched_once(
    system: RunningSystem, enabled: bool, said: str
) -> None:
    admin = await system.visitor()
    path = f"/api/organizations/{await organisation(admin)}/features/epr"
    await good(await admin.call("PUT", path, {"enabled": not enabled}))
    answers = await asyncio.gather(*(_answered(admin, "PUT", path, {"enabled": enabled}) for _ in range(WRITERS)))
    assert Counter(answer.json()["status"] for answer in answers) == {said: 1, f"already_{said}": WRITERS - 1}
