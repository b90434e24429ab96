"""The patients service on one screen."""

from fastapi import FastAPI
from quill_common.fhir.http_health import store_check
from quill_common.identity.key_sources import KeySource
from quill_common.service import Parts, create_service
from quill_common.settings import load

from quill_patients.demographics.routes import router as demographics
from quill_patients.events import projection
from quill_patients.exports.routes import router as exports
from quill_patients.external.adoption import adopt_patients
from quill_patients.external.opening import external_patients
from quill_patients.fhir_api.routes import router as fhir_api
from quill_patients.history.routes import router as history
from quill_patients.imports.routes import router as imports
from quill_patients.metadata.routes import router as metadata
from quill_patients.patient.builtin import BuiltInPatients
from quill_patients.patient.routes import router as patient
from quill_patients.prescription.routes import router as prescription
from quill_patients.search.upkeep import keep_searchable
from quill_patients.settings import Settings
from quill_patients.store_health.routes import router as store_health
from quill_patients.verification.routes import router as verification


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes."""
    chosen = settings or load(Settings)
    app = create_service(
        "patients",
        chosen,
        [
            verification,
            patient,
            demographics,
            metadata,
            history,
            prescription,
            imports,
            exports,
            store_health,
            fhir_api,
        ],
        projection=projection(),
        isolated=isolated,
        keys=keys,
        on_start=[lambda parts: open_store(app, parts)],
        background=[keep_searchable if chosen.fhir_server_url is None else adopt_patients],
    )
    return app


async def open_store(app: FastAPI, parts: Parts) -> None:
    """Have patients in tables of our own, or in the FHIR server of the site."""
    if parts.settings.fhir_server_url is None:
        app.state.patients = BuiltInPatients()
    else:
        store = external_patients(parts)
        app.state.patients = store
        parts.health.add("clinical store", store_check(store.client))
