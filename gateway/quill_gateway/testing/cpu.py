"""`python -m quill_gateway.testing.cpu`: the gateway's own CPU time per request, and its memory.

Services and client share this process, so only the gateway's share is counted.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from quill_common.identity import ensure_service_keys

from quill_gateway.testing.doubles import FakeAuth, FakeService

_CONNECTIONS = 32
_TICKS = os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


_PORT = _free_port()


async def main(requests: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ensure_service_keys(Path(folder))
        auth, orgs = FakeAuth(Path(folder) / "keys"), FakeService("orgs")
        await auth.start()
        await orgs.start()
        gateway = await _start_gateway(Path(folder), auth, orgs)
        try:
            await _measure(gateway.pid, requests, auth, orgs)
        finally:
            gateway.terminate()
            await gateway.wait()
            await orgs.stop()
            await auth.stop()


async def _start_gateway(folder: Path, auth: FakeAuth, orgs: FakeService) -> asyncio.subprocess.Process:
    environment = os.environ | {
        "QUILL_DATA_DIR": str(folder),
        "QUILL_PORT": str(_PORT),
        "QUILL_AUTH_URL": auth.url,
        "QUILL_ORGS_URL": orgs.url,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "quill_gateway", env=environment, stdout=asyncio.subprocess.DEVNULL
    )


async def _measure(pid: int, requests: int, auth: FakeAuth, orgs: FakeService) -> None:
    person = auth.sign_in()
    path = "/api/organizations"
    lines = [f"Host: gateway\r\nCookie: {person.cookie}; other=value\r\nUser-Agent: measure\r\nAccept: */*"]
    read = f"GET {path} HTTP/1.1\r\n{lines[0]}\r\n\r\n".encode()
    body = json.dumps({"name": "Ward"}).encode()
    write = (
        f"POST {path} HTTP/1.1\r\n{lines[0]}\r\nX-CSRF-Token: {person.csrf}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    refused = f"GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode()
    async with aiohttp.ClientSession() as session:
        await _wait_until_ready(session)
    for name, request in (("GET", read), ("POST", write), ("GET without cookie", refused)):
        await _load(request, 500)
        orgs.received.clear()
        cpu, started = _cpu_seconds(pid), time.perf_counter()
        await _load(request, requests)
        used, elapsed = _cpu_seconds(pid) - cpu, time.perf_counter() - started
        each, rate = used / requests * 1000, requests / elapsed
        sys.stdout.write(f"{name:20} {each:.3f} ms CPU a request, {rate:.0f} requests a second\n")
    sys.stdout.write(f"{_resident_mib(pid):.0f} MiB resident\n")


async def _wait_until_ready(session: aiohttp.ClientSession) -> None:
    for _ in range(200):
        try:
            async with session.get(f"http://127.0.0.1:{_PORT}/health/ready") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientConnectorError:
            pass
        await asyncio.sleep(0.05)
    raise RuntimeError("the gateway did not become ready")


async def _load(request: bytes, requests: int) -> None:
    await asyncio.gather(*(_connection(request, requests // _CONNECTIONS) for _ in range(_CONNECTIONS)))


async def _connection(request: bytes, times: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", _PORT)
    for _ in range(times):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()


def _resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 6400))
