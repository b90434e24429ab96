"""A hundred times as many patients cost a list no more: the same statements, by indexes, over as many rows."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import httpx
import pytest
from quill_common.testing.crowd import (
    FIRST_USER,
    NHS_NUMBER,
    PATIENTS_EACH,
    SMALL,
    STAFF_EACH,
    TO_LARGE,
    Growth,
    nhs_number,
    patient,
)
from quill_common.testing.kit import ServiceKit, service_kit
from quill_common.testing.plans import Plan, grown, plans
from quill_patients.app import create_app
from quill_patients.settings import Settings
from quill_patients.testing.crowd import fill

pytestmark = pytest.mark.timeout(900)

LIMIT: Final = 50
MOST_ROWS: Final = 10_000
"""Over all scans of one statement: some for each of a clinician's own 750 patients, or of those whom an index finds."""
REQUESTS: Final = {
    "first page": 2,
    "deep page": 2,
    "name prefix": 3,
    "two words": 3,
    "identifier": 3,
    "identifier of any system": 3,
    "search box": 3,
    "birth date and gender": 3,
    "name prefix, deep page": 3,
}
"""How many statements each sends. A search asks too whether all that is stored can be found yet."""
CALLERS: Final = ("clinician", "admin")

Sent = list[tuple[str, Sequence[Any]]]


@dataclass
class Asked:
    """What a running service sent to its database for each request, at each size, and how that was run."""

    kit: ServiceKit
    sent: dict[tuple[str, str, int], Sent] = field(default_factory=dict)
    planned: dict[tuple[str, str, int], list[Plan]] = field(default_factory=dict)
    grown: set[str] = field(default_factory=set)

    async def at(self, growth: Growth) -> None:
        """Let the crowd grow and send every request as every caller."""
        connection = await asyncpg.connect(self.kit.database.admin_url)
        try:
            await fill(connection, growth)
        finally:
            await connection.close()
        url = self.kit.database.urls["patients"]
        for caller, client in (await self._callers(growth)).items():
            for name, query in (await self._queries(client, caller, growth)).items():
                key = name, caller, growth.last
                self.sent[key] = await self._send(client, query)
                self.planned[key] = await plans(url, self.sent[key])
        self.grown = await grown(url, 1_000)

    async def _callers(self, growth: Growth) -> dict[str, httpx.AsyncClient]:
        """The clinician works in an organisation that came last."""
        clinician = FIRST_USER + growth.organisations[-1] * STAFF_EACH
        admin = await self.kit.admin()
        return {"clinician": self.kit.client(self.kit.access_token(clinician)), "admin": admin.client}

    async def _queries(self, client: httpx.AsyncClient, caller: str, growth: Growth) -> dict[str, dict[str, Any]]:
        usual = {"limit": LIMIT} | ({"scope": "admin"} if caller == "admin" else {})
        step = min(growth.last // 10, 1_000) if caller == "admin" else 75
        someone = (growth.organisations[-1] - 1) * PATIENTS_EACH
        name = patient(someone)["name"][0]
        deep = await _deep(client, usual | {"limit": step})
        deep_among = await _deep(client, usual | {"limit": step // 75, "name": "jon"})
        queries: dict[str, dict[str, Any]] = {
            "first page": {},
            "deep page": {"cursor": deep},
            "name prefix": {"name": "smi"},
            "two words": {"family": name["family"], "given": name["given"][0][:3]},
            "identifier": {"identifier": f"{NHS_NUMBER}|{nhs_number(someone)}"},
            "identifier of any system": {"identifier": f"mrn{someone:07}"},
            "search box": {"q": f"{name['given'][0]} {nhs_number(someone)}"},
            "birth date and gender": {"birth_date": ["ge1950", "lt1953"], "gender": "female"},
            "name prefix, deep page": {"name": "jon", "cursor": deep_among},
        }
        return {request: usual | query for request, query in queries.items()}

    async def _send(self, client: httpx.AsyncClient, query: dict[str, Any]) -> Sent:
        sent: Sent = []
        with self.kit.executed(lambda statement, parameters: sent.append((statement, parameters))):
            response = await client.get("/api/patients", params=query)
        assert response.status_code == 200, response.text
        answer = response.json()
        assert answer["fhir_ready"]
        assert answer["patients"], query
        return sent


async def _deep(client: httpx.AsyncClient, query: dict[str, Any]) -> str:
    """A cursor that has nearly the whole list before it."""
    cursors: list[str] = []
    while True:
        after = {"cursor": cursors[-1]} if cursors else {}
        cursor = (await client.get("/api/patients", params=query | after)).json()["next_cursor"]
        if cursor is None:
            return cursors[-2]
        cursors.append(cursor)


@pytest.fixture(scope="module")
async def asked(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asked]:
    directory = tmp_path_factory.mktemp("size")
    async with service_kit("patients", create_app, Settings, postgres_url, directory) as kit:
        made = Asked(kit)
        for growth in (SMALL, TO_LARGE):
            await made.at(growth)
        yield made


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", REQUESTS)
def test_the_same_statements_are_sent(asked: Asked, name: str, caller: str) -> None:
    few, many = (asked.sent[name, caller, growth.last] for growth in (SMALL, TO_LARGE))
    assert [statement for statement, _ in few] == [statement for statement, _ in many]
    assert len(many) == REQUESTS[name]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", REQUESTS)
def test_no_table_that_grows_is_walked(asked: Asked, name: str, caller: str) -> None:
    assert asked.grown >= {"fhir_patient", "access_patient", "access_patient_member", "access_user", "access_staff"}
    for plan in asked.planned[name, caller, TO_LARGE.last]:
        assert not plan.walked & asked.grown, plan


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", REQUESTS)
def test_few_rows_are_looked_at(asked: Asked, name: str, caller: str) -> None:
    """Of an index too: one that is read from end to end is no better than the table."""
    for plan in asked.planned[name, caller, TO_LARGE.last]:
        assert plan.rows <= MOST_ROWS, plan
