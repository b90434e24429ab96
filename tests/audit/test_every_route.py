"""Every route is on record, or tells nobody's data and says why; every action has its row in `docs/audit.md`."""

import re
from pathlib import Path

import pytest
from contract.documents import service_app
from quill_common.audit.declared import Audited, declared_action
from quill_common.http.work import WorkRoute
from starlette.routing import BaseRoute, Route

from audit.nobodys_data import COMMON, OWN

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
HEADINGS = {
    "auth": "Accounts and sessions",
    "orgs": "Organisations",
    "patients": "Patients",
    "letters": "Letters",
    "messaging": "Messaging",
}
UNDECLARED = {
    "auth": {
        "session.begin",
        "session.refuse",
        "care_team.list",
        "password.forget",
        "recovery_code.use",
        "second_factor.close",
    },
    "patients": {"patient.adopt"},
}
"""Actions that no route declares: only its handler or its transaction knows that they happened."""
ACTION = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+")


def routes_of(service: str) -> list[BaseRoute]:
    return list(service_app(service).router.routes)


def undecided(routes: list[BaseRoute], excused: set[str]) -> list[str]:
    """Routes that are neither audited nor excused, or both, and excuses without a route."""
    seen: dict[str, bool] = {}
    for route in routes:
        assert isinstance(route, Route), route
        audited = isinstance(route, WorkRoute) and declared_action(route.dependencies) is not None
        for method in (route.methods or set()) - {"HEAD"}:
            seen[f"{method} {route.path}"] = audited
    wrong = [name for name, audited in seen.items() if audited == (name in excused)]
    return sorted([*wrong, *(excused - seen.keys())])


def actions_of(service: str) -> set[str]:
    found = [declared_action(route.dependencies) for route in routes_of(service) if isinstance(route, WorkRoute)]
    return {action for action in found if action is not None}


def documented(heading: str) -> set[str]:
    """The actions of one section's table."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


@pytest.mark.parametrize("service", OWN)
def test_every_route_is_on_record_or_excused(service: str) -> None:
    assert undecided(routes_of(service), COMMON.keys() | OWN[service].keys()) == []


def test_a_route_without_the_mark_is_found() -> None:
    async def answer() -> None:
        return None

    plain = WorkRoute("/api/patients/{patient_id}/secrets", answer)
    marked = WorkRoute("/api/patients/{patient_id}", answer, dependencies=[Audited("patient.read")])
    assert undecided([plain, marked], set()) == ["GET /api/patients/{patient_id}/secrets"]
    assert undecided([marked], {"GET /api/patients/{patient_id}"}) == ["GET /api/patients/{patient_id}"]
    assert undecided([], {"GET /gone"}) == ["GET /gone"]


@pytest.mark.parametrize("service", OWN)
def test_the_actions_of_a_service_are_those_of_the_page(service: str) -> None:
    actions = actions_of(service)
    assert actions | UNDECLARED.get(service, set()) == documented(HEADINGS[service])
    assert all(ACTION.fullmatch(action) for action in actions)
