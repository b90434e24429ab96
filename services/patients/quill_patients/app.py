"""The patients service on one screen."""

from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import load

from quill_patients.demographics.routes import router as demographics
from quill_patients.events import projection
from quill_patients.exports.routes import router as exports
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
    app = create_service(
        "patients",
        settings or load(Settings),
        [verification, patient, demographics, metadata, history, prescription, imports, exports, store_health],
        projection=projection(),
        background=[keep_searchable],
        isolated=isolated,
        keys=keys,
    )
    app.state.patients = BuiltInPatients()
    return app
