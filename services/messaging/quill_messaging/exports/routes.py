"""The export of messages as Communications, for operators only; the gateway never routes here."""

from typing import Any

from quill_common.fhir.export import export_router

from quill_messaging.message.store import store_of


def _patient_of(communication: Any) -> str | None:
    reference: str = communication["subject"]["reference"]
    return reference.removeprefix("Patient/")


router = export_router("Communication", "message.export", store_of, _patient_of)
