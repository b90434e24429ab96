"""Settings of the orgs service."""

from pydantic import Field
from quill_common.limits.notation import Limit
from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What orgs needs beside what every service needs."""

    key_rotation_days: int = Field(90, ge=1, le=3650, description="Age at which the key of links gets its successor")

    limit_accept_invite: Limit = Field("5 per 1 minute", description="by address (contract 1.6)")
