"""Many wait for the site's server, which is slow: what needs our own database only does not wait behind them."""

import asyncio

import pytest
from quill_common.testing.fhir_server import FhirServer
from quill_common.testing.kit import ServiceKit

pytestmark = pytest.mark.store("external")

PATHS = (
    "/api/patients",
    "/api/patients?scope=admin",
    "/api/patients/p-1",
    "/api/patients/p-1/history",
    "/api/patients/p-1/history/1",
    "/api/fhir/R4/Patient",
    "/api/fhir/R4/Patient/p-1",
    "/api/fhir/R4/Patient/p-1/_history",
    "/api/fhir/R4/Patient/p-1/_history/1",
)


@pytest.mark.parametrize("path", PATHS)
async def test_who_waits_for_the_server_keeps_no_connection_of_ours(
    kit: ServiceKit, double: FhirServer, path: str
) -> None:
    asking = await kit.admin() if "admin" in path else await kit.clinician(7)
    await kit.patient("p-1", 7)
    readers = kit.parts.database.engines[0].pool
    begun = len(double.requests)
    with double.failing("slow"):
        waiting = asyncio.create_task(asking.client.get(path))
        # Neither the server nor a pool has a reason to tell tests.
        while len(double.requests) == begun or "Current Checked out connections: 0" not in readers.status():
            await asyncio.sleep(0.01)
            assert not waiting.done(), "it kept its connection to the end"
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
