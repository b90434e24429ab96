"""A second gateway on the system that all tests of the whole share, and a ward to attack."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from quill_common.testing.private_rabbitmq import free_port
from quill_common.topology import SERVICES
from system.running import RunningSystem
from system.ward import Ward, ward

_READY_SECONDS = 120.0


@pytest.fixture(scope="session")
def second_gateway(system: RunningSystem) -> Iterator[str]:
    """The address of another gateway process in front of the same services."""
    port = free_port()
    processes = system.processes()
    environment = {
        **system.environment,
        "QUILL_PORT": str(port),
        **{f"QUILL_{service.upper()}_URL": processes[service]["url"] for service in SERVICES},
    }
    with (system.directory / "second-gateway.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "quill_gateway"], env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="session")
async def place(system: RunningSystem) -> Ward:
    """A ward that no other folder's tests change."""
    return await ward(system)


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health/ready", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            os.sched_yield()
        time.sleep(0.1)
    raise AssertionError(f"the second gateway was not ready within {_READY_SECONDS} seconds")
