"""Settings of the orgs service."""

from pydantic import Field
from quill_common.limits.notation import Limit
from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What orgs needs beside what every service needs."""

    limit_accept_invite: Limit = Field("5 per 1 minute", description="by address (contract 1.6)")
