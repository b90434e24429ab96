"""Make the message that is sent (RFC 5322)."""

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final
from uuid import UUID

LONGEST_LINE: Final = 998  # RFC 5322, 2.1.1


class UnusableMail(Exception):
    """The address or the subject cannot stand in a header."""


@dataclass(frozen=True, slots=True)
class ToSend:
    """A mail that was taken out of the post."""

    id: UUID
    recipient: str
    subject: str
    body: str
    created_at: datetime
    tries: int
    too_late: bool


def sender_address(text: str) -> Address:
    """`Quill <quill@example.org>` or only the address. Raises ValueError."""
    if not text.isprintable():  # `parseaddr` would read a part of it
        raise ValueError("not an address")
    name, address = parseaddr(text)
    return _address(address, name)


def message_of(mail: ToSend, sender: Address) -> EmailMessage:
    """The same message each time, by its Message-ID too: who gets it twice can tell. Raises UnusableMail."""
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = _address(mail.recipient)
        message["Subject"] = mail.subject
    except (ValueError, IndexError, MessageError) as problem:
        raise UnusableMail from problem
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers
    # Links stay whole for those who read the file or the source.
    plain = mail.body.isascii() and all(len(line) <= LONGEST_LINE for line in mail.body.splitlines())
    message.set_content(mail.body, cte="7bit" if plain else "quoted-printable")
    return message


def _address(address: str, name: str = "") -> Address:
    """One address. Line breaks and the like, which would begin a header of their own, are refused by ValueError."""
    if not (address + name).isprintable() or any(character.isspace() for character in address):
        raise ValueError("not an address")
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an address")
    return Address(display_name=name, username=local, domain=_ascii(domain))


def _ascii(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode()
