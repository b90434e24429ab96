"""What a clinical note becomes."""

import base64
from pathlib import Path
from typing import Any

import pytest
from quill_operator.fhir_import.bundle import Bundle
from quill_operator.fhir_import.notes import NotALetter, letters_of

TEXT = "# Note\n\nAll is well – nothing to add."


def _attachment(text: str = TEXT, kind: str = "text/plain; charset=utf-8", charset: str = "utf-8") -> dict[str, Any]:
    return {"attachment": {"contentType": kind, "data": base64.b64encode(text.encode(charset)).decode()}}


def _note(**elements: Any) -> dict[str, Any]:
    note = {
        "resourceType": "DocumentReference",
        "id": "d-1",
        "status": "superseded",
        "type": {"coding": [{"code": "1"}, {"display": "Evaluation note"}]},
        "subject": {"reference": "urn:uuid:1"},
        "date": "1987-04-13T23:25:49.094+00:00",
        "author": [{"display": "Dr. Zackary Quigley"}],
        "content": [_attachment()],
    }
    return {key: value for key, value in {**note, **elements}.items() if value is not None}


def _letters(note: dict[str, Any]) -> list[Any]:
    bundle = Bundle(Path("b.json"))
    people = [
        ("urn:uuid:1", {"resourceType": "Patient", "id": "p-1"}),
        (
            "urn:uuid:2",
            {"resourceType": "Practitioner", "id": "q", "name": [{"given": ["Ann", "B"], "family": "Fenn"}]},
        ),
        ("urn:uuid:3", {"resourceType": "Organization", "id": "o", "name": "Ward 7"}),
    ]
    for index, (url, resource) in enumerate(people):
        bundle.add(index, {"fullUrl": url, "resource": resource})
    return list(letters_of(note, bundle))


def test_a_note_becomes_a_letter_with_date_and_author() -> None:
    assert _letters(_note()) == [
        {
            "patient_id": "p-1",
            "source_id": "d-1",
            "title": "Evaluation note",
            "body": TEXT,
            "author_name": "Dr. Zackary Quigley",
            "written_at": "1987-04-13T23:25:49.094+00:00",
        }
    ]


@pytest.mark.parametrize(
    ("elements", "title"),
    [
        ({"type": {"text": "Discharge", "coding": [{"display": "x"}]}}, "Discharge"),
        ({"type": None, "category": [{"coding": [{"display": "Clinical Note"}]}]}, "Clinical Note"),
        ({"type": {"coding": [{"code": "1"}]}}, None),
    ],
)
def test_the_title_is_the_type_else_the_category(elements: dict[str, Any], title: str | None) -> None:
    assert _letters(_note(**elements))[0]["title"] == title


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ([{"reference": "urn:uuid:2"}], "Ann B Fenn"),
        ([{"reference": "Organization/o"}], "Ward 7"),
        ([{"display": "A"}, {"reference": "urn:uuid:3"}], "A, Ward 7"),
        ([{"reference": "urn:uuid:unknown"}], None),
        (None, None),
    ],
)
def test_the_author_is_named_by_display_or_by_the_bundle(author: Any, name: str | None) -> None:
    assert _letters(_note(author=author))[0]["author_name"] == name


def test_without_a_date_the_beginning_of_the_period_counts() -> None:
    period = {"start": "1987-04-13", "end": "1987-04-14"}
    assert _letters(_note(date=None, context={"period": period}))[0]["written_at"] == "1987-04-13T00:00:00Z"


def test_each_attached_text_is_a_letter_of_its_own() -> None:
    pdf = {"attachment": {"contentType": "application/pdf", "data": "aGk="}}
    first, refused, third = _letters(_note(content=[_attachment("one"), pdf, _attachment("three")]))
    assert (first["source_id"], first["body"]) == ("d-1", "one")
    assert str(refused) == "its attachment is application/pdf, not text"
    assert (third["source_id"], third["body"]) == ("d-1#2", "three")


def test_the_character_set_is_that_of_the_attachment() -> None:
    content = [_attachment("naïve", 'text/plain; Charset="iso-8859-1"', "latin-1")]
    assert _letters(_note(content=content))[0]["body"] == "naïve"


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"id": None}, "id: is missing"),
        ({"status": "final"}, "status: must be one of"),
        ({"status": "entered-in-error"}, "was entered in error"),
        ({"date": "1987"}, "date: "),
        ({"date": None}, "has no date"),
        ({"subject": None}, "its subject is no patient"),
        ({"subject": {"reference": "urn:uuid:9"}}, "its subject is no patient"),
        ({"subject": {"reference": 5}}, "subject.reference"),
        ({"content": None}, "content"),
        ({"content": []}, "content"),
        ({"content": [{"attachment": {"contentType": "text/plain", "url": "x"}}]}, "is not in the file"),
        ({"content": [{"attachment": {"contentType": "text/plain", "data": "###"}}]}, "attachment.data: does not have"),
        ({"content": [{"attachment": {"contentType": "text/plain", "data": "/w=="}}]}, "is not text"),
        ({"content": [{"attachment": {"contentType": "text/plain", "data": "aGk=aGk="}}]}, "is not base64"),
        ({"content": [{"attachment": {"contentType": "text/plain; charset=klingon", "data": "aGk="}}]}, "is not text"),
        (
            {"content": [{"attachment": {"contentType": "text/plain; charset=UTF7", "data": "KzJBQS0="}}]},
            "is not text",
        ),
        ({"content": [{"attachment": {"data": "aGk="}}]}, "of no stated type"),
    ],
)
def test_a_note_that_is_no_letter_says_why(elements: dict[str, Any], reason: str) -> None:
    [refused] = _letters(_note(**elements))
    assert isinstance(refused, NotALetter)
    assert reason in str(refused)


def test_a_status_may_be_absent_with_a_reason() -> None:
    reason = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    [letter] = _letters(_note(status=None, _status={"extension": [reason]}))
    assert letter["body"] == TEXT
