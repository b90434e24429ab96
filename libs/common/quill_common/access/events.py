"""Feed the access projection. The last event about a thing says all there is to know, so each is an upsert."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, update
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


# Built once: composing a statement costs more than running it. Each runs for many events in one go, in their order.
_USER_FACTS = {column.name for column in AccessUser.__table__.columns}
_NEW_USER = insert(AccessUser)
_UPSERT_USER = _NEW_USER.on_conflict_do_update(
    index_elements=["id"], set_={name: _NEW_USER.excluded[name] for name in _USER_FACTS}
)
_NEW_STAFF = insert(AccessStaff)
_UPSERT_STAFF = _NEW_STAFF.on_conflict_do_update(
    index_elements=["user_id", "organisation_id"], set_={"is_primary": _NEW_STAFF.excluded.is_primary}
)
_REMOVE_STAFF = delete(AccessStaff).where(
    AccessStaff.user_id == bindparam("of_user"), AccessStaff.organisation_id == bindparam("of_organisation")
)
_ADD_PATIENT = insert(AccessPatientMember).on_conflict_do_nothing()
_REMOVE_PATIENT = delete(AccessPatientMember).where(
    AccessPatientMember.patient_id == bindparam("of_patient"),
    AccessPatientMember.organisation_id == bindparam("of_organisation"),
)
_ADD_GRANT = insert(AccessGrant).on_conflict_do_nothing()
_REMOVE_GRANT = delete(AccessGrant).where(
    AccessGrant.user_id == bindparam("of_user"), AccessGrant.patient_id == bindparam("of_patient")
)
_NEW_PATIENT = insert(AccessPatient).on_conflict_do_nothing()
_LIST_PATIENT = (
    update(AccessPatient).where(AccessPatient.id == bindparam("of_patient")).values(is_active=bindparam("active"))
)


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
    @projection.on_many(UserCreated, UserChanged, UserDeactivated)
    async def users(work: UnitOfWork, events: Sequence[UserFacts]) -> None:
        await work.execute(_UPSERT_USER, [event.model_dump(include=_USER_FACTS) for event in events])


def _follow_memberships(projection: Projection) -> None:
    @projection.on_many(StaffAdded)
    async def staff_added(work: UnitOfWork, events: Sequence[StaffAdded]) -> None:
        await work.execute(_UPSERT_STAFF, [event.model_dump() for event in events])

    @projection.on_many(StaffRemoved)
    async def staff_removed(work: UnitOfWork, events: Sequence[StaffRemoved]) -> None:
        gone = [{"of_user": event.user_id, "of_organisation": event.organisation_id} for event in events]
        await work.execute(_REMOVE_STAFF, gone)

    @projection.on_many(PatientAdded)
    async def patients_added(work: UnitOfWork, events: Sequence[PatientAdded]) -> None:
        await work.execute(_ADD_PATIENT, [event.model_dump() for event in events])

    @projection.on_many(PatientRemoved)
    async def patients_removed(work: UnitOfWork, events: Sequence[PatientRemoved]) -> None:
        gone = [{"of_patient": event.patient_id, "of_organisation": event.organisation_id} for event in events]
        await work.execute(_REMOVE_PATIENT, gone)


def _follow_grants(projection: Projection) -> None:
    @projection.on_many(AccessGranted)
    async def granted(work: UnitOfWork, events: Sequence[AccessGranted]) -> None:
        await work.execute(_ADD_GRANT, [event.model_dump() for event in events])

    @projection.on_many(AccessRevoked)
    async def revoked(work: UnitOfWork, events: Sequence[AccessRevoked]) -> None:
        await work.execute(_REMOVE_GRANT, [{"of_user": e.user_id, "of_patient": e.patient_id} for e in events])


def _follow_patients(projection: Projection) -> None:
    @projection.on_many(PatientCreated)
    async def created(work: UnitOfWork, events: Sequence[PatientCreated]) -> None:
        await work.execute(_NEW_PATIENT, [{"id": event.id, "is_active": True} for event in events])

    @projection.on(PatientDeleted)
    async def deleted(work: UnitOfWork, event: PatientDeleted) -> None:
        await work.execute(delete(AccessPatient).where(AccessPatient.id == event.id))

    @projection.on_many(PatientActivated, PatientDeactivated)
    async def listed(work: UnitOfWork, events: Sequence[PatientActivated | PatientDeactivated]) -> None:
        now = [{"of_patient": event.id, "active": isinstance(event, PatientActivated)} for event in events]
        await work.execute(_LIST_PATIENT, now)


def _emptier(tables: tuple[type, ...]) -> Clearer:
    async def empty(writer: Writer) -> None:
        for table in tables:
            await writer.execute(delete(table))

    return empty
