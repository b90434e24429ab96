"""The orgs service on one screen."""

from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import load

from quill_orgs.events import projection
from quill_orgs.feature.routes import router as feature
from quill_orgs.imports.routes import router as imports
from quill_orgs.organisation.routes import router as organisation
from quill_orgs.patient_member.routes import router as patient_member
from quill_orgs.settings import Settings
from quill_orgs.shared.routes import router as shared
from quill_orgs.staff.routes import router as staff


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes."""
    return create_service(
        "orgs",
        settings or load(Settings),
        [organisation, staff, patient_member, feature, shared, imports],
        projection=projection(),
        isolated=isolated,
        keys=keys,
    )
