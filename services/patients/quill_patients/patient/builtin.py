"""The built-in store of patients: tables of this service's own schema."""

from collections.abc import Sequence

from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.fhir.sql_store import SqlResourceStore
from quill_common.http.paging import Page

from quill_patients.patient import repository
from quill_patients.patient.naming import sort_keys
from quill_patients.patient.store import Found, ListedPatient
from quill_patients.patient.tables import Patient, PatientVersion
from quill_patients.search.wanted import Wanted


class BuiltInPatients(SqlResourceStore):
    """A `PatientStore` whose every answer is one statement."""

    def __init__(self) -> None:
        super().__init__(Patient, PatientVersion, sort_keys)

    async def find(self, reader: Reader, principal: Principal, patient_id: str) -> Found:
        return await repository.find(reader, principal, patient_id)

    async def search(self, reader: Reader, principal: Principal, wanted: Wanted, page: Page) -> Sequence[ListedPatient]:
        return await repository.listed(reader, principal, wanted, page)

    async def check(self, reader: Reader) -> None:
        await repository.any_patient(reader)
