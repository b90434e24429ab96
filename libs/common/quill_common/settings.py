"""Settings from the environment: typed, and refused at start with a clear message when wrong."""

import sys
from functools import partial
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import AnyHttpUrl, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from quill_common.topology import DEFAULT_PORTS, Service

_peer = partial(Field, description="Where the peer service listens")


def _local(service: Service) -> AnyHttpUrl:
    return AnyHttpUrl(f"http://127.0.0.1:{DEFAULT_PORTS[service]}")


class CommonSettings(BaseSettings):
    """What the gateway and every service need to know. `QUILL_` is the prefix of all but the seeds' names."""

    model_config = SettingsConfigDict(env_prefix="QUILL_", extra="ignore", populate_by_name=True)

    environment: str = Field("development", validation_alias="BACKEND_ENV")
    data_dir: Path = Path(".quill")
    log_format: str = Field("json", pattern="^(json|console)$")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    clinical_services_enabled: bool = Field(True, validation_alias="CLINICAL_SERVICES_ENABLED")

    auth_url: AnyHttpUrl = _peer(_local("auth"))
    orgs_url: AnyHttpUrl = _peer(_local("orgs"))
    patients_url: AnyHttpUrl = _peer(_local("patients"))
    letters_url: AnyHttpUrl = _peer(_local("letters"))
    messaging_url: AnyHttpUrl = _peer(_local("messaging"))

    service_key_file: Path | None = Field(None, description="Private key that signs this process's service tokens")
    service_jwks_file: Path | None = Field(None, description="Public keys of all services")

    @property
    def is_development(self) -> bool:
        return self.environment.lower().startswith("dev")

    def peer_url(self, service: Service) -> str:
        """Base URL of `service`, without a trailing slash."""
        url: AnyHttpUrl = getattr(self, f"{service}_url")
        return str(url).rstrip("/")

    def key_file(self, name: str) -> Path:
        """The private service key of the process called `name` (a service, `gateway` or `operator`)."""
        return self.service_key_file or self.data_dir / "keys" / "services" / f"{name}.pem"

    def jwks_file(self) -> Path:
        return self.service_jwks_file or self.data_dir / "keys" / "services.jwks.json"


class ServiceSettings(CommonSettings):
    """What every service needs beside: its own database role and, optionally, the broker."""

    database_url: str = Field(description="postgresql://role:password@host:port/database of this service's own role")
    database_pool: int = Field(6, ge=1, le=200, description="Connections for reading, and as many for writing")
    amqp_url: str | None = Field(None, description="RabbitMQ; without it services follow each other's feeds")
    amqp_prefix: str = Field("quill", description="Exchange and queues are named after it")
    redis_url: str | None = Field(
        None, pattern=r"^(redis|rediss|unix)://", description="Counts rate limits; without it the database does"
    )
    rate_limits: bool = Field(True, description="`off` switches every rate limit off: for tests and benchmarks")
    catch_up_seconds: float = Field(2.0, gt=0, description="How long a write waits for its dependants")


SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load(kind: type[SettingsT]) -> SettingsT:
    """Read settings from the environment, or end the process naming each one that is missing or wrong."""
    try:
        return kind()
    except ValidationError as problem:
        _refuse(kind, problem)


def _refuse(kind: type[BaseSettings], problem: ValidationError) -> NoReturn:
    prefix = kind.model_config.get("env_prefix", "")
    for error in problem.errors():
        name = str(error["loc"][0])
        shown = name if name.isupper() else f"{prefix}{name}".upper()
        sys.stderr.write(f"Setting {shown}: {error['msg']}\n")
    sys.exit(78)  # EX_CONFIG of sysexits.h
