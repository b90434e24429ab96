"""The export of messages as Communications, for operators only; the gateway never routes here."""

from typing import Any

from fastapi import Request
from quill_common.fhir.export import export_router
from quill_common.fhir.store import ResourceStore

from quill_messaging.message.communication import STORE


def _store_of(_: Request) -> ResourceStore:
    return STORE


def _patient_of(communication: Any) -> str | None:
    reference: str = communication["subject"]["reference"]
    return reference.removeprefix("Patient/")


router = export_router("Communication", "message.export", _store_of, _patient_of)
