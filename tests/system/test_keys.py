"""New signing keys while people work: nobody is signed out, except where that was asked for."""

import asyncio
import secrets
from collections import Counter
from pathlib import Path

import pytest
from quill_common.topology import SERVICES
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import PASSWORD, Ward, account, good, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

Seen = Counter[tuple[str, int]]


async def _work(visitor: Visitor, w: Ward, stop: asyncio.Event) -> Seen:
    """Read, change and renew the session until told to stop; how often each was answered how."""
    seen: Seen = Counter()
    path = f"/api/patients/{w.patient_id}/letters"
    letter = {"title": "Note", "body": "No change."}
    while not stop.is_set():
        for method, where, body in (
            ("GET", path, None),
            ("GET", f"/api/patients/{w.patient_id}", None),
            ("POST", path, letter),
            ("POST", "/api/auth/refresh", None),
            ("GET", "/api/auth/me", None),
        ):
            seen[f"{method} {where}", (await visitor.call(method, where, body)).status_code] += 1
    return seen


async def _command(system: RunningSystem, *words: str) -> str:
    done = await asyncio.to_thread(system.command, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_nobody_notices_a_rotation(system: RunningSystem) -> None:
    w = await ward(system)
    user_id, username = await account(w.admin)
    await good(await w.admin.call("POST", f"/api/organizations/{w.organisation}/staff", {"user_id": user_id}))
    stop = asyncio.Event()
    people = [w.clinician, await system.visitor(username, PASSWORD), await system.visitor(username, PASSWORD)]
    working = [asyncio.create_task(_work(visitor, w, stop)) for visitor in people]
    for words in (["--now"], ["--purpose", "access"], ["--now", "--purpose", "csrf"], ["--now"]):
        shown = await _command(system, "keys", "rotate", *words)
        assert shown.count("signing") == 3
    stop.set()
    seen: Seen = sum(await asyncio.gather(*working), Counter())
    assert {status for _, status in seen} == {200}, seen
    assert min(seen.values()) > len(people)
    told = await _command(system, "keys", "list")
    assert told.count("signing") == 3
    assert told.count("verifying") >= 6


async def test_processes_that_were_away_during_a_rotation_believe_the_new_keys(system: RunningSystem) -> None:
    w = await ward(system)
    killed = {name: system.kill(name) for name in ("gateway", "letters")}
    await _command(system, "keys", "rotate", "--now")
    for name, pid in killed.items():
        await asyncio.to_thread(system.wait_until_replaced, name, pid)
    path = f"/api/patients/{w.patient_id}/letters"
    assert (await w.clinician.call("GET", path)).status_code == 200
    assert (await w.clinician.call("POST", "/api/auth/refresh")).status_code == 200
    assert (await w.clinician.call("GET", path)).status_code == 200
    newcomer = await system.visitor((await account(w.admin))[1], PASSWORD)
    assert (await newcomer.call("GET", "/api/auth/me")).status_code == 200


async def test_after_a_compromise_everybody_is_signed_out_within_seconds(system: RunningSystem) -> None:
    admin = await system.visitor()
    username = (await account(admin))[1]
    visitor = await system.visitor(username, PASSWORD)
    assert (await visitor.call("GET", "/api/auth/me")).status_code == 200
    assert (await asyncio.to_thread(system.command, "keys", "rotate", "--now", "--revoke-old")).returncode == 1
    assert (await visitor.call("GET", "/api/auth/me")).status_code == 200
    shown = await _command(system, "keys", "rotate", "--now", "--revoke-old", "--yes")
    assert (shown.count("signing"), shown.count("verifying")) == (3, 0)
    async with asyncio.timeout(60):
        while (await visitor.call("GET", "/api/auth/me")).status_code != 401:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
    assert (await visitor.call("POST", "/api/auth/refresh")).status_code == 401
    again = await system.visitor(username, PASSWORD)
    organisation = {"name": f"Ward {secrets.token_hex(4)}", "type": "hospital_team"}
    await good(await (await system.visitor()).call("POST", "/api/organizations", organisation))
    assert (await again.call("GET", "/api/auth/me")).status_code == 200


def test_private_keys_are_where_nobody_else_looks(system: RunningSystem) -> None:
    keys = system.directory / "data" / "keys"
    assert _modes(keys / "auth", "*.pem") == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (keys / "auth", *(keys / "auth").iterdir()) if path.is_dir()} == {
        0o700
    }
    assert _modes(keys / "services", "*.pem") == {0o600}
    log = system.log(100_000)
    for path in (keys / "auth").rglob("*.pem"):
        assert not any(line in log for line in path.read_text().splitlines() if not line.startswith("-----"))
    assert set(SERVICES) <= {path.stem for path in (keys / "services").glob("*.pem")}


def _modes(folder: Path, pattern: str) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.rglob(pattern)}
