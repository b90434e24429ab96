"""openEHR data values and identifiers as canonical JSON: each a dict with its `_type`."""

from datetime import datetime
from typing import Any, Final

from quill_common.http.shapes import rfc3339

RM_VERSION: Final = "1.0.4"

Node = dict[str, Any]


def text(value: str) -> Node:
    return {"_type": "DV_TEXT", "value": value}


def code(terminology: str, code_string: str) -> Node:
    return {
        "_type": "CODE_PHRASE",
        "terminology_id": {"_type": "TERMINOLOGY_ID", "value": terminology},
        "code_string": code_string,
    }


def coded_text(value: str, terminology: str, code_string: str) -> Node:
    return {"_type": "DV_CODED_TEXT", "value": value, "defining_code": code(terminology, code_string)}


def date_time(value: datetime) -> Node:
    return {"_type": "DV_DATE_TIME", "value": rfc3339(value)}


def identifier(value: str, kind: str) -> Node:
    return {"_type": "DV_IDENTIFIER", "id": value, "type": kind}


def person(namespace: str, value: str, scheme: str) -> Node:
    """A reference to a person that another system knows under `value`."""
    return {
        "_type": "PARTY_REF",
        "namespace": namespace,
        "type": "PERSON",
        "id": {"_type": "GENERIC_ID", "value": value, "scheme": scheme},
    }


def archetyped(archetype_id: str, template_id: str | None = None) -> Node:
    """What an archetype's root node says of its archetype."""
    node: Node = {
        "_type": "ARCHETYPED",
        "archetype_id": {"_type": "ARCHETYPE_ID", "value": archetype_id},
        "rm_version": RM_VERSION,
    }
    if template_id is not None:
        node["template_id"] = {"_type": "TEMPLATE_ID", "value": template_id}
    return node
