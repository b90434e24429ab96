"""Settings of the orgs service."""

from quill_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """What orgs needs beside what every service needs."""
