"""The EHR_STATUS of a patient's EHR (contract 12.1)."""

from typing import Final

from quill_letters.openehr.nodes import Node, archetyped, person, text

_ARCHETYPE: Final = "openEHR-EHR-EHR_STATUS.generic.v1"


def ehr_status(patient_id: str) -> Node:
    """Says whose EHR it is: the FHIR patient `patient_id`."""
    return {
        "_type": "EHR_STATUS",
        "name": text("EHR Status"),
        "archetype_node_id": _ARCHETYPE,
        "archetype_details": archetyped(_ARCHETYPE),
        "subject": {"_type": "PARTY_SELF", "external_ref": person("fhir", patient_id, "fhir")},
        "is_modifiable": True,
        "is_queryable": True,
    }
