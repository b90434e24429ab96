"""How a service that sends mail is told to."""

from pydantic import AnyHttpUrl, Field, field_validator

from quill_common.mail.message import sender_address
from quill_common.mail.transport import MailServer, Transport, transport_of
from quill_common.settings import ServiceSettings


class MailSettings(ServiceSettings):
    """Base of the settings of services that send mail."""

    mail_url: str | None = Field(
        None,
        repr=False,
        description="`file:<directory>`, `smtp://user:password@host:port` or `smtps:`; else `file:<data dir>/mail`",
    )
    mail_sender: str = Field("Quill <quill@localhost>", description="Who the mails are from")
    frontend_url: AnyHttpUrl = Field(
        AnyHttpUrl("http://localhost"), validation_alias="FRONTEND_URL", description="Links in mails begin with it"
    )

    @field_validator("mail_url", mode="before")
    @classmethod
    def _blank_is_absent(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    @field_validator("mail_sender")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        sender_address(value)
        return value

    @field_validator("mail_url")
    @classmethod
    def _is_somewhere(cls, value: str | None) -> str | None:
        if value is not None:
            transport_of(value)
        return value

    def mail_transport(self) -> Transport:
        """Where mails go."""
        return transport_of(self.mail_url or f"file:{self.data_dir / 'mail'}")

    @property
    def mails_leave(self) -> bool:
        """Whether mails go to a server, and not into files."""
        return isinstance(self.mail_transport(), MailServer)

    def frontend_page(self, path: str) -> str:
        """The address of a page of the frontend; `path` begins with a slash."""
        return str(self.frontend_url).rstrip("/") + path
