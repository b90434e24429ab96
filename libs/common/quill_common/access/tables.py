"""What a service knows of users, memberships, grants and patients: fed by events, enough to decide access."""

from sqlalchemy import ARRAY, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from quill_common.database.base import SharedBase


class AccessUser(SharedBase):
    """An account as others need to know it. Source: auth."""

    __tablename__ = "access_user"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    username: Mapped[str]
    full_name: Mapped[str | None]
    email: Mapped[str]
    level: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    competencies: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_active: Mapped[bool]
    patient_id: Mapped[str | None] = mapped_column(index=True)


class AccessStaff(SharedBase):
    """A row of an organisation's staff table, of any level. Source: orgs."""

    __tablename__ = "access_staff"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    is_primary: Mapped[bool]


class AccessPatientMember(SharedBase):
    """A patient's membership of an organisation. Source: orgs."""

    __tablename__ = "access_patient_member"
    __table_args__ = (Index("ix_access_patient_member_by_organisation", "organisation_id", "patient_id"),)

    patient_id: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class AccessGrant(SharedBase):
    """A live grant of access to one patient; a revoked one has no row. Source: orgs."""

    __tablename__ = "access_grant"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    patient_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class AccessPatient(SharedBase):
    """That a patient exists, and whether it is listed. Source: patients."""

    __tablename__ = "access_patient"

    id: Mapped[str] = mapped_column(primary_key=True)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
