"""Feed the tables of organisations and features."""

from quill_common.database.session import Writer
from quill_common.events.catalogue.orgs import FeatureDisabled, FeatureEnabled, OrganisationChanged
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitOfWork
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from quill_auth.organisations.tables import KnownFeature, KnownOrganisation


def follow_organisations(projection: Projection) -> None:
    """Register the handlers."""

    @projection.on(OrganisationChanged)
    async def organisation(work: UnitOfWork, event: OrganisationChanged) -> None:
        await work.execute(insert(KnownOrganisation).values(id=event.id).on_conflict_do_nothing())

    @projection.on(FeatureEnabled)
    async def enabled(work: UnitOfWork, event: FeatureEnabled) -> None:
        await work.execute(insert(KnownFeature).values(event.model_dump()).on_conflict_do_nothing())

    @projection.on(FeatureDisabled)
    async def disabled(work: UnitOfWork, event: FeatureDisabled) -> None:
        await work.execute(
            delete(KnownFeature).where(
                KnownFeature.organisation_id == event.organisation_id, KnownFeature.feature_key == event.feature_key
            )
        )

    @projection.clears("orgs")
    async def empty(writer: Writer) -> None:
        await writer.execute(delete(KnownOrganisation))
        await writer.execute(delete(KnownFeature))
