"""The two tables of a resource store, as mixins: each service has them in its own schema and migration.

class Patient(ResourceColumns, Base):
    __tablename__ = "fhir_patient"
    family_key: Mapped[str]            # what searches need

class PatientVersion(VersionColumns, Base):
    __tablename__ = "fhir_patient_version"
"""

from datetime import datetime

from sqlalchemy import false
from sqlalchemy.orm import Mapped, mapped_column


class VersionColumns:
    """Every version of every resource, the present one included. Rows are only ever added.

    The version that says `deleted` has an empty `content`.
    """

    id: Mapped[str] = mapped_column(primary_key=True)
    resource_type: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_updated: Mapped[datetime]
    content: Mapped[str]
    deleted: Mapped[bool] = mapped_column(server_default=false())


class ResourceColumns:
    """The present version of every resource. `content` is the JSON text that is sent.

    A deleted resource has no row here, so that no query can show one by mistake.
    """

    id: Mapped[str] = mapped_column(primary_key=True)
    resource_type: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    last_updated: Mapped[datetime]
    content: Mapped[str]
