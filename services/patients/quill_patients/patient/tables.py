"""Patient resources with every version, and the sort keys of the list."""

from quill_common.fhir.tables import ResourceColumns, VersionColumns
from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from quill_patients.base import Base

# Names sort the same on every machine and after every upgrade of it, which locales do not promise.
_SORT_KEY = Text(collation="C")


class Patient(ResourceColumns, Base):
    """The present version of every patient. The keys are made by `naming.sort_keys`."""

    __tablename__ = "fhir_patient"
    __table_args__ = (
        Index("ix_fhir_patient_by_name", "family_key", "given_key", "id"),
        # Sorts a caller's own patients without touching their resources.
        Index("ix_fhir_patient_keys", "id", postgresql_include=["family_key", "given_key"]),
    )

    family_key: Mapped[str] = mapped_column(_SORT_KEY)
    given_key: Mapped[str] = mapped_column(_SORT_KEY)


class PatientVersion(VersionColumns, Base):
    """Every version of every patient."""

    __tablename__ = "fhir_patient_version"
