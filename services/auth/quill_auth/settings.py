"""Settings of the auth service."""

from typing import Annotated, Self

import orjson
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode
from quill_common.access.levels import LEVELS
from quill_common.limits.notation import Limit
from quill_common.mail.settings import MailSettings


class Settings(MailSettings):
    """What auth needs beside what every service needs."""

    access_ttl_min: int = Field(15, ge=1, le=1440, validation_alias="ACCESS_TTL_MIN")
    refresh_ttl_days: int = Field(7, ge=1, le=365, validation_alias="REFRESH_TTL_DAYS")
    session_max_hours: int = Field(
        720, ge=1, le=8760, description="How long after its sign-in a session ends, however often it is renewed"
    )
    secure_cookies: bool = Field(True, validation_alias="SECURE_COOKIES")
    cookie_domain: str | None = Field(None, validation_alias="COOKIE_DOMAIN")

    key_rotation_days: int = Field(90, ge=1, le=3650, description="Age at which a signing key gets its successor")

    password_reset_ttl_min: int = Field(30, ge=1, le=1440, validation_alias="PASSWORD_RESET_TTL_MIN")
    password_min_length: int = Field(8, ge=8, le=64)
    password_words: Annotated[frozenset[str], NoDecode] = Field(
        frozenset({"quill"}), description="Words of the site that are no passwords, whatever digits stand around them"
    )
    password_threads: int = Field(2, ge=1, le=64, description="Hashes computed at the same time")
    password_queue: int = Field(64, ge=1, description="Hashes that may wait or run; beyond it sign-in answers 503")

    # Contract 1.6; `off` switches one off.
    limit_login: Limit = Field("5 per 1 minute", description="by address")
    limit_login_failures: Limit = Field("10 per 15 minute", description="by account name")
    limit_locks_recorded: Limit = Field(
        "1 per 5 minute", description="by account name: refusals of a locked one that are put on record"
    )
    limit_register: Limit = Field("3 per 1 minute", description="by address")
    limit_forgot_password: Limit = Field("3 per 1 minute", description="by address")
    limit_reset_password: Limit = Field("5 per 1 minute", description="by address")
    limit_refresh: Limit = Field("60 per 1 minute", description="by session")
    limit_totp_verify: Limit = Field("5 per 1 minute", description="by user")
    limit_totp_disable: Limit = Field("5 per 1 minute", description="by user")
    limit_recovery_codes: Limit = Field("5 per 1 minute", description="by user")
    limit_change_password: Limit = Field("5 per 1 minute", description="by user")
    totp_issuer: str = Field("Quill", max_length=64, description="What authenticator apps show beside the username")
    second_factor_levels: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="Permission levels that must have a second factor"
    )

    second_factor_failures: int = Field(
        100, ge=1, le=100, description="Wrong codes in a row, each after the right password, that close the factor"
    )

    admin_username: str | None = Field(None, max_length=150, description="The first superadmin, if there is none")
    admin_email: str | None = Field(None, max_length=255)
    admin_password: SecretStr | None = Field(None, max_length=128)

    @field_validator("totp_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        """The colon parts issuer and username in what apps read."""
        value = value.strip()
        if not value or ":" in value or not value.isprintable():
            raise ValueError("must be a name without a colon")
        return value

    @field_validator("second_factor_levels", "password_words", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        """A JSON list, or words separated by commas."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return orjson.loads(value)
        return [item.strip() for item in value.split(",") if item.strip()]

    @field_validator("second_factor_levels")
    @classmethod
    def _known_levels(cls, levels: frozenset[str]) -> frozenset[str]:
        unknown = sorted(levels - set(LEVELS))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no permission level; there are {', '.join(LEVELS)}")
        return levels

    @field_validator("password_words")
    @classmethod
    def _folded(cls, words: frozenset[str]) -> frozenset[str]:
        return frozenset(folded for word in words if (folded := word.strip().casefold()))

    @field_validator("cookie_domain", "admin_username", "admin_email", "admin_password", mode="before")
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _admin_is_whole(self) -> Self:
        given = [self.admin_username, self.admin_email, self.admin_password]
        if any(given) and not all(given):
            raise ValueError("QUILL_ADMIN_USERNAME, QUILL_ADMIN_EMAIL and QUILL_ADMIN_PASSWORD go together")
        if self.admin_password and len(self.admin_password.get_secret_value()) < self.password_min_length:
            raise ValueError(f"QUILL_ADMIN_PASSWORD must be at least {self.password_min_length} characters")
        return self

    @property
    def access_seconds(self) -> int:
        return self.access_ttl_min * 60

    @property
    def refresh_seconds(self) -> int:
        return self.refresh_ttl_days * 86_400

    @property
    def session_max_seconds(self) -> int:
        return self.session_max_hours * 3600
