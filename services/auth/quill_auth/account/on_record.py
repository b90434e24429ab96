"""What is put on record of an account and of its changes: rights and names of fields, never what a person is called."""

from collections.abc import Iterable
from typing import Any, Final

from quill_common.access.competencies import HIGH_RISK
from sqlalchemy import Row

from quill_auth.cbac.catalogue import COMPETENCY_BY_ID, resolve

_FIELDS: Final = {
    "username": "username",
    "full_name": "name",
    "email": "email",
    "base_profession": "base_profession",
    "additional_competencies": "additional_competencies",
    "removed_competencies": "removed_competencies",
    "roles": "roles",
    "system_permissions": "system_permissions",
}
"""Columns, and what the API calls them."""


def rights(account: Row[Any]) -> dict[str, Any]:
    """Of a new account: level, roles, profession, and the competencies of high risk."""
    return {
        "level": account.system_permissions,
        "roles": list(account.roles),
        "base_profession": account.base_profession,
        "high_risk": sorted(HIGH_RISK.intersection(_competencies(account))),
    }


def changes(before: Row[Any], now: Row[Any], *unseen: str) -> dict[str, Any]:
    """`fields` that changed; level and roles from and to; competencies `granted` and `withdrawn` with their risks.

    `unseen` names changed fields that the rows do not show.
    """
    fields = [name for column, name in _FIELDS.items() if getattr(before, column) != getattr(now, column)]
    details: dict[str, Any] = {"fields": sorted({*fields, *unseen})}
    if "system_permissions" in fields:
        details["level"] = {"from": before.system_permissions, "to": now.system_permissions}
    if "roles" in fields:
        details["roles"] = {"from": list(before.roles), "to": list(now.roles)}
    had, has = set(_competencies(before)), set(_competencies(now))
    moved = {"granted": _with_risk(has - had), "withdrawn": _with_risk(had - has)}
    return details | {name: risks for name, risks in moved.items() if risks}


def _competencies(account: Row[Any]) -> list[str]:
    return resolve(account.base_profession, account.additional_competencies, account.removed_competencies)


def _with_risk(competencies: Iterable[str]) -> dict[str, str]:
    return {each: COMPETENCY_BY_ID[each].risk for each in sorted(competencies)}
