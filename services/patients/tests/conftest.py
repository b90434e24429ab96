"""One running patients service for all tests of this folder, emptied before each; once with each kind of store."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest
from quill_common.testing.fhir_server import FhirServer, fhir_server
from quill_common.testing.kit import ServiceKit, service_kit
from quill_patients.app import create_app
from quill_patients.settings import Settings

BUILT_IN, EXTERNAL = "built-in", "external"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that uses the service with both stores, unless a mark says with which: `store("built-in")`."""
    if "session_kit" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("store")
    metafunc.parametrize("session_kit", mark.args if mark else [BUILT_IN, EXTERNAL], indirect=True, scope="session")


@pytest.fixture(scope="session")
async def fhir_double() -> AsyncIterator[FhirServer]:
    async with fhir_server() as server:
        yield server


@pytest.fixture(scope="session")
async def session_kit(
    request: pytest.FixtureRequest,
    postgres_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    fhir_double: FhirServer,
) -> AsyncIterator[ServiceKit]:
    of_site: dict[str, Any] = {"fhir_server_url": fhir_double.url, "fhir_server_list_seconds": 5.0}
    more = of_site if request.param == EXTERNAL else {}
    directory = tmp_path_factory.mktemp("patients")
    async with service_kit("patients", create_app, Settings, postgres_url, directory, **more) as kit:
        yield kit


@pytest.fixture
def double(fhir_double: FhirServer) -> FhirServer:
    """The FHIR server of the site, if the test runs with one."""
    return fhir_double


@pytest.fixture
async def kit(session_kit: ServiceKit, fhir_double: FhirServer) -> ServiceKit:
    """The service that runs here, emptied."""
    await session_kit.empty()
    fhir_double.clear()
    return session_kit


class KeepPatient(Protocol):
    """Store a patient that is a member of `organisations`; further elements replace those of the default."""

    async def __call__(self, patient_id: str = ..., *organisations: int, **elements: Any) -> str: ...


@pytest.fixture
def keep_patient(kit: ServiceKit) -> KeepPatient:
    async def keep(patient_id: str = "p-1", *organisations: int, **elements: Any) -> str:
        resource = {
            "resourceType": "Patient",
            "id": patient_id,
            "extension": [{"url": "urn:quillmedical:avatar-gradient", "valueInteger": 17}],
            "name": [{"use": "official", "given": ["Edith"], "family": "Marsh"}],
            **elements,
        }
        async with kit.parts.database.writer() as writer:
            await kit.app.state.patients.create(writer, resource)
        return await kit.patient(patient_id, *organisations)

    return keep
