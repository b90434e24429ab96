"""What a test asks of the audit trail."""

from typing import Any

from quill_common.testing.kit import Person, ServiceKit

_OF_EVERY_REQUEST = {"session_id", "request_id", "address", "actor_service"}


async def acts_of(kit: ServiceKit, person: Person) -> list[dict[str, Any]]:
    """What is on record of `person`, oldest first: what stands in each entry, without who and by which request."""
    return [_facts(entry) for entry in await kit.audited() if entry["actor_id"] == person.id]


async def acts_of_service(kit: ServiceKit, service: str) -> list[dict[str, Any]]:
    """The same of another service or the operator."""
    return [_facts(entry) for entry in await kit.audited() if entry["actor_service"] == service]


def _facts(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in entry.items()
        if value is not None
        and name not in {*_OF_EVERY_REQUEST, "actor_id"}
        and (name, value) != ("outcome", "success")
    }


def refused(action: str, status: int, **more: Any) -> dict[str, Any]:
    """The entry of a refusal."""
    details = {**more.pop("details", {}), "status": status}
    return {"action": action, "outcome": "refused", **more, "details": details}
