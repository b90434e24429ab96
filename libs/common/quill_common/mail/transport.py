"""Where mails go: a mail server, or files of a directory in development."""

from email.message import EmailMessage
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from quill_common.mail.files import MailFolder
from quill_common.mail.smtp import MailServer, Security

__all__ = ["MailFolder", "MailServer", "Transport", "transport_of"]

_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}
_STARTTLS = {"required": Security.STARTTLS, "off": Security.NONE}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Transport(Protocol):
    """Hands one mail over."""

    async def send(self, message: EmailMessage) -> None:
        """Return when the other side has taken it. Raises Undeliverable (for good) or NotDelivered (for now)."""


def transport_of(url: str) -> Transport:
    """What `QUILL_MAIL_URL` says. Raises ValueError with a reason that repeats no part of it.

    `smtp://` demands STARTTLS unless it ends in `?starttls=off`; `smtps://` is TLS from the first byte. Certificates
    are verified, against `?ca=<file>` where that is given.
    """
    scheme, colon, rest = url.partition(":")
    if colon and scheme == "file":
        return MailFolder.at(rest)
    if scheme not in ("smtp", "smtps"):
        raise ValueError("must begin with file:, smtp:// or smtps://")
    parts = urlsplit(url)
    if not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("must name a host and nothing after it, as smtp://mail.example.org:587")
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return _server(parts, options)


def _server(parts: SplitResult, options: dict[str, str]) -> MailServer:
    ca = options.pop("ca", None)
    starttls = options.pop("starttls", "required")
    if options or starttls not in _STARTTLS:
        raise ValueError("takes no options but ca=<file> and starttls=required or starttls=off")
    security = Security.TLS if parts.scheme == "smtps" else _STARTTLS[starttls]
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    host = parts.hostname or ""
    if username is not None and security is Security.NONE and host not in _LOOPBACK:
        raise ValueError("would send the password in the clear: leave starttls=off out")
    return MailServer(host, _port(parts) or _PORTS[security], security, username, password, ca)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:  # its words repeat what stands there, which may be a part of the password
        raise ValueError("must have a number for its port, and `#` or `/` in a password as %23 or %2F") from None
