"""The ids of a family's refresh tokens: each follows from the one before.

So every presentation of one token leads to the same successor, and a thief cannot grow a branch of the family that
nobody notices. Knowing an id helps nobody: only auth can sign a token that carries it, and only its hash is stored.
"""

import hashlib
import uuid


def first_token_id() -> str:
    return str(uuid.uuid4())


def successor(token_id: str, generations: int = 1) -> str:
    """The id that comes `generations` after `token_id`."""
    for _ in range(generations):
        digest = hashlib.sha256(b"quill refresh successor/" + token_id.encode()).digest()
        token_id = str(uuid.UUID(bytes=digest[:16]))
    return token_id


def token_hash(token_id: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token_id.encode()).digest()
