"""Tell everyone how an account stands."""

from typing import Any

from quill_common.events.catalogue.auth import UserFacts
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import UserNotFound
from sqlalchemy import Row

from quill_auth.account import repository
from quill_auth.cbac.catalogue import resolve


async def publish_facts(unit: UnitOfWork, kind: type[UserFacts], user_id: int, **more: Any) -> Row[Any]:
    """Publish all facts about the account after its change, which holds its row locked; the account's row."""
    account = await repository.account(unit, user_id)
    if account is None:
        raise UserNotFound
    await unit.publish(kind(**_facts_of(account), **more))
    return account


def _facts_of(account: Row[Any]) -> dict[str, Any]:
    return {
        "id": account.id,
        "username": account.username,
        "full_name": account.full_name,
        "email": account.email,
        "level": account.system_permissions,
        "roles": account.roles,
        "competencies": resolve(account.base_profession, account.additional_competencies, account.removed_competencies),
        "is_active": account.is_active,
        "patient_id": account.fhir_patient_id,
    }
