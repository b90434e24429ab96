"""What the gateway needs to know beside what every process does."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from pydantic import Field, IPvAnyNetwork, field_validator
from pydantic_settings import NoDecode
from quill_common.settings import CommonSettings


class GatewaySettings(CommonSettings):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)

    cors_origins: Annotated[list[str], NoDecode] = Field([], validation_alias="CORS_ORIGINS")
    frontend_url: str | None = Field(
        None, validation_alias="FRONTEND_URL", description="Where the frontend is, if not where the gateway is"
    )
    secure_cookies: bool = Field(True, validation_alias="SECURE_COOKIES", description="Browsers come over HTTPS only")
    trusted_proxies: Annotated[list[IPvAnyNetwork], NoDecode] = Field(
        [], description="Networks whose X-Forwarded-For, -Host and -Proto are believed"
    )

    body_limit: int = Field(1024 * 1024, ge=1, description="Largest request body, bytes")
    upload_seconds: float = Field(30.0, gt=0, description="How long a client may take to send its body")
    pool_size: int = Field(100, ge=1, description="Connections to each service")
    connect_seconds: float = Field(2.0, gt=0, description="To get a connection to a service")
    answer_seconds: float = Field(60.0, gt=0, description="Longest silence of a service, or of a client that reads")
    # Below the 5 s after which uvicorn closes an idle connection by default, so that our side closes first.
    idle_seconds: float = Field(4.0, gt=0, description="How long an unused connection to a service is kept")

    access_minutes: int = Field(15, ge=1, validation_alias="ACCESS_TTL_MIN")
    revocation_wait_seconds: int = Field(10, ge=0, le=20, description="Long poll of auth's revocations")

    @property
    def frontend_origins(self) -> list[str]:
        """Whose pages may make changing calls beside those of the gateway's own origin."""
        return [*self.cors_origins, *([_origin(self.frontend_url)] if self.frontend_url else [])]

    @field_validator("frontend_url", mode="before")
    @classmethod
    def _blank_is_absent(cls, value: Any) -> Any:
        return (value.strip() or None) if isinstance(value, str) else value

    @field_validator("frontend_url")
    @classmethod
    def _has_an_origin(cls, url: str | None) -> str | None:
        if url is not None:
            _origin(url)
        return url

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        """A JSON list, or names separated by commas."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return orjson.loads(value)
        return [item.strip() for item in value.split(",") if item.strip()]

    @field_validator("cors_origins")
    @classmethod
    def _no_wildcard(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if "*" in origin or not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise ValueError(
                    f"{origin!r} is no origin: name each as scheme://host; `*` is refused with credentials"
                )
        return origins


def _origin(url: str) -> str:
    """Scheme, host and port of a URL as browsers write them. ValueError when it has none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError(f"{url!r} is no address of a frontend: https://host or http://host:port")
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")
