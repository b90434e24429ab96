"""`GET /internal/export/Patient`."""

from typing import Any

import orjson
import pytest
from quill_common.fhir.export import MAX_PAGE, NDJSON, NEXT
from quill_common.fhir.json_text import parse
from quill_common.fhir.resource import same_content
from quill_common.testing.kit import ServiceKit

URL = "/internal/export/Patient"


async def test_every_patient_comes_out_as_it_is_stored_page_by_page(kit: ServiceKit, keep_patient: Any) -> None:
    for number in range(5):
        await keep_patient(f"p-{number}", extension=[{"url": "urn:x", "valueString": f"line\nbreak {number}"}])
    operator, lines, after, pages = kit.service("operator"), [], "", 0
    while after is not None:
        response = await operator.get(URL, params={"limit": "2", **({"after": after} if after else {})})
        assert (response.status_code, response.headers["Content-Type"]) == (200, NDJSON)
        lines += response.content.splitlines()
        after, pages = response.headers.get(NEXT), pages + 1
    async with kit.parts.database.reader() as reader:
        stored = [await kit.app.state.patients.read(reader, "Patient", f"p-{number}") for number in range(5)]
    assert (pages, [line.decode() for line in lines]) == (3, [one.content for one in stored])


async def test_an_empty_store_gives_an_empty_page(kit: ServiceKit) -> None:
    response = await kit.service("operator").get(URL)
    assert (response.status_code, response.content, response.headers.get(NEXT)) == (200, b"", None)


async def test_whom_a_page_showed_is_on_record(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-2")
    await keep_patient("p-1")
    await kit.service("operator").get(URL)
    [entry] = [entry for entry in await kit.audited() if entry["action"] == "patient.export"]
    assert (entry["actor_service"], entry["patient_ids"]) == ("operator", ["p-1", "p-2"])
    assert entry["details"] == {"exported": 2}


async def test_no_other_service_and_no_person_may(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1")
    assert (await kit.service("orgs").get(URL)).status_code == 403
    admin = await kit.admin()
    assert (await admin.client.get(URL)).status_code == 401
    assert (await kit.client().get(URL)).status_code == 401


async def test_what_is_asked_wrongly_is_refused(kit: ServiceKit) -> None:
    operator = kit.service("operator")
    for wrong in ({"limit": "0"}, {"limit": str(MAX_PAGE + 1)}, {"after": "a b"}):
        assert (await operator.get(URL, params=wrong)).status_code == 422


@pytest.mark.store("built-in")
async def test_what_comes_out_goes_into_an_empty_store_as_the_same(kit: ServiceKit, keep_patient: Any) -> None:
    elements = {"extension": [{"url": "urn:x", "valueDecimal": orjson.Fragment("1.50")}], "gender": "female"}
    await keep_patient("p-1", **elements)
    await keep_patient(
        "p-2", name=[{"family": "Ångström", "_family": {"extension": [{"url": "urn:y", "valueCode": "z"}]}}]
    )
    operator = kit.service("operator")
    exported = (await operator.get(URL)).text.splitlines()
    await kit.empty()
    body = '{"organisation_id": null, "patients": [' + ",".join(exported) + "]}"
    results = (await operator.post("/internal/import/patients", content=body)).json()["results"]
    assert [result["outcome"] for result in results] == ["created", "created"]
    again = (await operator.get(URL)).text.splitlines()
    assert len(again) == 2
    for before, after in zip(exported, again, strict=True):
        assert same_content(parse(before), parse(after))
    assert '"valueDecimal":1.50' in again[0]
