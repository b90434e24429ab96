"""Where mails go, and that the way there is kept."""

import asyncio
import ssl
import stat
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError
from quill_common.mail.failures import NotDelivered, Undeliverable
from quill_common.mail.message import ToSend, message_of, sender_address
from quill_common.mail.settings import MailSettings
from quill_common.mail.transport import MailFolder, MailServer, transport_of

from .conftest import Server, listening

LINK = "http://localhost/reset-password?token=" + "x" * 43
MAIL = ToSend(
    UUID("11111111-1111-4111-8111-111111111111"),
    "ada@example.org",
    "Hello",
    f"A link:\n\n{LINK}\n",
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    1,
    False,
)


@pytest.fixture
def message() -> EmailMessage:
    return message_of(MAIL, sender_address("Quill für Ärzte <quill@example.org>"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    return made


async def test_starttls_with_a_certificate_that_is_believed(
    message: EmailMessage, certificate: Path, context: ssl.SSLContext
) -> None:
    async with listening(Server(), context) as server:
        url = f"smtp://localhost:{server.port}?ca={certificate / 'certificate.pem'}"
        await transport_of(url).send(message)
    assert server.over_tls == [True]
    assert LINK in server.taken[0].as_string()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_certificate_of_nobody_known_or_of_another_host_is_refused(
    message: EmailMessage, certificate: Path, context: ssl.SSLContext, host: str
) -> None:
    ca = "" if host == "localhost" else f"?ca={certificate / 'certificate.pem'}"
    async with listening(Server(), context) as server:
        with pytest.raises(NotDelivered) as refused:
            await transport_of(f"smtp://{host}:{server.port}{ca}").send(message)
    assert not isinstance(refused.value, Undeliverable)
    assert server.taken == []


async def test_a_server_without_tls_gets_nothing_unless_that_was_asked_for(
    message: EmailMessage, server: Server
) -> None:
    with pytest.raises(NotDelivered):
        await transport_of(f"smtp://127.0.0.1:{server.port}").send(message)
    assert server.taken == []
    await transport_of(server.url).send(message)
    assert len(server.taken) == 1


async def test_tls_from_the_first_byte_never_becomes_plain(message: EmailMessage) -> None:
    heard: list[bytes] = []
    over = asyncio.Event()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 localhost ready\r\n")
        heard.append(await reader.read())
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(NotDelivered):
            await transport_of(f"smtps://127.0.0.1:{port}").send(message)
        await over.wait()
    assert heard[0].startswith(b"\x16\x03\x01")  # the beginning of a TLS handshake
    assert b"Hello" not in heard[0]


async def test_a_refused_sign_in_is_no_fault_of_the_mail(message: EmailMessage) -> None:
    heard: list[bytes] = []
    over = asyncio.Event()
    answers = {b"EHLO": b"250-localhost\r\n250 AUTH PLAIN\r\n", b"AUTH": b"535 5.7.8 no\r\n", b"QUIT": b"221 bye\r\n"}

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 localhost ready\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(answers[line[:4].strip()])
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(refusing, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(NotDelivered) as refused:
            await transport_of(f"smtp://quill:p%40ss%2Fword@127.0.0.1:{port}?starttls=off").send(message)
        await over.wait()
    assert (refused.value.reason, isinstance(refused.value, Undeliverable)) == ("smtp 535", False)
    assert b64encode(b"\0quill\0p@ss/word") in b"".join(heard)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail",
        "file:",
        "http://mail.example.org",
        "smtp://",
        "smtp:mail.example.org",
        "smtp://mail.example.org:x",
        "smtp://quill:secret#1@mail.example.org",
        "smtp://quill:secret/1@mail.example.org",
        "smtp://mail.example.org/inbox",
        "smtp://mail.example.org?starttls=maybe",
        "smtp://mail.example.org?verify=off",
        "smtp://quill:secret@mail.example.org?starttls=off",
    ],
)
def test_an_address_of_no_mail_server_is_refused_at_the_start_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(?!.*secret)"):
        transport_of(url)


def test_ports_and_security_follow_from_the_address() -> None:
    found = [transport_of(f"{url}//quill:secret@mail.example.org") for url in ("smtp:", "smtps:")]
    assert [(each.port, each.security.name) for each in found if isinstance(each, MailServer)] == [
        (587, "STARTTLS"),
        (465, "TLS"),
    ]
    assert "secret" not in repr(found)


async def test_mails_become_files_that_only_the_owner_reads(message: EmailMessage, tmp_path: Path) -> None:
    folder = MailFolder.at(f"//{tmp_path / 'data' / 'mail'}")
    await folder.send(message)
    await folder.send(message)  # again, as after a crash
    [file] = folder.folder.iterdir()
    assert file.name == "20260102T030405-11111111-1111-4111-8111-111111111111.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.folder.stat().st_mode) == 0o700
    read = message_from_bytes(file.read_bytes(), policy=default)
    assert (str(read["From"]), read["To"], read["Subject"]) == (
        "Quill für Ärzte <quill@example.org>",
        "ada@example.org",
        "Hello",
    )
    assert LINK.encode() in file.read_bytes()  # whole, for those who only look


async def test_a_directory_that_cannot_be_written_is_no_reason_to_forget_the_mail(
    message: EmailMessage, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(NotDelivered):
        await MailFolder(tmp_path / "mail").send(message)


def test_without_a_setting_mails_go_into_the_data_directory(tmp_path: Path) -> None:
    settings = MailSettings(database_url="postgresql://unused", data_dir=tmp_path)
    assert settings.mail_transport() == MailFolder(tmp_path / "mail")
    assert not settings.mails_leave
    assert settings.frontend_page("/reset-password") == "http://localhost/reset-password"


@pytest.mark.parametrize("sender", ["", "Quill", "Quill <quill>", "Q\nBcc: eve@example.org <quill@example.org>"])
def test_a_sender_that_is_no_address_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(ValidationError):
        MailSettings(database_url="postgresql://unused", mail_sender=sender)
