"""Settings of the letters service."""

from pydantic import Field
from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What letters needs beside what every service needs."""

    system_id: str = Field(
        "quill",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="The middle part of every composition_uid; keep it for the life of the deployment",
    )
