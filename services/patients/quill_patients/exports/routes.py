"""The export of patients, for operators only; the gateway never routes here."""

from quill_common.fhir.export import export_router

from quill_patients.patient.store import RESOURCE_TYPE, store_of

router = export_router(RESOURCE_TYPE, "patient.export", store_of, lambda patient: patient["id"])
