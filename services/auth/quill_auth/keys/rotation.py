"""New signing keys in time, and the end of old ones."""

import asyncio
from collections.abc import Sequence
from typing import Final

from quill_common.audit.entry import AuditEntry
from quill_common.audit.recorder import AuditRecorder, AuditUnavailable
from quill_common.identity.key_ring import KeyState
from quill_common.identity.purposes import PURPOSES, Purpose
from quill_common.log import get_logger

from quill_auth.parts import AuthParts
from quill_auth.settings import Settings

LOOK_SECONDS: Final = 3600.0
RECORD_AGAIN_SECONDS: Final = 5.0
_DAY_SECONDS: Final = 86_400.0

States = dict[Purpose, list[KeyState]]


async def keep_rotating(auth: AuthParts, audit: AuditRecorder) -> None:
    """Look after the keys every hour until cancelled. Raises KeysUnavailable."""
    while True:
        await tend(auth, audit)
        await asyncio.sleep(LOOK_SECONDS)


async def tend(auth: AuthParts, audit: AuditRecorder) -> None:
    """Make successors of keys that are old, and remove keys whose tokens are all dead; new keys are put on record."""
    rotate_after = auth.settings.key_rotation_days * _DAY_SECONDS
    for purpose, ring in auth.keys.rings.items():
        # In a thread: another process may hold the lock, and files are synced.
        for kid in await asyncio.to_thread(ring.tend, rotate_after, _lifetime(auth.settings, purpose)):
            get_logger().info("signing key made", purpose=purpose, kid=kid)
            details = {"purposes": [purpose], "at_once": False, "old_keys_revoked": False}
            await _record(audit, AuditEntry("key.rotate", actor_service="auth", target=f"key/{kid}", details=details))


async def rotate(auth: AuthParts, purposes: Sequence[Purpose], *, at_once: bool, revoke_old: bool) -> States:
    """Make new keys by hand. `revoke_old` removes all others, and with them every token they signed."""
    for purpose in purposes:
        ring = auth.keys.rings[purpose]
        if revoke_old:
            kid = await asyncio.to_thread(ring.replace_all)
        else:
            kid = await asyncio.to_thread(ring.rotate, at_once=at_once)
        get_logger().warning("signing key made by hand", purpose=purpose, kid=kid, old_keys_revoked=revoke_old)
    return await states(auth)


async def states(auth: AuthParts) -> States:
    """Every key as it stands now."""
    return {purpose: await asyncio.to_thread(auth.keys.rings[purpose].states) for purpose in PURPOSES}


async def _record(audit: AuditRecorder, entry: AuditEntry) -> None:
    """Until it is there: the key is made, and will not be made again."""
    while True:
        try:
            return await audit.record(entry)
        except AuditUnavailable:
            await asyncio.sleep(RECORD_AGAIN_SECONDS)


def _lifetime(settings: Settings, purpose: Purpose) -> float:
    """Of a token. CSRF tokens live as long as the refresh tokens they come with."""
    return settings.access_seconds if purpose == "access" else settings.refresh_seconds
