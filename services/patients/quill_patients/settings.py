"""Settings of the patients service."""

from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What patients needs beside what every service needs."""
