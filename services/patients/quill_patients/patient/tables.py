"""Patient resources with every version, the sort keys of the list, and what may be there once."""

from datetime import date

from quill_common.fhir.tables import ResourceColumns, VersionColumns
from sqlalchemy import Computed, Index, Text, false, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from quill_patients.base import Base

# Names sort the same on every machine and after every upgrade of it, which locales do not promise.
_SORT_KEY = Text(collation="C")

# Null where it is not: of nulls PostgreSQL assumes few, and looks for them in the index, before it has any statistics.
_SEARCHABLE = "CASE WHEN searched_as = version THEN true END"
TO_READ = "is_searchable IS NULL"


class Patient(ResourceColumns, Base):
    """The present version of every patient that is not deleted. The keys are made by `naming.sort_keys`.

    What is searched by is made by `search.columns` of the version `searched_as`. Where that is not the present version
    (code of before wrote the row), `search.upkeep` makes it anew, and until then nothing is searched.

    `nhs_number_shared` marks those who had another's number before numbers were unique; they keep it until it changes.
    """

    __tablename__ = "fhir_patient"
    __table_args__ = (
        Index("ix_fhir_patient_by_name", "family_key", "given_key", "id"),
        # Sorts a caller's own patients without touching their resources.
        Index("ix_fhir_patient_keys", "id", postgresql_include=["family_key", "given_key"]),
        Index("uq_fhir_patient_nhs_number", "nhs_number", unique=True, postgresql_where=text("NOT nhs_number_shared")),
        Index("ix_fhir_patient_terms", "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_fhir_patient_born", "born_first"),
        Index("ix_fhir_patient_by_gender", "gender", "family_key", "given_key", "id"),
        Index("ix_fhir_patient_updated", "last_updated"),
        Index("ix_fhir_patient_to_read", "id", postgresql_where=text(TO_READ)),
    )

    family_key: Mapped[str] = mapped_column(_SORT_KEY)
    given_key: Mapped[str] = mapped_column(_SORT_KEY)
    nhs_number: Mapped[str | None]
    nhs_number_shared: Mapped[bool] = mapped_column(server_default=false())
    terms: Mapped[str | None] = mapped_column(TSVECTOR)
    born_first: Mapped[date | None]
    born_last: Mapped[date | None]
    gender: Mapped[str | None]
    searched_as: Mapped[int | None]
    is_searchable: Mapped[bool | None] = mapped_column(Computed(_SEARCHABLE, persisted=True))


class PatientVersion(VersionColumns, Base):
    """Every version of every patient."""

    __tablename__ = "fhir_patient_version"
