"""Accounts and roles (contract 9)."""

import uuid
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, String, Text, false, func, text, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from quill_auth.base import Base


class User(Base):
    """An account; `is_active` false means switched off, rows are never deleted.

    `totp_secret` is sealed (see `second_factor/sealing.py`); while the factor is not enabled it waits to be verified.
    `totp_last_step` is the newest time step whose code was used; `second_factor_failures` counts the wrong codes given
    in a row after the right password. `invitation_id` names the invitation that the account was made for, in orgs.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(150), unique=True)
    full_name: Mapped[str | None] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(255))
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_secret: Mapped[str | None]
    is_totp_enabled: Mapped[bool] = mapped_column(server_default=false())
    totp_last_step: Mapped[int | None]
    second_factor_failures: Mapped[int] = mapped_column(server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    fhir_patient_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    system_permissions: Mapped[str] = mapped_column(String(20), server_default="patient")
    base_profession: Mapped[str] = mapped_column(String(100), server_default="patient")
    additional_competencies: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    removed_competencies: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    professional_registrations: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    invitation_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)

    # Staff are few among many patients: the list of staff must not walk over all accounts.
    __table_args__ = (
        CheckConstraint("NOT is_totp_enabled OR totp_secret IS NOT NULL", name="totp_has_secret"),
        Index("uq_users_email", func.lower(email), unique=True),
        Index("ix_users_staff", "id", postgresql_where=text("system_permissions IN ('staff', 'admin', 'superadmin')")),
    )


class Role(Base):
    """A role; the migration puts the six in."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)


class UserRole(Base):
    """That a user holds a role."""

    __tablename__ = "user_role"

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey(Role.id), primary_key=True, index=True)
