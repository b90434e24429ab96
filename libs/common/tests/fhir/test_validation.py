"""A resource that is not valid FHIR R4 is refused with the element named; a valid one is left as it is."""

import re
from typing import Any

import pytest
from quill_common.fhir.json_text import parse, serialise
from quill_common.fhir.validation import InvalidResource, validate

RICH = {
    "resourceType": "Patient",
    "id": "p-1",
    "meta": {"profile": ["http://example.org/profile"], "lastUpdated": "2026-01-01T00:00:00Z"},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A</div>'},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Ward"}],
    "extension": [
        {"url": "urn:a", "valueInteger": 17},
        {"url": "urn:b", "extension": [{"url": "c", "valueDecimal": 1.5}, {"url": "d", "valueBoolean": False}]},
        {"url": "urn:e", "valueDateTime": "2020"},
    ],
    "identifier": [{"use": "old", "system": "urn:x", "value": "1", "period": {"end": "2020-01"}}],
    "active": True,
    "name": [{"use": "official", "family": "Marsh", "given": [None, "B"], "_given": [{"id": "x"}, None]}],
    "gender": "female",
    "birthDate": "1951",
    "_birthDate": {"extension": [{"url": "urn:t", "valueString": "dusk"}]},
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
    "communication": [{"language": {"text": "Cornish"}, "preferred": True}],
    "link": [{"other": {"reference": "Patient/p-2"}, "type": "seealso"}],
}


def test_a_rich_resource_is_valid_and_stays_as_it_came() -> None:
    text = serialise(RICH)
    resource = parse(text)
    validate(resource, "Patient")
    assert serialise(resource) == text


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ({"gender": "Male"}, "gender: must be one of female, male, other, unknown"),
        ({"gender": None}, "gender: must not be null"),
        ({"birthDate": "1987-02-30"}, "birthDate: "),
        ({"birthDate": "13/04/1987"}, "birthDate: "),
        ({"birthDate": 0}, "birthDate: has the wrong JSON type"),
        ({"active": "true"}, "active: has the wrong JSON type"),
        ({"multipleBirthInteger": 1.5}, "multipleBirthInteger: "),
        ({"name": "Marsh"}, "name: "),
        ({"name": []}, "name: must not be empty"),
        ({"name": [{"family": 5}]}, "name[0].family: "),
        ({"name": [{"family": "a"}, {"use": "stage"}]}, "name[1].use: must be one of"),
        ({"name": [{"family": ""}]}, "name[0].family: "),
        ({"favourite_colour": "red"}, "favourite_colour: cannot be the name of an element"),
        ({"favouriteColour": "red", "name": [{"use": 5}]}, "name[0].use: "),
        ({"favouriteColour": "red", "gender": "Male"}, "gender: must be one of"),
        ({"identifier": [{"system": "not a uri", "value": "1"}]}, "identifier[0].system: does not have the format"),
        ({"implicitRules": "a b"}, "implicitRules: does not have the format"),
        ({"meta": {"lastUpdated": "2026-01-01"}}, "meta.lastUpdated: "),
        ({"meta": {"profile": ["a b"]}}, "meta.profile[0]: does not have the format"),
        ({"deceasedDateTime": "2026-01-01T10:00:00"}, "deceasedDateTime: "),
        ({"photo": [{"data": "?"}]}, "photo[0].data: "),
        ({"name": [{"given": ["A", None]}]}, "name[0].given[1]: must not be null"),
        ({"managingOrganization": {"reference": "Patient/p"}}, "managingOrganization.reference: must refer to Org"),
        ({"generalPractitioner": [{"reference": "Banana/p"}]}, "generalPractitioner[0].reference: must refer to"),
        ({"link": [{"other": {"reference": "Patient/p"}}]}, "link[0].type: "),
        ({"extension": [{"url": "u"}]}, "extension[0]: must have either a value or extensions"),
        (
            {"extension": [{"url": "u", "valueCode": "c", "extension": [{"url": "v", "valueCode": "c"}]}]},
            "extension[0]: must have either",
        ),
        ({"contained": [{"resourceType": "Organization", "id": "x" * 65}]}, "contained[0].id: "),
        ({"telecom": [{"system": "pigeon"}]}, "telecom[0].system: must be one of"),
        ({"extension": [{"valueInteger": 1}]}, "extension[0].url: "),
        ({"extension": [{"url": "u", "valueInteger": "1"}]}, "extension[0].valueInteger: "),
        ({"extension": [{"url": "u", "valueInteger": 1, "valueString": "1"}]}, "extension[0]: only one"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "only one"),
        ({"communication": [{}]}, "communication[0].language: "),
        ({"_gender": 5}, "_gender: "),
        ({"contained": [{"resourceType": "Unicorn"}]}, "contained[0].resourceType: "),
        ({"contained": [{"resourceType": "Address"}]}, "contained[0]"),
        ({"contained": ["x"]}, "contained[0]: "),
        ({"resourceType": "Observation"}, "resourceType: must be Patient"),
        ({"id": "a b"}, "id: "),
        ({"name": [{"family": "a\x00b"}]}, "NUL"),
        ({"name": [{"family": "\ud800"}]}, "surrogate"),
    ],
)
def test_what_is_not_valid_is_refused_by_element(part: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidResource, match=re.escape(named)):
        validate({"resourceType": "Patient", "id": "p-1", **part}, "Patient")


@pytest.mark.parametrize("value", [None, [], "Patient", 5, {}])
def test_what_is_no_resource_is_refused(value: Any) -> None:
    with pytest.raises(InvalidResource):
        validate(value, "Patient")


def test_a_refusal_never_quotes_the_content() -> None:
    with pytest.raises(InvalidResource) as refused:
        validate(
            {"resourceType": "Patient", "birthDate": "Secret-1", "gender": "Secret-2", "name": [{"use": "Secret-3"}]},
            "Patient",
        )
    assert "Secret" not in str(refused.value)


def test_thousands_of_faults_are_told_in_few_words() -> None:
    with pytest.raises(InvalidResource) as refused:
        validate({"resourceType": "Patient", "name": [{"use": "x"}] * 5000}, "Patient")
    assert len(refused.value.problems) == 20


def test_a_communication_as_quill_writes_it_is_valid() -> None:
    communication = {
        "resourceType": "Communication",
        "id": "c-1",
        "status": "completed",
        "subject": {"reference": "Patient/p-1"},
        "sender": {"display": "Dr A", "extension": [{"url": "urn:quillmedical:sender-user-id", "valueInteger": 42}]},
        "sent": "2026-03-02T09:20:11.482Z",
        "payload": [{"contentString": "The dose was 5 mg."}],
        "extension": [
            {"url": "urn:quillmedical:conversation-id", "valueString": "d6b9"},
            {"url": "urn:quillmedical:amends", "valueReference": {"reference": "Communication/c-0"}},
        ],
        "partOf": [{"reference": "Communication/c-0"}],
    }
    validate(communication, "Communication")
    with pytest.raises(InvalidResource, match="status"):
        validate({**communication, "status": "sent"}, "Communication")


def test_references_that_are_not_relative_may_name_anything() -> None:
    references = ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "http://example.org/fhir/Banana/1", "#o")
    conditional = "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999981190"
    for reference in (*references, conditional):
        validate({"resourceType": "Patient", "generalPractitioner": [{"reference": reference}]}, "Patient")


def test_what_r4_does_not_know_is_kept_wherever_it_stands() -> None:
    text = (
        '{"resourceType":"Patient","favouriteColour":"red","_favouriteColour":{"id":"x"},"name":[{"family":"Marsh",'
        '"rank":1.50,"period":{"calendar":[null,{"":[]}]}},{"text":"M","nick":{}}],"contained":[{"resourceType":'
        '"Organization","id":"o","motto":"ever"}],"extension":[{"url":"u","valueInteger64":"9007199254740993"}]}'
    )
    resource = parse(text)
    validate(resource, "Patient")
    assert serialise(resource) == text


def test_a_backslash_before_u0000_is_no_nul() -> None:
    validate({"resourceType": "Patient", "name": [{"family": "\\u0000"}]}, "Patient")


def test_what_is_nested_too_deeply_is_refused() -> None:
    objects, arrays = parse('{"a":' * 70 + "1" + "}" * 70), parse("[" * 70 + "]" * 70)
    for unknown in (objects, arrays):
        with pytest.raises(InvalidResource, match="nested too deeply"):
            validate({"resourceType": "Patient", "unknown": unknown}, "Patient")


@pytest.mark.parametrize("name", [[], {}, 5, None, "Unicorn"])
def test_a_contained_resource_has_the_name_of_one(name: Any) -> None:
    with pytest.raises(InvalidResource, match=r"contained\[0\].resourceType"):
        validate({"resourceType": "Patient", "contained": [{"resourceType": name}]}, "Patient")
