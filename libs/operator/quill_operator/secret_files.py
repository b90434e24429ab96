"""Passwords that Quill makes itself, each in a file that only its owner can read."""

import os
import secrets
from pathlib import Path


def password(folder: Path, name: str) -> str:
    """The password called `name`, made on first use. Safe when two processes ask at once."""
    directory = folder / "secrets"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{name}.password"
    if not path.exists():
        _create(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def _create(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    try:
        os.link(temporary, path)  # refuses an existing name: of two processes one wins
    except FileExistsError:
        return
    finally:
        temporary.unlink()
