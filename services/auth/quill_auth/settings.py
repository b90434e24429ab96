"""Settings of the auth service."""

from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What auth needs beside what every service needs."""
