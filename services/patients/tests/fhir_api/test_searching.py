"""Searches at the door: what is found, what is understood, and the links that lead on."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fhir.resources.R4B.bundle import Bundle
from quill_common.fhir.store import StoreFailing
from quill_common.testing.kit import ServiceKit

from .conftest import BASE, PATIENT, Door, expressions, outcome

FORM = "application/x-www-form-urlencoded"


def _ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


def _links(bundle: dict[str, Any]) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in bundle["link"]}


@pytest.fixture
async def marshes(keep_patient: Any) -> None:
    """Three patients of organisation 7 and one of 8."""
    for number, (given, birth) in enumerate((("Ada", "1951-11-30"), ("Bea", "1980"), ("Cy", "2001-02-03"))):
        await keep_patient(
            f"p-{number}",
            7,
            name=[{"family": "Marsh", "given": [given]}],
            birthDate=birth,
            gender="female" if number < 2 else "male",
            identifier=[{"system": "urn:mrn", "value": f"M{number}"}],
        )
    await keep_patient("far", 8, name=[{"family": "Marsh", "given": ["Zoe"]}], identifier=[{"value": "M1"}])


@pytest.mark.usefixtures("marshes")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["p-0", "p-1", "p-2"]),
        ("family=marsh", ["p-0", "p-1", "p-2"]),
        ("name=be", ["p-1"]),
        ("given:exact=Cy", ["p-2"]),
        ("_id=p-1,p-2,far", ["p-1", "p-2"]),
        ("birthdate=ge1980&birthdate=lt2000", ["p-1"]),
        ("gender=male", ["p-2"]),
        ("identifier=urn:mrn|M1", ["p-1"]),
        ("identifier=M1", ["p-1"]),
        ("identifier=urn:other|M1", []),
        ("_lastUpdated=gt2020-01-01&family=Marsh", ["p-0", "p-1", "p-2"]),
        ("_lastUpdated=lt2020-01-01", []),
        ("family=marsh&gender=female", ["p-0", "p-1"]),
        ("family=", ["p-0", "p-1", "p-2"]),
    ],
)
async def test_what_matches_is_found_among_the_callers_own(
    kit: ServiceKit, door: Door, query: str, found: list[str]
) -> None:
    clinician = await kit.clinician(7)
    got = await door(clinician, "GET", f"Patient?{query}")
    posted = await door(clinician, "POST", "Patient/_search", query, content_type=FORM)
    for response in (got, posted):
        assert response.status_code == 200, response.text
        bundle = response.json()
        Bundle.model_validate(bundle)
        assert (bundle["type"], _ids(bundle)) == ("searchset", found)
        assert all(entry["search"] == {"mode": "match"} for entry in bundle.get("entry", []))
        assert "total" not in bundle
    for entry in await kit.audited():
        assert (entry["action"], entry["patient_ids"]) == ("patient.list", sorted(found))
        assert "arsh" not in str(entry["details"])
        assert ("searched" in (entry["details"] or {})) == (query not in {"", "family="})


@pytest.mark.usefixtures("marshes")
async def test_admins_find_everybody_and_strangers_nobody(kit: ServiceKit, door: Door) -> None:
    everybody = (await door(await kit.admin(), "GET", "Patient?_total=accurate")).json()
    assert (_ids(everybody), everybody["total"]) == (["p-0", "p-1", "p-2", "far"], 4)
    granted = await kit.person("external_hcp")
    await kit.grant(granted, "p-2")
    assert _ids((await door(granted, "GET", "Patient")).json()) == ["p-2"]
    nobody = (await door(await kit.clinician(9), "GET", "Patient?_total=accurate")).json()
    assert (nobody["total"], "entry" in nobody) == (0, False)


@pytest.mark.usefixtures("marshes")
async def test_links_lead_through_all_pages(kit: ServiceKit, door: Door) -> None:
    clinician = await kit.clinician(7)
    seen, url = [], f"{BASE}/Patient?family=marsh&_count=1&_total=accurate&unknown=x&_format=json"
    while url:
        page = (await clinician.client.get(url, headers={"X-Quill-Called-As": "https://quill.example"})).json()
        seen += _ids(page)
        assert page["total"] == 3
        links = _links(page)
        understood = parse_qsl(urlsplit(links["self"]).query)
        assert [pair for pair in understood if pair[0] != "_cursor"] == [
            ("family", "marsh"),
            ("_count", "1"),
            ("_total", "accurate"),
        ]
        assert page["entry"][0]["fullUrl"] == f"https://quill.example{BASE}/Patient/{seen[-1]}"
        url = links.get("next", "").removeprefix("https://quill.example")
    assert seen == ["p-0", "p-1", "p-2"]


@pytest.mark.usefixtures("marshes")
async def test_a_posted_search_goes_on_by_its_links(kit: ServiceKit, door: Door) -> None:
    clinician = await kit.clinician(7)
    first = (await door(clinician, "POST", "Patient/_search?_count=2", "identifier=urn:mrn|", content_type=FORM)).json()
    second = (await clinician.client.get(_links(first)["next"])).json()
    assert _ids(first) + _ids(second) == ["p-0", "p-1", "p-2"]
    assert "next" not in _links(second)


@pytest.mark.usefixtures("marshes")
async def test_a_count_of_nothing_counts(kit: ServiceKit, door: Door) -> None:
    bundle = (await door(await kit.clinician(7), "GET", "Patient?gender=female&_count=0")).json()
    assert (bundle["total"], "entry" in bundle) == (2, False)
    assert "next" not in _links(bundle)


@pytest.mark.usefixtures("marshes")
async def test_strict_handling_refuses_what_is_not_understood(kit: ServiceKit, door: Door) -> None:
    clinician = await kit.clinician(7)
    for wish, status in (("handling=strict", 400), ("handling=lenient", 200), ("respond-async, handling=strict", 400)):
        response = await door(clinician, "GET", "Patient?colour=red&family=marsh&_summary=true", prefer=wish)
        assert response.status_code == status, wish
        if status == 400:
            assert outcome(response) == (400, "invalid", "Unknown parameters: _summary, colour")
    assert (await door(clinician, "GET", "Patient?family=m&_format=json", prefer="handling=strict")).status_code == 200


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("birthdate=yesterday", "http.birthdate"),
        ("gender=f", "http.gender"),
        ("family:sounds=x", "http.family:sounds"),
        ("identifier=|", "http.identifier"),
        ("_lastUpdated=x", "http._lastUpdated"),
        ("_count=-1", "http._count"),
        ("_count=x", "http._count"),
        ("_count=1&_count=2", "http._count"),
        ("_total=some", "http._total"),
        ("name=a%00b", None),
        ("name=%ff", "http.name"),
        ("&".join(f"x{n}=1" for n in range(150)), "http.query"),
    ],
)
async def test_a_bad_parameter_is_named(kit: ServiceKit, door: Door, query: str, named: str | None) -> None:
    response = await door(await kit.clinician(7), "GET", f"Patient?{query}")
    if named is None:
        assert response.status_code == 422  # before any route is looked for
    else:
        assert outcome(response)[:2] == (400, "invalid")
        assert expressions(response) == [named]


async def test_a_cursor_of_somebody_elses_making_is_refused(kit: ServiceKit, door: Door) -> None:
    for cursor in ("x", "WzFd", "a" * 5000):
        response = await door(await kit.clinician(7), "GET", f"Patient?_cursor={cursor}")
        assert outcome(response)[:2] == (400, "invalid"), cursor


@pytest.mark.usefixtures("marshes")
async def test_nothing_is_listed_while_an_event_is_parked(
    kit: ServiceKit, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(kit.parts.consumer), "complete", property(lambda _: False))
    response = await door(await kit.clinician(7), "GET", "Patient")
    assert outcome(response)[:2] == (503, "transient")


@pytest.mark.usefixtures("marshes")
async def test_a_store_that_cannot_tell_is_no_empty_list(
    kit: ServiceKit, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> Any:
        raise StoreFailing

    monkeypatch.setattr(kit.app.state.patients, "search", failing)
    clinician = await kit.clinician(7)
    asked = (
        door(clinician, "GET", "Patient?family=marsh"),
        door(clinician, "POST", "Patient", PATIENT, If_None_Exist="family=marsh"),
    )
    for response in asked:
        assert outcome(await response) == (503, "transient", "Clinical store unavailable")


@pytest.mark.usefixtures("marshes")
async def test_who_is_deactivated_is_not_found_and_still_read(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    await admin.client.post("/api/patients/p-1/deactivate")
    clinician = await kit.clinician(7)
    assert _ids((await door(clinician, "GET", "Patient")).json()) == ["p-0", "p-2"]
    assert (await door(clinician, "GET", "Patient/p-1")).status_code == 200
