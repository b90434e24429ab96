"""A service that is told to stop does so at once, whoever waits at its feed."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

import aiohttp
import pytest
from quill_common.identity.service_keys import ensure_service_keys
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.testing.database import TestDatabase


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_long_poll_is_answered_when_the_service_is_told_to_stop(
    shared_database: TestDatabase, key_directory: Path, number: signal.Signals
) -> None:
    ensure_service_keys(key_directory)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    settings = {"QUILL_DATABASE_URL": shared_database.urls["letters"], "QUILL_DATA_DIR": str(key_directory)}
    arguments = ("-m", "uvicorn", "quill_letters.main:app", "--port", str(port), "--log-level", "warning")
    environment = {**os.environ, **settings, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        tokens = ServiceTokens("orgs", key_directory / "keys" / "services" / "orgs.pem")
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=tokens.headers("letters")) as http:
            await _started(http)
            poll = asyncio.create_task(_poll(http))
            await asyncio.sleep(0.5)
            for _ in range(5):  # what was sent before these has reached the process
                await _started(http)
            began = time.monotonic()
            process.send_signal(number)
            assert await poll == 200
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert time.monotonic() - began < 15  # the poll would have waited for 20
        assert b"Traceback" not in output
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _started(http: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with http.get("/health/live"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def _poll(http: aiohttp.ClientSession) -> int:
    async with http.get("/internal/events", params={"after": "0", "wait": "20"}) as answer:
        return answer.status
