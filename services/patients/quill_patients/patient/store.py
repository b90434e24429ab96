"""Where Patient resources are kept."""

from typing import Final

from quill_common.fhir.sql_store import SqlResourceStore
from quill_common.fhir.store import ResourceStore

from quill_patients.patient.naming import sort_keys
from quill_patients.patient.tables import Patient, PatientVersion

RESOURCE_TYPE: Final = "Patient"
STORE: Final[ResourceStore] = SqlResourceStore(Patient, PatientVersion, sort_keys)
