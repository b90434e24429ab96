"""A burst of sign-ins: who is signed in notices nothing, and who is too many is told to come again."""

import asyncio
import threading
from typing import Any

import pytest
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit

SIGN_INS = 200


async def test_a_burst_of_sign_ins_never_stalls_other_requests(
    kit: ServiceKit, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await people.visitor()
    _, bob = await people.account()
    passwords = kit.app.state.auth.passwords
    matches = passwords._matches
    let_go, threads = threading.Event(), set()

    def held(stored: str, password: str) -> Any:
        threads.add(threading.current_thread().name)
        let_go.wait(60)
        return matches(stored, password)

    monkeypatch.setattr(passwords, "_matches", held)
    queue = kit.parts.settings.password_queue
    burst = [asyncio.create_task(people.login(bob)) for _ in range(SIGN_INS)]
    refused: list[Any] = []
    for answer in asyncio.as_completed(burst):
        refused.append(await answer)
        if len(refused) == SIGN_INS - queue:
            break
    # As many as may wait do, and not one of their hashes is done; everybody else is served meanwhile.
    assert sum(not task.done() for task in burst) == queue
    for _ in range(5):
        assert (await ada.client.get("/api/auth/me")).status_code == 200
    assert (await kit.anonymous.get("/health/live")).status_code == 200
    assert sum(not task.done() for task in burst) == queue
    let_go.set()
    answers = await asyncio.gather(*burst)
    assert sorted(answer.status_code for answer in answers) == [200] * queue + [503] * (SIGN_INS - queue)
    for answer in refused:
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json() == {"detail": "Service temporarily unavailable"}
    assert all(name.startswith("argon2") for name in threads)
    assert len(threads) == kit.parts.settings.password_threads
    assert (await people.login(bob)).status_code == 200
