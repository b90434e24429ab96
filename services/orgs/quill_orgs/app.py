"""The orgs service on one screen."""

from fastapi import FastAPI
from quill_common.http.housekeeping import housekeeping
from quill_common.identity.key_sources import KeySource
from quill_common.service import Parts, create_service
from quill_common.settings import load

from quill_orgs.events import projection
from quill_orgs.feature.routes import router as feature
from quill_orgs.grant.routes import router as grant
from quill_orgs.imports.routes import router as imports
from quill_orgs.invitation.links import Links
from quill_orgs.invitation.repository import forget_over
from quill_orgs.invitation.routes import router as invitation
from quill_orgs.organisation.routes import router as organisation
from quill_orgs.patient_member.routes import router as patient_member
from quill_orgs.settings import Settings
from quill_orgs.shared.routes import router as shared
from quill_orgs.staff.routes import router as staff


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes.

    Signs invitations with the keys in `<data dir>/keys/orgs/invite`.
    """
    settings = settings or load(Settings)
    links = Links(settings.data_dir)

    async def forget_invitations(parts: Parts) -> None:
        await housekeeping(parts.database, forget_over)

    async def rotate_keys(_: Parts) -> None:
        await links.keep_rotating(settings.key_rotation_days)

    app = create_service(
        "orgs",
        settings,
        [organisation, staff, patient_member, feature, shared, imports, invitation, grant],
        projection=projection(),
        background=[forget_invitations, rotate_keys],
        isolated=isolated,
        keys=keys,
    )
    app.state.links = links
    return app
