"""One running patients service for all tests of this folder, emptied before each."""

from typing import Any, Protocol

import pytest
from quill_common.testing.kit import ServiceKit, kit_fixture
from quill_patients.app import create_app
from quill_patients.patient.builtin import BuiltInPatients
from quill_patients.settings import Settings

session_kit = kit_fixture("patients", create_app, Settings)


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
            await BuiltInPatients().create(writer, resource)
        return await kit.patient(patient_id, *organisations)

    return keep
