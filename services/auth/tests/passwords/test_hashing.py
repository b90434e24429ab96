"""Hashing passwords."""

import asyncio
import threading

import pytest
from quill_auth.passwords.hashing import Passwords
from quill_common.http.errors import Unavailable


async def test_a_hash_is_argon2id_at_owasp_parameters_and_verifies() -> None:
    passwords = Passwords(threads=1, queue=4)
    stored = await passwords.hash("a quiet Tuesday")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(stored, "a quiet Tuesday")
    assert not await passwords.verify(stored, "a quiet tuesday")
    assert not await passwords.verify(None, "a quiet Tuesday")
    assert not await passwords.verify("no hash at all", "a quiet Tuesday")
    assert not passwords.is_outdated(stored)


async def test_only_the_first_128_characters_never_stand_for_the_whole() -> None:
    passwords = Passwords(threads=1, queue=4)
    stored = await passwords.hash("a" * 128)
    assert await passwords.verify(stored, "a" * 128)
    assert not await passwords.verify(stored, "a" * 129)


async def test_hashing_leaves_the_event_loop_free() -> None:
    passwords = Passwords(threads=1, queue=8)
    seen: list[str] = []
    passwords._hasher = _Noting(seen)  # type: ignore[assignment]  # a stand-in that notes its thread
    await passwords.hash("x")
    assert seen != [threading.current_thread().name]
    assert seen[0].startswith("argon2")


class _Noting:
    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    def hash(self, _: str) -> str:
        self._seen.append(threading.current_thread().name)
        return "hash"


class _Held:
    """A hasher that waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def hash(self, _: str) -> str:
        self.go.wait(60)
        return "hash"


async def test_beyond_its_queue_the_pool_refuses_and_recovers() -> None:
    passwords = Passwords(threads=1, queue=2)
    held = _Held()
    passwords._hasher = held  # type: ignore[assignment]  # a stand-in that can be held
    waiting = [asyncio.create_task(passwords.hash("x")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.hash("x")
    # Who goes away does not free the place of a hash that still runs.
    waiting[0].cancel()
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await passwords.hash("x")
    held.go.set()
    assert await waiting[1] == "hash"
    assert await passwords.hash("x") == "hash"
