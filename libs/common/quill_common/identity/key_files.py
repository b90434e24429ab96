"""Private keys and published documents as files that several processes may create at the same moment."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from quill_common.identity.errors import KeysUnavailable

SECRET_KEY_BYTES: Final = 32


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Raises KeysUnavailable naming the file when it is missing, unreadable or of another kind."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as problem:
        raise KeysUnavailable(f"No private key in {path}") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysUnavailable(f"{path} holds no Ed25519 key")
    return key


def create_private_key(path: Path) -> None:
    """Create a new key at `path`, readable by its owner alone; leave a file that is already there."""
    _create(path, Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def load_secret_key(path: Path) -> bytes:
    """The 32 bytes of a symmetric key. Raises KeysUnavailable naming the file when it is missing or damaged."""
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as problem:
        raise KeysUnavailable(f"No secret key in {path}") from problem
    if len(key) != SECRET_KEY_BYTES:
        raise KeysUnavailable(f"{path} holds no key of {SECRET_KEY_BYTES} bytes")
    return key


def create_secret_key(path: Path) -> None:
    """Create a new symmetric key at `path`, readable by its owner alone; leave a file that is already there."""
    _create(path, secrets.token_bytes(SECRET_KEY_BYTES).hex().encode() + b"\n")


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step, readable by its owner alone."""
    with _temporary(path, content) as temporary:
        os.replace(temporary, path)
    _keep_names(path.parent)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Create `directory` (0700) if needed and hold its lock against other processes and threads."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _create(path: Path, content: bytes) -> None:
    with _temporary(path, content) as temporary:
        # link() refuses an existing name: of two processes one wins, and no reader ever sees half a key.
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    _keep_names(path.parent)


def _keep_names(directory: Path) -> None:
    """Have new names outlive a loss of power: what a key encrypted is in the database by then, and lost without it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _temporary(path: Path, content: bytes) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
