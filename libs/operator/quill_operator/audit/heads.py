"""The heads of all chains as the last verification found them.

Who can write to the database could make a whole new chain; not one that ends as this file remembers.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError
from quill_common.audit.verification import Head

_HEADS: Final = TypeAdapter(dict[str, Head])


class UnreadableHeadsError(Exception):
    """The file is there and says nothing that can be used: it may have been tampered with too."""


def read_heads(path: Path) -> dict[str, Head]:
    """Heads by service; none when nothing was verified yet. Raises UnreadableHeadsError."""
    try:
        return _HEADS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError as problem:
        raise UnreadableHeadsError(f"{path} cannot be understood") from problem


def write_heads(path: Path, heads: dict[str, Head]) -> None:
    """Replace the file as a whole."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_HEADS.dump_json(heads, indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
