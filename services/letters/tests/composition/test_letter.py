"""A letter is a complete openEHR COMPOSITION."""

import copy
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from quill_letters.composition.letter import Letter, Origin, composition
from quill_letters.openehr.version_uid import VersionUid
from quill_letters.testing.reference_model import faults

UID = VersionUid(UUID("2f6c1f0a-5d2f-4f0e-9a55-0d6f1d1b7a3c"), "quill", 1)
WRITTEN = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
LETTER = Letter("Clinic letter", "# Dear Anne\n\nAll *well*.", "Dr Ada Byron", WRITTEN, 7, "ada@example.org")


def code(terminology: str, string: str) -> dict[str, Any]:
    return {
        "_type": "CODE_PHRASE",
        "terminology_id": {"_type": "TERMINOLOGY_ID", "value": terminology},
        "code_string": string,
    }


def test_a_letter_is_what_the_contract_says_part_by_part() -> None:
    node = composition(LETTER, UID)
    assert node["_type"] == "COMPOSITION"
    assert node["uid"] == {"_type": "OBJECT_VERSION_ID", "value": "2f6c1f0a-5d2f-4f0e-9a55-0d6f1d1b7a3c::quill::1"}
    assert node["name"] == {"_type": "DV_TEXT", "value": "Clinic letter"}
    assert node["archetype_node_id"] == "openEHR-EHR-COMPOSITION.report.v1"
    assert node["archetype_details"] == {
        "_type": "ARCHETYPED",
        "archetype_id": {"_type": "ARCHETYPE_ID", "value": "openEHR-EHR-COMPOSITION.report.v1"},
        "template_id": {"_type": "TEMPLATE_ID", "value": "openEHR-EHR-COMPOSITION.report.v1"},
        "rm_version": "1.0.4",
    }
    assert node["language"] == code("ISO_639-1", "en")
    assert node["territory"] == code("ISO_3166-1", "GB")
    assert node["category"] == {
        "_type": "DV_CODED_TEXT",
        "value": "event",
        "defining_code": code("openehr", "433"),
    }
    assert node["context"] == {
        "_type": "EVENT_CONTEXT",
        "start_time": {"_type": "DV_DATE_TIME", "value": "2026-03-01T09:30:00.250000Z"},
        "setting": {"_type": "DV_CODED_TEXT", "value": "other care", "defining_code": code("openehr", "238")},
    }


def test_the_body_stands_unchanged_in_one_evaluation() -> None:
    (evaluation,) = composition(LETTER, UID)["content"]
    assert evaluation["name"]["value"] == "Letter"
    assert evaluation["archetype_node_id"] == "openEHR-EHR-EVALUATION.clinical_synopsis.v1"
    assert evaluation["language"] == code("ISO_639-1", "en")
    assert evaluation["encoding"] == code("IANA_character-sets", "UTF-8")
    assert evaluation["subject"] == {"_type": "PARTY_SELF"}
    tree = evaluation["data"]
    assert (tree["_type"], tree["name"]["value"], tree["archetype_node_id"]) == ("ITEM_TREE", "Tree", "at0001")
    (element,) = tree["items"]
    assert (element["_type"], element["name"]["value"], element["archetype_node_id"]) == (
        "ELEMENT",
        "Synopsis",
        "at0002",
    )
    assert element["value"] == {"_type": "DV_TEXT", "value": "# Dear Anne\n\nAll *well*."}


def test_the_composer_names_the_author_and_the_account_that_really_wrote() -> None:
    assert composition(LETTER, UID)["composer"] == {
        "_type": "PARTY_IDENTIFIED",
        "name": "Dr Ada Byron",
        "external_ref": {
            "_type": "PARTY_REF",
            "namespace": "quill",
            "type": "PERSON",
            "id": {"_type": "GENERIC_ID", "value": "7", "scheme": "quill-user"},
        },
        "identifiers": [{"_type": "DV_IDENTIFIER", "id": "ada@example.org", "type": "email"}],
    }


def test_an_imported_letter_says_where_it_came_from_and_names_no_account() -> None:
    node = composition(Letter("t", "b", "Dr Out", WRITTEN, origin=Origin("fhir-import", "doc-1")), UID)
    assert node["composer"] == {"_type": "PARTY_IDENTIFIED", "name": "Dr Out"}
    audit = node["feeder_audit"]
    assert audit["originating_system_audit"]["system_id"] == "fhir-import"
    assert [item["id"] for item in audit["originating_system_item_ids"]] == ["doc-1"]
    assert faults(node, "COMPOSITION") == []


@pytest.mark.parametrize(
    "letter",
    [LETTER, Letter("t", "b", "a", WRITTEN, 1), Letter("t", "b", "a", WRITTEN, origin=Origin("s", "i"))],
)
def test_the_reference_model_finds_no_fault(letter: Letter) -> None:
    assert faults(composition(letter, UID), "COMPOSITION") == []


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ((), "archetype_details"),
        ((), "territory"),
        ((), "uid"),
        ((), "context"),
        (("context",), "setting"),
        (("content", 0), "encoding"),
        (("content", 0), "subject"),
        (("content", 0, "data"), "name"),
        (("content", 0, "data", "items", 0), "value"),
        (("composer", "external_ref"), "id"),
    ],
)
def test_the_checker_sees_a_part_that_is_missing(path: tuple[Any, ...], part: str) -> None:
    node: Any = copy.deepcopy(composition(LETTER, UID))
    whole = node
    for step in path:
        node = node[step]
    del node[part]
    assert len(faults(whole, "COMPOSITION")) == 1


def test_the_checker_sees_what_is_wrong_or_unknown() -> None:
    node = composition(LETTER, UID)
    node["composer"] = {"_type": "PARTY_IDENTIFIED"}
    node["surprise"] = 1
    node["context"]["start_time"]["value"] = "yesterday"
    node["category"]["defining_code"]["code_string"] = "999"
    assert len(faults(node, "COMPOSITION")) == 4
