"""Hand a mail to a mail server."""

import asyncio
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import Enum, auto
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from quill_common.mail.failures import NotDelivered, Undeliverable

ANSWER_SECONDS: Final = 20.0
WHOLE_SECONDS: Final = 60.0


class Security(Enum):
    """How the way to the server is kept. No "if it can": who sits in between would see to it that it cannot."""

    TLS = auto()
    STARTTLS = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server; `ca` is a file of the authorities to believe instead of the system's."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None

    async def send(self, message: EmailMessage) -> None:
        """Give up what the server refuses for good (5yz to sender, recipient or text); all else may pass another time.

        A refused sign-in counts as for now: it says that the settings are wrong, not the mail.
        """
        try:
            async with asyncio.timeout(WHOLE_SECONDS), self._client() as client:
                await client.send_message(message)
        except (SMTPSenderRefused, SMTPDataError) as problem:
            raise _refusal(problem.code) from problem
        except SMTPRecipientsRefused as problem:
            raise _refusal(min(each.code for each in problem.recipients)) from problem
        except SMTPNotSupported as problem:
            raise Undeliverable("address needs SMTPUTF8") from problem
        except SMTPResponseException as problem:
            raise NotDelivered(f"smtp {problem.code}") from problem
        except (SMTPException, OSError, TimeoutError, ssl.SSLError) as problem:
            raise NotDelivered(type(problem.__cause__ or problem).__name__) from problem

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            timeout=ANSWER_SECONDS,
            use_tls=self.security is Security.TLS,
            start_tls=self.security is Security.STARTTLS,
            validate_certs=True,
            cert_bundle=self.ca,
        )


def _refusal(code: int) -> NotDelivered:
    return Undeliverable(f"smtp {code}") if code >= 500 else NotDelivered(f"smtp {code}")
