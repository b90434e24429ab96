"""The patients service on one screen."""

from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import load

from quill_patients.demographics import routes as demographics
from quill_patients.events import patients_projection
from quill_patients.imports import routes as imports
from quill_patients.metadata import routes as metadata
from quill_patients.patient import routes as patient
from quill_patients.settings import Settings
from quill_patients.store_health import routes as store_health
from quill_patients.verification import routes as verification

ROUTERS = (
    verification.router,
    patient.router,
    demographics.router,
    metadata.router,
    imports.router,
    store_health.router,
)


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes."""
    return create_service(
        "patients",
        settings or load(Settings),
        ROUTERS,
        projection=patients_projection(),
        isolated=isolated,
        keys=keys,
    )
