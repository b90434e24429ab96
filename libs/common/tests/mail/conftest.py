"""A tiny service that posts mail, and mail servers that do as they are told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.mail.background import send_mail
from quill_common.mail.posting import Mail, post
from quill_common.mail.sender import MailSender
from quill_common.mail.settings import MailSettings
from quill_common.service import create_service
from quill_common.testing.kit import ServiceKit, kit_fixture
from sqlalchemy import text

TAKEN = "250 taken"


def create_app(settings: MailSettings, *, isolated: bool, keys: KeySource | None) -> FastAPI:
    return create_service("letters", settings, [], background=[send_mail], isolated=isolated, keys=keys)


session_kit = kit_fixture("letters", create_app, MailSettings)


@dataclass
class Post:
    """The post of the service under test."""

    kit: ServiceKit

    async def put(self, to: str = "ada@example.org", subject: str = "Hello", words: str = "Good day.\n") -> None:
        async with self.kit.parts.units.open() as unit:
            await post(unit, Mail(to, subject, words))

    def sender(self, url: str, **more: Any) -> MailSender:
        """Another process that sends, to the server at `url`."""
        settings = MailSettings(database_url="postgresql://unused", mail_url=url, **more)
        return MailSender("letters", self.kit.parts.database, settings)

    async def rows(self) -> list[dict[str, Any]]:
        return await self.kit.read("SELECT * FROM outgoing_mail ORDER BY created_at")

    async def be_due(self) -> None:
        """Let all pauses and leases pass."""
        await self.kit.write(text("UPDATE outgoing_mail SET next_try_at = clock_timestamp()"))


@pytest.fixture
def mails(kit: ServiceKit) -> Post:
    return Post(kit)


@dataclass
class Server:
    """A mail server. `answers` are given to the texts one after the other, then `TAKEN`."""

    answers: list[str] = field(default_factory=list)
    to_recipients: dict[str, str] = field(default_factory=dict)
    taken: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    address: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.go_on.set()

    @property
    def url(self) -> str:
        return f"smtp://{self.address}:{self.port}?starttls=off"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to_recipients.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        self.arrived.set()
        await self.go_on.wait()
        answer = self.answers.pop(0) if self.answers else TAKEN
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.taken.append(message_from_bytes(envelope.content))
            self.recipients += envelope.rcpt_tos
            self.over_tls.append(session.ssl is not None)
        return answer


@asynccontextmanager
async def listening(server: Server, context: ssl.SSLContext | None = None, **more: Any) -> AsyncIterator[Server]:
    """`server` at its port, any free one the first time. `context` offers STARTTLS."""

    visits: list[asyncio.Transport] = []

    class Visit(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            visits.append(transport)
            super().connection_made(transport)

    def protocol() -> SMTP:
        return Visit(server, hostname="localhost", tls_context=context, enable_SMTPUTF8=False, **more)

    listener = await asyncio.get_running_loop().create_server(protocol, server.address, server.port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()
        for visit in visits:
            if not visit.is_closing():
                visit.abort()
        await asyncio.sleep(0.01)  # a transport closes its socket in one of the next rounds


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with listening(Server()) as running:
        yield running
