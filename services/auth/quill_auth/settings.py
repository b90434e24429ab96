"""Settings of the auth service."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What auth needs beside what every service needs."""

    access_ttl_min: int = Field(15, ge=1, le=1440, validation_alias="ACCESS_TTL_MIN")
    refresh_ttl_days: int = Field(7, ge=1, le=365, validation_alias="REFRESH_TTL_DAYS")
    secure_cookies: bool = Field(True, validation_alias="SECURE_COOKIES")
    cookie_domain: str | None = Field(None, validation_alias="COOKIE_DOMAIN")

    password_min_length: int = Field(8, ge=8, le=64)
    password_threads: int = Field(2, ge=1, le=64, description="Hashes computed at the same time")
    password_queue: int = Field(64, ge=1, description="Hashes that may wait or run; beyond it sign-in answers 503")

    admin_username: str | None = Field(None, max_length=150, description="The first superadmin, if there is none")
    admin_email: str | None = Field(None, max_length=255)
    admin_password: SecretStr | None = Field(None, max_length=128)

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
