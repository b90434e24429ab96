"""The built-in store of patients: tables of this service's own schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.fhir.resource import Resource, StoredResource
from quill_common.fhir.sql_store import SqlResourceStore
from quill_common.http.paging import Page
from sqlalchemy import Text, and_, bindparam

from quill_patients.patient import repository
from quill_patients.patient.naming import sort_keys
from quill_patients.patient.nhs_number import number_key
from quill_patients.patient.store import NHS_NUMBER_TAKEN, Found, ListedPatient
from quill_patients.patient.tables import Patient, PatientVersion
from quill_patients.search.columns import search_columns
from quill_patients.search.wanted import Wanted


class BuiltInPatients(SqlResourceStore):
    """A `PatientStore` whose every answer is one statement; a search asks first whether it finds all that is stored."""

    def __init__(self) -> None:
        still = Patient.nhs_number.is_not_distinct_from(bindparam("new_nhs_number", type_=Text()))
        shared = and_(Patient.nhs_number_shared, still)
        super().__init__(
            Patient, PatientVersion, _further_columns, once=NHS_NUMBER_TAKEN, made={"nhs_number_shared": shared}
        )

    async def find(self, reader: Reader, principal: Principal, patient_id: str) -> Found:
        return await repository.find(reader, principal, patient_id)

    async def search(self, reader: Reader, principal: Principal, wanted: Wanted, page: Page) -> Sequence[ListedPatient]:
        return await repository.listed(reader, principal, wanted, page)

    async def count(self, reader: Reader, principal: Principal, wanted: Wanted) -> int:
        return await repository.counted(reader, principal, wanted)

    async def check(self, reader: Reader) -> None:
        await repository.any_patient(reader)

    def _row(self, resource: Resource, stored: StoredResource) -> dict[str, Any]:
        return {**super()._row(resource, stored), "searched_as": stored.version}


def _further_columns(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {**sort_keys(resource), **number_key(resource), **search_columns(resource)}
