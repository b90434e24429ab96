"""Two hundred organisations with 100,000 patients cost a page no more statements, and no walk over their members."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import asyncpg
import pytest
from quill_common.testing.crowd import PATIENTS_EACH, SMALL, STAFF_EACH, TO_LARGE, Growth
from quill_common.testing.kit import ServiceKit, service_kit
from quill_common.testing.plans import Plan, grown, plans
from quill_orgs.app import create_app
from quill_orgs.settings import Settings
from quill_orgs.testing.crowd import fill

pytestmark = pytest.mark.timeout(900)

MOST_ROWS: Final = 5_000
STATEMENTS: Final = {
    "/api/auth/organizations": 1,
    "/api/organizations": 2,
    "/api/organizations?limit=1&cursor=": 2,
    "/api/organizations/{last}": 4,
}
"""Of each request; a cursor is that of the last page but one."""

Sent = list[tuple[str, Sequence[Any]]]
Asked = dict[tuple[str, int], tuple[Sent, list[Plan]]]


async def _sent(kit: ServiceKit, path: str, growth: Growth) -> Sent:
    admin = await kit.admin()
    if path.endswith("cursor="):
        before = await admin.client.get(f"/api/organizations?limit={growth.organisations[-1] - 1}")
        path += before.json()["next_cursor"]
    sent: Sent = []
    with kit.executed(lambda statement, parameters: sent.append((statement, parameters))):
        response = await admin.client.get(path.format(last=growth.organisations[-1]))
    assert response.status_code == 200, response.text
    if "{last}" in path:
        body = response.json()
        assert (body["staff_count"], body["patient_count"]) == (STAFF_EACH, PATIENTS_EACH * 3 // 2)
    return sent


@pytest.fixture(scope="module")
async def asked(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asked]:
    directory = tmp_path_factory.mktemp("size")
    async with service_kit("orgs", create_app, Settings, postgres_url, directory) as kit:
        made: Asked = {}
        for growth in (SMALL, TO_LARGE):
            connection = await asyncpg.connect(kit.database.admin_url)
            try:
                await fill(connection, growth)
            finally:
                await connection.close()
            for path in STATEMENTS:
                sent = await _sent(kit, path, growth)
                made[path, growth.last] = sent, await plans(kit.database.urls["orgs"], sent)
        assert await grown(kit.database.urls["orgs"], 1_000) == GROWN
        yield made


GROWN: Final = {
    "access_patient",
    "access_patient_member",
    "access_staff",
    "access_user",
    "organisation_patient_member",
    "organisation_staff_member",
}


@pytest.mark.parametrize("path", STATEMENTS)
def test_the_same_statements_are_sent(asked: Asked, path: str) -> None:
    few, many = (asked[path, growth.last][0] for growth in (SMALL, TO_LARGE))
    assert [statement for statement, _ in few] == [statement for statement, _ in many]
    assert len(many) == STATEMENTS[path]


@pytest.mark.parametrize("path", STATEMENTS)
def test_no_table_that_grows_is_walked(asked: Asked, path: str) -> None:
    for plan in asked[path, TO_LARGE.last][1]:
        assert not plan.walked & GROWN, plan
        assert plan.rows <= MOST_ROWS, plan
