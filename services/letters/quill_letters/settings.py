"""Settings of the letters service."""

from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What letters needs beside what every service needs."""
