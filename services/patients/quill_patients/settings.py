"""Settings of the patients service."""

from pydantic import Field
from quill_common.fhir.http_settings import FhirServerSettings
from quill_common.settings import ServiceSettings


class Settings(FhirServerSettings, ServiceSettings):
    """What patients needs beside what every service needs."""

    fhir_server_adopt_seconds: float = Field(
        600.0, gt=0, description="How long between two looks for patients that the FHIR server has and Quill not"
    )
