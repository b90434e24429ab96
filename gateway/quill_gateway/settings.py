"""What the gateway needs to know beside what every process does."""

from typing import Annotated, Any

import orjson
from pydantic import Field, IPvAnyNetwork, field_validator
from pydantic_settings import NoDecode
from quill_common.settings import CommonSettings


class GatewaySettings(CommonSettings):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)

    cors_origins: Annotated[list[str], NoDecode] = Field([], validation_alias="CORS_ORIGINS")
    trusted_proxies: Annotated[list[IPvAnyNetwork], NoDecode] = Field(
        [], description="Networks whose X-Forwarded-For is believed"
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
