"""What the operator's commands take from the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from quill_common.settings import CommonSettings


class OperatorSettings(CommonSettings):
    """`database_url` is the URL of the owner of the database; without it the embedded PostgreSQL is used."""

    database_url: str | None = None
    port: int = Field(8080, ge=0, le=65535, description="Where the gateway listens; 0 for any free port")
    demo: Literal["on", "off"] = "off"
    admin_username: str | None = None
    admin_email: str | None = None
    admin_password: str | None = None

    @property
    def folder(self) -> Path:
        """The data directory, absolute."""
        return self.data_dir.expanduser().absolute()
