"""A letter as openEHR COMPOSITION (contract 12.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from quill_letters.openehr.nodes import Node, archetyped, code, coded_text, date_time, identifier, person, text
from quill_letters.openehr.version_uid import VersionUid

REPORT: Final = "openEHR-EHR-COMPOSITION.report.v1"
_SYNOPSIS: Final = "openEHR-EHR-EVALUATION.clinical_synopsis.v1"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an imported letter came from, and what it is called there."""

    system_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written, by whom and when. `author_id` is the account that really wrote it, None for an import."""

    title: str
    body: str
    author: str
    written_at: datetime
    author_id: int | None = None
    author_email: str | None = None
    origin: Origin | None = None


def composition(letter: Letter, uid: VersionUid) -> Node:
    """The letter with every part that the reference model demands."""
    return {
        "_type": "COMPOSITION",
        "uid": {"_type": "OBJECT_VERSION_ID", "value": str(uid)},
        "name": text(letter.title),
        "archetype_node_id": REPORT,
        "archetype_details": archetyped(REPORT, template_id=REPORT),
        **_feeder_audit(letter),
        "language": _english(),
        "territory": code("ISO_3166-1", "GB"),
        "category": coded_text("event", "openehr", "433"),
        "composer": _composer(letter),
        "context": {
            "_type": "EVENT_CONTEXT",
            "start_time": date_time(letter.written_at),
            "setting": coded_text("other care", "openehr", "238"),
        },
        "content": [_evaluation(letter.body)],
    }


def _evaluation(body: str) -> Node:
    return {
        "_type": "EVALUATION",
        "name": text("Letter"),
        "archetype_node_id": _SYNOPSIS,
        "archetype_details": archetyped(_SYNOPSIS),
        "language": _english(),
        "encoding": code("IANA_character-sets", "UTF-8"),
        "subject": {"_type": "PARTY_SELF"},
        "data": {
            "_type": "ITEM_TREE",
            "name": text("Tree"),
            "archetype_node_id": "at0001",
            "items": [
                {
                    "_type": "ELEMENT",
                    "name": text("Synopsis"),
                    "archetype_node_id": "at0002",
                    "value": text(body),
                }
            ],
        },
    }


def _composer(letter: Letter) -> Node:
    composer: Node = {"_type": "PARTY_IDENTIFIED", "name": letter.author}
    if letter.author_id is not None:
        composer["external_ref"] = person("quill", str(letter.author_id), "quill-user")
    if letter.author_email is not None:
        composer["identifiers"] = [identifier(letter.author_email, "email")]
    return composer


def _feeder_audit(letter: Letter) -> Node:
    """The reference model's own mark of content that another system made."""
    if letter.origin is None:
        return {}
    return {
        "feeder_audit": {
            "_type": "FEEDER_AUDIT",
            "originating_system_item_ids": [identifier(letter.origin.item_id, "source_id")],
            "originating_system_audit": {
                "_type": "FEEDER_AUDIT_DETAILS",
                "system_id": letter.origin.system_id,
                "time": date_time(letter.written_at),
            },
        }
    }


def _english() -> Node:
    return code("ISO_639-1", "en")
