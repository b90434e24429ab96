"""A message as a FHIR Communication (contract 11.2), and the built-in store of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quill_common.fhir.resource import Resource
from quill_common.fhir.sql_store import SqlResourceStore
from quill_common.fhir.store import ResourceStore
from quill_common.fhir.tables import ResourceColumns, VersionColumns
from quill_common.http.shapes import rfc3339
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from quill_messaging.base import Base

SENDER_USER_ID = "urn:quillmedical:sender-user-id"
CONVERSATION_ID = "urn:quillmedical:conversation-id"
AMENDS = "urn:quillmedical:amends"


class Communication(ResourceColumns, Base):
    """Every message's Communication. Never updated, never deleted."""

    __tablename__ = "fhir_communication"
    __table_args__ = (Index("ix_fhir_communication_conversation", "conversation", "sent"),)

    patient_id: Mapped[str] = mapped_column(index=True)
    conversation: Mapped[str]
    sent: Mapped[datetime]


class CommunicationVersion(VersionColumns, Base):
    """The versions of Communications: one each."""

    __tablename__ = "fhir_communication_version"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a Communication says. `first` is the thread's first Communication, None when this is it."""

    id: str
    patient_id: str
    fhir_conversation_id: str
    sender_id: int
    sender_name: str
    at: datetime
    text: str
    first: str | None
    amends: str | None


def communication(sent: Sent) -> Resource:
    """The resource of a message."""
    extensions: list[dict[str, Any]] = [{"url": CONVERSATION_ID, "valueString": sent.fhir_conversation_id}]
    if sent.amends is not None:
        extensions.append({"url": AMENDS, "valueReference": _reference(sent.amends)})
    resource: Resource = {
        "resourceType": "Communication",
        "id": sent.id,
        "status": "completed",
        "subject": {"reference": f"Patient/{sent.patient_id}"},
        "sender": {
            "display": sent.sender_name,
            "extension": [{"url": SENDER_USER_ID, "valueInteger": sent.sender_id}],
        },
        "sent": rfc3339(sent.at),
        "payload": [{"contentString": sent.text}],
        "extension": extensions,
    }
    if sent.first is not None:
        resource["partOf"] = [_reference(sent.first)]
    return resource


def _reference(communication_id: str) -> dict[str, str]:
    return {"reference": f"Communication/{communication_id}"}


def _search_columns(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "patient_id": resource["subject"]["reference"].removeprefix("Patient/"),
        "conversation": resource["extension"][0]["valueString"],
        "sent": datetime.fromisoformat(resource["sent"]),
    }


def built_in_store() -> ResourceStore:
    """Tables of this service's own schema."""
    return SqlResourceStore(Communication, CommunicationVersion, _search_columns)
