"""Link an account to the person's own patient record (contract 4.16)."""

from quill_common.access.policy import patient_exists
from quill_common.access.principal import Principal
from quill_common.audit.entry import AuditEntry
from quill_common.database.faults import violated_constraint
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import Conflict, PatientNotFound, Unprocessable, UserNotFound
from sqlalchemy.exc import IntegrityError

from quill_auth.account import repository
from quill_auth.account.facts import publish_facts
from quill_auth.account.rules import LINKING_NEEDS_ADMIN, require_not_above, standing_now
from quill_auth.events import UserChanged


class PatientIdRequired(Unprocessable):
    detail = "fhir_patient_id is required"


class AlreadyLinked(Conflict):
    detail = "FHIR patient already linked to another user"


async def link(unit: UnitOfWork, caller: Principal, user_id: int, patient_id: str, *, patient_must_exist: bool) -> None:
    """Make `patient_id` the account's own record, in place of an earlier one; again is no change."""
    account = await repository.locked_account(unit, user_id, caller.id)
    caller = await standing_now(unit, caller, LINKING_NEEDS_ADMIN)
    if account is None:
        raise UserNotFound
    require_not_above(caller, account)
    if account.fhir_patient_id == patient_id:
        unit.found_done()
        return
    if patient_must_exist and not await patient_exists(unit, patient_id):
        raise PatientNotFound
    try:
        await repository.change(unit, user_id, {"fhir_patient_id": patient_id})
    except IntegrityError as problem:
        if violated_constraint(problem) != "uq_users_fhir_patient_id":
            raise
        raise AlreadyLinked from problem
    await publish_facts(unit, UserChanged, user_id)
    earlier = [account.fhir_patient_id] if account.fhir_patient_id else None
    await unit.record(AuditEntry("user.link", patient_id=patient_id, patient_ids=earlier, subject_user_id=user_id))
