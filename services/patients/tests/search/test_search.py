"""`GET /api/patients` with criteria: what is found, for whom, and what is refused."""

from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_common.testing.on_record import acts_of

NHS = "https://fhir.nhs.uk/Id/nhs-number"


async def _ids(person: Person, **query: Any) -> list[str]:
    response = await person.client.get("/api/patients", params=query)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["fhir_ready"] is True
    return [patient["id"] for patient in answer["patients"]]


def _name(family: str | None = None, *given: str, **parts: Any) -> dict[str, Any]:
    name = {"use": "official", **({"family": family} if family else {}), **({"given": list(given)} if given else {})}
    return {"name": [{**name, **parts}]}


FOUND = [
    (_name("Ångström"), "ang"),
    (_name("Angstrom"), "Ång"),
    (_name("Müller"), "mull"),
    (_name("Muller"), "MÜLL"),
    (_name("O'Brien"), "obrien"),
    (_name("O’Brien"), "o'brien"),
    (_name("OBrien"), "O'Brien"),
    (_name("Smith-Jones"), "jones"),
    (_name("Smith-Jones"), "smith-j"),
    (_name("Smith Jones"), "smith-jones"),
    (_name("van der Berg"), "van der b"),
    (_name("van der Berg"), "der  berg"),
    (_name("Groß"), "gross"),
    (_name("GROSS"), "groß"),
    (_name("İnönü"), "inonu"),
    (_name("Işık"), "isik"),
    (_name("Øystein"), "oys"),
    (_name("Łukasz"), "lukasz"),
    (_name("Zoe\u0308"), "zoë"),
    (_name("Zoë"), "ZOE\u0308"),
    (_name("王", "小明"), "小明"),
    (_name("王", "小明"), "王"),
    (_name("Παπαδόπουλος"), "παπαδοπουλοσ"),
    (_name("Sørensen"), "sore"),
    (_name("D\u00ad'Arcy"), "darcy"),
    (_name("ﬁnch"), "finch"),
    (_name(text="Dr Edith Marsh"), "edith marsh"),
    (_name("Marsh", prefix=["Dr"], suffix=["OBE"]), "obe"),
    (_name(" ".join(f"word{number}" for number in range(100))), "word99"),
    (_name("Ж" * 20_000), "ж" * 150),
    ({"name": [{"family": "New"}, {"use": "maiden", "family": "Before"}]}, "before"),
]


@pytest.mark.parametrize(("elements", "typed"), FOUND)
@pytest.mark.parametrize("parameter", ["name", "q"])
async def test_a_name_is_found_by_the_beginning_of_a_word(
    kit: ServiceKit, keep_patient: Any, elements: dict[str, Any], typed: str, parameter: str
) -> None:
    await keep_patient("p-1", 7, **elements)
    await keep_patient("p-2", 7, **_name("Quill", "Wren"))
    assert await _ids(await kit.clinician(7), **{parameter: typed}) == ["p-1"]


NOT_FOUND = [
    (_name("Marsh"), {"name": "arsh"}),
    (_name("Marsh"), {"name": "marshall"}),
    (_name("Smith-Jones"), {"name": "smith  jonas"}),
    (_name("Marsh", "Edith"), {"family": "edith"}),
    (_name("Marsh", "Edith"), {"given": "marsh"}),
    (_name("Marsh", "Edith"), {"q": "edith carter"}),
    ({"name": []}, {"name": "a"}),
    ({"name": [{"family": "-"}]}, {"name": "a"}),
    ({"birthDate": "1980-02-29"}, {"birth_date": "1981"}),
    ({}, {"birth_date": "ne1981"}),
    ({}, {"gender": "unknown"}),
    ({"identifier": [{"system": "a", "value": "1"}]}, {"identifier": "|1"}),
    ({"identifier": [{"system": "a", "value": "1"}]}, {"identifier": "A|1"}),
    ({"identifier": [{"system": "a", "value": "12"}]}, {"identifier": "1"}),
    ({"identifier": [{"system": "a", "value": "1"}, {"system": "b", "value": "2"}]}, {"identifier": "a|2"}),
    ({}, {"updated_since": "2999"}),
    (_name("Marsh"), {"q": "marsh' | 'n"}),
    (_name("Marsh"), {"q": "x:* | marsh"}),
]


@pytest.mark.parametrize(("elements", "query"), NOT_FOUND)
async def test_what_does_not_match_is_not_shown(
    kit: ServiceKit, keep_patient: Any, elements: dict[str, Any], query: dict[str, Any]
) -> None:
    await keep_patient("p-1", 7, **elements)
    assert await _ids(await kit.clinician(7), **query) == []


MATCHING = [
    {"q": "mar edi"},
    {"q": "edith  Marsh,"},
    {"q": "943 476 5919"},
    {"q": "943-476-5919"},
    {"q": "a-17"},
    {"q": "marsh 1980"},
    {"q": "1980-02"},
    {"q": "29/2/1980 mar"},
    {"q": "Edith 29.02.1980"},
    {"q": ["marsh", "edith"]},
    {"family": "mar", "given": "ed"},
    {"family": "nobody,mar"},
    {"family": ["mar", "marsh"]},
    {"birth_date": "1980-02-29"},
    {"birth_date": "1980"},
    {"birth_date": ["ge1980-02-29", "lt1980-03-01"]},
    {"birth_date": "1979,1980-02"},
    {"birth_date": "ne1981"},
    {"gender": "FEMALE"},
    {"gender": "male,female"},
    {"identifier": f"{NHS}|9434765919"},
    {"identifier": f"{NHS}|"},
    {"identifier": "9434765919"},
    {"identifier": "a-17"},
    {"identifier": "http://hospital.example.org/identifiers/mrn|A-17"},
    {"identifier": "http://hospital.example.org/mrn|A-17"},
    {"identifier": "|none"},
    {"identifier": r"x\|y|1\,2"},
    {"updated_since": "2020-01-01T00:00:00+01:00"},
    {"active": "true"},
    {"q": "", "name": " ", "gender": ""},
    {"q": "\\ ed | & ! <-> (' marsh :*"},
]


@pytest.mark.parametrize("query", MATCHING)
async def test_a_patient_is_found_by_what_holds_for_it(
    kit: ServiceKit, keep_patient: Any, query: dict[str, Any]
) -> None:
    identifiers = [
        {"system": NHS, "value": "9434765919"},
        {"system": "http://hospital.example.org/mrn", "value": "A-17"},
        {"value": "none"},
        {"system": "x|y", "value": "1,2"},
    ]
    marsh = {"birthDate": "1980-02-29", "gender": "female", "identifier": identifiers}
    await keep_patient("p-1", 7, **_name("Marsh", "Edith"), **marsh)
    assert await _ids(await kit.clinician(7), **query) == ["p-1"]
    everyone = await kit.admin()
    assert await _ids(everyone, scope="admin", **query) == ["p-1"]


REFUSED = [
    ("birth_date", "tomorrow"),
    ("birth_date", "1980-02-30"),
    ("birth_date", "ap1980"),
    ("birth_date", "1980-2-3"),
    ("birth_date", "0000"),
    ("gender", "f"),
    ("identifier", "|"),
    ("identifier", ","),
    ("name", "-"),
    ("name", "a,-"),
    ("q", "- ' -"),
    ("q", "x" * 201),
    ("name", "x" * 201),
    ("name", ",".join("x" * 51)),
    ("family", "a\x00b"),
    ("q", "a\x00b"),
    ("identifier", "x" * 9000),
    ("active", "yes"),
    ("updated_since", "gt2020"),
    ("updated_since", "2020-01-01T00:00:00+99:00"),
    ("updated_since", "9999-12-31"),
    ("updated_since", "0001-01-01T00:00:00+05:00"),
    ("total", "perhaps"),
]


@pytest.mark.parametrize(("parameter", "value"), REFUSED)
async def test_what_cannot_be_searched_by_is_refused_by_its_name(kit: ServiceKit, parameter: str, value: str) -> None:
    clinician = await kit.clinician(7)
    response = await clinician.client.get("/api/patients", params={parameter: value})
    assert response.status_code == 422, response.text
    [problem] = response.json()["detail"]
    assert problem["loc"] == ["query", parameter]
    assert await kit.audited() == []


@pytest.mark.parametrize("query", ["q=%ff", "name=%ed%a0%80", "&".join(["name=a"] * 200), "q=" + "+".join("ab" * 15)])
async def test_bytes_that_are_no_text_and_too_many_criteria_are_refused(kit: ServiceKit, query: str) -> None:
    clinician = await kit.clinician(7)
    assert (await clinician.client.get(f"/api/patients?{query}")).status_code == 422


async def test_nobody_searches_without_signing_in(kit: ServiceKit) -> None:
    assert (await kit.anonymous.get("/api/patients?birth_date=x")).status_code == 401


async def test_a_search_shows_nobody_that_the_list_does_not(kit: ServiceKit, keep_patient: Any) -> None:
    for number, organisation in enumerate((7, 8, 9)):
        await keep_patient(f"p-{number}", organisation, gender="female")
    granted = await kit.person("external_hcp")
    await kit.grant(granted, "p-2")
    people = {
        "p-0": await kit.clinician(7),
        "p-1": await kit.person("patient", patient_id="p-1"),
        "p-2": granted,
        "": await kit.admin(),
    }
    for query in ({"q": "marsh"}, {"gender": "female"}, {"name": "edith", "total": "true"}):
        for seen, person in people.items():
            assert await _ids(person, **query) == ([seen] if seen else []), (seen, query)
        assert len(await _ids(people[""], scope="admin", **query)) == 3


async def test_deactivated_patients_are_searched_by_admins_who_ask(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    await keep_patient("p-2", 7)
    admin, clinician = await kit.person("admin", organisations=(7,)), await kit.clinician(7)
    await admin.client.post("/api/patients/p-1/deactivate")
    for query in ({}, {"active": "true"}, {"active": "false"}, {"include_inactive": "true"}):
        assert await _ids(clinician, q="marsh", **query) == ["p-2"], query
    assert await _ids(admin, q="marsh") == ["p-2"]
    assert await _ids(admin, q="marsh", active="true", include_inactive="true") == ["p-2"]
    assert await _ids(admin, q="marsh", include_inactive="true") == ["p-1", "p-2"]
    assert await _ids(admin, active="false") == ["p-1"]


async def test_a_change_is_found_at_once_and_what_it_replaced_is_not(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    change = {"family_name": "Zola", "birth_date": "1990-05-05", "gender": "other", "mrn": "M1"}
    assert (await clinician.client.patch("/api/patients/p-1", json=change)).status_code == 200
    for query in ({"family": "zol"}, {"birth_date": "1990-05"}, {"gender": "other"}, {"identifier": "m1"}):
        assert await _ids(clinician, **query) == ["p-1"], query
    assert await _ids(clinician, family="marsh") == []


async def test_pages_of_a_search_join_and_a_cursor_of_another_shows_only_what_is_asked(
    kit: ServiceKit, keep_patient: Any
) -> None:
    for number in range(9):
        gender = "female" if number % 2 else "male"
        await keep_patient(f"p-{number}", 7, **_name("Same", f"G{number % 3}"), gender=gender)
    clinician = await kit.clinician(7)
    every = await _ids(clinician)
    women = await _ids(clinician, gender="female")
    seen: list[str] = []
    cursor: str | None = ""
    while len(seen) < len(women):
        query: dict[str, Any] = {"gender": "female", "limit": 3, **({"cursor": cursor} if cursor else {})}
        answer = (await clinician.client.get("/api/patients", params=query)).json()
        seen += [patient["id"] for patient in answer["patients"]]
        cursor = answer["next_cursor"]
    assert (seen, cursor) == (women, None)
    other = (await clinician.client.get("/api/patients", params={"limit": 3})).json()["next_cursor"]
    rest = every[3:]
    assert await _ids(clinician, gender="female", cursor=other) == [each for each in rest if each in women]


async def test_the_total_counts_all_pages_for_this_caller(kit: ServiceKit, keep_patient: Any) -> None:
    for number in range(4):
        await keep_patient(f"p-{number}", 7 if number else 8)
    clinician = await kit.clinician(7)
    expected: list[tuple[dict[str, str], int]] = [({}, 3), ({"q": "marsh"}, 3), ({"q": "nobody"}, 0)]
    for query, total in expected:
        answer = (await clinician.client.get("/api/patients", params={"total": "true", "limit": 2, **query})).json()
        assert answer["total"] == total
    assert "total" not in (await clinician.client.get("/api/patients?q=marsh")).json()
    admin = await kit.admin()
    assert (await admin.client.get("/api/patients?total=true&scope=admin&limit=1")).json()["total"] == 4


async def test_the_record_names_who_was_shown_and_how_was_searched_but_not_for_what(
    kit: ServiceKit, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    await _ids(clinician, given="Edith", family="Marsh", gender="")
    assert await acts_of(kit, clinician) == [
        {"action": "patient.list", "patient_ids": ["p-1"], "details": {"searched": ["family", "given"]}}
    ]


async def test_a_search_costs_the_same_statements_with_more_patients(kit: ServiceKit, keep_patient: Any) -> None:
    clinician = await kit.clinician(7)
    counts = []
    for number in range(3):
        with kit.statements() as statements:
            await _ids(clinician, q="edith marsh 1980", gender="female", total="true")
        counts.append(len(statements))
        await keep_patient(f"p-{number}", 7, gender="female", birthDate="1980")
    assert len(set(counts)) == 1, counts
