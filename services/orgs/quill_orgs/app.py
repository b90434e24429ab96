"""The orgs service on one screen."""

from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import load

from quill_orgs.events import orgs_projection
from quill_orgs.feature import routes as feature
from quill_orgs.imports import routes as imports
from quill_orgs.organisation import routes as organisation
from quill_orgs.patient_member import routes as patient_member
from quill_orgs.settings import Settings
from quill_orgs.shared import routes as shared
from quill_orgs.staff import routes as staff

ROUTERS = (organisation.router, staff.router, patient_member.router, feature.router, shared.router, imports.router)


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes."""
    return create_service(
        "orgs",
        settings or load(Settings),
        ROUTERS,
        projection=orgs_projection(),
        isolated=isolated,
        keys=keys,
    )
