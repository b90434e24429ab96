"""Feed the access projection. The last event about a thing says all there is to know, so each is an upsert."""

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from quill_common.access.tables import (
    AccessGrant,
    AccessPatient,
    AccessPatientMember,
    AccessStaff,
    AccessUser,
)
from quill_common.database.session import Writer
from quill_common.events.catalogue.auth import UserChanged, UserCreated, UserDeactivated, UserFacts
from quill_common.events.catalogue.orgs import (
    AccessGranted,
    AccessRevoked,
    PatientAdded,
    PatientRemoved,
    StaffAdded,
    StaffRemoved,
)
from quill_common.events.catalogue.patients import PatientActivated, PatientCreated, PatientDeactivated, PatientDeleted
from quill_common.events.projection import Clearer, Projection
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.topology import Service

_FED_BY: dict[Service, tuple[type, ...]] = {
    "auth": (AccessUser,),
    "orgs": (AccessStaff, AccessPatientMember, AccessGrant),
    "patients": (AccessPatient,),
}


# Built once: composing a statement costs more than running it.
_USER_FACTS = {column.name for column in AccessUser.__table__.columns}
_NEW_USER = insert(AccessUser)
_UPSERT_USER = _NEW_USER.on_conflict_do_update(
    index_elements=["id"], set_={name: _NEW_USER.excluded[name] for name in _USER_FACTS}
)
_NEW_STAFF = insert(AccessStaff)
_UPSERT_STAFF = _NEW_STAFF.on_conflict_do_update(
    index_elements=["user_id", "organisation_id"], set_={"is_primary": _NEW_STAFF.excluded.is_primary}
)
_ADD_PATIENT = insert(AccessPatientMember).on_conflict_do_nothing()
_ADD_GRANT = insert(AccessGrant).on_conflict_do_nothing()


def access_projection() -> Projection:
    """A projection that holds what the access policy needs; a service adds its own handlers to it."""
    projection = Projection()
    _follow_users(projection)
    _follow_memberships(projection)
    _follow_grants(projection)
    _follow_patients(projection)
    for source, tables in _FED_BY.items():
        projection.clears(source)(_emptier(tables))
    return projection


def _follow_users(projection: Projection) -> None:
    @projection.on(UserCreated, UserChanged, UserDeactivated)
    async def user(work: UnitOfWork, event: UserFacts) -> None:
        await work.execute(_UPSERT_USER, event.model_dump(include=_USER_FACTS))


def _follow_memberships(projection: Projection) -> None:
    @projection.on(StaffAdded)
    async def staff_added(work: UnitOfWork, event: StaffAdded) -> None:
        await work.execute(_UPSERT_STAFF, event.model_dump())

    @projection.on(StaffRemoved)
    async def staff_removed(work: UnitOfWork, event: StaffRemoved) -> None:
        await work.execute(
            delete(AccessStaff).where(
                AccessStaff.user_id == event.user_id, AccessStaff.organisation_id == event.organisation_id
            )
        )

    @projection.on(PatientAdded)
    async def patient_added(work: UnitOfWork, event: PatientAdded) -> None:
        await work.execute(_ADD_PATIENT, event.model_dump())

    @projection.on(PatientRemoved)
    async def patient_removed(work: UnitOfWork, event: PatientRemoved) -> None:
        await work.execute(
            delete(AccessPatientMember).where(
                AccessPatientMember.patient_id == event.patient_id,
                AccessPatientMember.organisation_id == event.organisation_id,
            )
        )


def _follow_grants(projection: Projection) -> None:
    @projection.on(AccessGranted)
    async def granted(work: UnitOfWork, event: AccessGranted) -> None:
        await work.execute(_ADD_GRANT, event.model_dump())

    @projection.on(AccessRevoked)
    async def revoked(work: UnitOfWork, event: AccessRevoked) -> None:
        await work.execute(
            delete(AccessGrant).where(AccessGrant.user_id == event.user_id, AccessGrant.patient_id == event.patient_id)
        )


def _follow_patients(projection: Projection) -> None:
    @projection.on(PatientCreated)
    async def created(work: UnitOfWork, event: PatientCreated) -> None:
        await work.execute(insert(AccessPatient).values(id=event.id, is_active=True).on_conflict_do_nothing())

    @projection.on(PatientDeleted)
    async def deleted(work: UnitOfWork, event: PatientDeleted) -> None:
        await work.execute(delete(AccessPatient).where(AccessPatient.id == event.id))

    @projection.on(PatientActivated, PatientDeactivated)
    async def listed(work: UnitOfWork, event: PatientActivated | PatientDeactivated) -> None:
        active = isinstance(event, PatientActivated)
        await work.execute(update(AccessPatient).where(AccessPatient.id == event.id).values(is_active=active))


def _emptier(tables: tuple[type, ...]) -> Clearer:
    async def empty(writer: Writer) -> None:
        for table in tables:
            await writer.execute(delete(table))

    return empty
