"""Settings of the messaging service."""

from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What messaging needs beside what every service needs."""
