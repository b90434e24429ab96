"""Settings of the messaging service."""

from pydantic import Field
from quill_common.fhir.http_settings import FhirServerSettings
from quill_common.limits.notation import Limit
from quill_common.settings import ServiceSettings


class Settings(FhirServerSettings, ServiceSettings):
    """What messaging needs beside what every service needs."""

    limit_push_subscribe: Limit = Field("10 per 1 minute", description="by user (contract 1.6)")
