"""Where a FHIR server stands that a site has already, and how it is spoken to."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, AnyHttpUrl, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)")
_OURS: Final = frozenset({"accept", "cache-control", "content-length", "content-type", "host", "if-match", "prefer"})


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _plain_base(url: AnyHttpUrl | None) -> AnyHttpUrl | None:
    if url is not None and (url.username or url.password or url.query or url.fragment):
        raise ValueError("must be a base address without user, query or fragment; credentials go into a header")
    return url


def _one_header(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        found = _HEADER.fullmatch(value.get_secret_value().strip())
        if found is None or found[1].lower() in _OURS:
            raise ValueError("must be one header, as in `Authorization: Bearer ...`")
    return value


class FhirServerSettings(BaseSettings):
    """A mixin for services that keep FHIR resources. Without an address they keep them in their own schema."""

    model_config = SettingsConfigDict(env_prefix="QUILL_", extra="ignore", populate_by_name=True)

    fhir_server_url: Annotated[AnyHttpUrl | None, BeforeValidator(_blank_is_absent), AfterValidator(_plain_base)] = (
        Field(None, validation_alias="FHIR_SERVER_URL", description="Base address of a FHIR R4 server")
    )
    fhir_server_header: Annotated[SecretStr | None, BeforeValidator(_blank_is_absent), AfterValidator(_one_header)] = (
        Field(None, description="Sent with every call: `Authorization: Bearer ...`")
    )
    fhir_server_seconds: float = Field(5.0, gt=0, le=10, description="How long one call may take")
    fhir_server_list_seconds: float = Field(15.0, gt=0, description="How long all calls of one list may take")
    fhir_server_calls: int = Field(8, ge=1, le=200, description="Calls at once of one process")

    def fhir_headers(self) -> dict[str, str]:
        """The configured header, if there is one."""
        if self.fhir_server_header is None:
            return {}
        name, _, value = self.fhir_server_header.get_secret_value().partition(":")
        return {name.strip(): value.strip()}
