"""New keys on record, by hand and by the clock."""

from dataclasses import replace
from pathlib import Path

import pytest
from quill_auth.keys import rotation
from quill_auth.keys.rotation import tend
from quill_auth.parts import AuthParts
from quill_auth.testing.scene import Scene
from quill_common.audit.entry import AuditEntry
from quill_common.audit.recorder import AuditRecorder, AuditUnavailable
from quill_common.identity.purposes import PURPOSES
from quill_common.identity.signing_keys import SigningKeys

ALL = {"purposes": list(PURPOSES), "at_once": False, "old_keys_revoked": False}


async def test_new_keys_by_hand(scene: Scene) -> None:
    operator = scene.client("operator")
    assert (await operator.post("/internal/keys/rotate")).status_code == 200
    assert (await operator.post("/internal/keys/rotate?purpose=csrf&now=true")).status_code == 200
    assert (await operator.post("/internal/second-factor/rotate-key")).status_code == 200
    csrf = {"purposes": ["csrf"], "at_once": True, "old_keys_revoked": False}
    for_each = (ALL, csrf, {**csrf, "purposes": ["second factor"]})
    await scene.left(*[await scene.entry("key.rotate", "operator", None, details=each) for each in for_each])


async def test_new_keys_by_the_clock_also_when_they_cannot_be_recorded_at_first(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now: list[float] = [1_800_000_000.0]
    refused: list[AuditEntry] = []
    keys = SigningKeys(tmp_path, lambda: now[0])
    auth = replace(AuthParts.of(scene.kit.parts.settings, keys))
    record = AuditRecorder.record

    async def first_in_vain(recorder: AuditRecorder, entry: AuditEntry) -> None:
        if not refused:
            refused.append(entry)
            raise AuditUnavailable
        await record(recorder, entry)

    monkeypatch.setattr(AuditRecorder, "record", first_in_vain)
    monkeypatch.setattr(rotation, "RECORD_AGAIN_SECONDS", 0.0)
    now[0] += 91 * 86_400
    await tend(auth, scene.kit.parts.audit)
    found = (await scene.kit.audited())[scene.seen :]
    made = {f"key/{state.kid}" for ring in auth.keys.rings.values() for state in ring.states() if state.state == "next"}
    assert {entry["target"] for entry in found} == made
    assert [entry["details"] for entry in found] == [{**ALL, "purposes": [purpose]} for purpose in PURPOSES]
    assert {(entry["action"], entry["actor_service"]) for entry in found} == {("key.rotate", "auth")}
    assert len(refused) == 1
