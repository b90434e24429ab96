"""`quill run` from its first line to its last."""

import asyncio
import os
import signal
from contextlib import ExitStack, closing
from typing import Any

from quill_common.embedded import EmbeddedPostgres, EmbeddedPostgresError
from quill_common.settings import load

from quill_operator.administrator import administrator
from quill_operator.console import refuse
from quill_operator.data_lock import DataDirectoryInUseError, data_directory
from quill_operator.run.child import CannotStartError
from quill_operator.run.demo import load_demo
from quill_operator.run.output import Output
from quill_operator.run.ports import Ports, PortTakenError
from quill_operator.run.preparation import database, prepare
from quill_operator.run.readiness import NotReadyError, wait_until_ready
from quill_operator.run.system import System
from quill_operator.settings import OperatorSettings

_SECONDS_OF_ONE_WISH = 1.0
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_REFUSALS = (
    CannotStartError,
    DataDirectoryInUseError,
    EmbeddedPostgresError,
    PermissionError,
    PortTakenError,
)


def run() -> None:
    """Run the whole system in the foreground until ctrl-C.

    QUILL_DATA_DIR: where its data live (.quill). QUILL_PORT: where the gateway listens (8080).
    QUILL_DATABASE_URL: a PostgreSQL to use instead of the embedded one, as its owner. QUILL_DEMO=on: demo data.
    """
    settings = load(OperatorSettings)
    output = Output()
    problem: Exception | None = None
    try:
        with ExitStack() as stack:
            stack.enter_context(data_directory(settings.folder))
            ports = stack.enter_context(closing(Ports()))
            port = ports.reserve(settings.port)
            output.text("Starting the database")
            url, server = stack.enter_context(database(settings))
            asyncio.run(_run(settings, port, ports, url, server, output))
    except _REFUSALS as refused:
        problem = refused
    output.text("Stopped")
    printed = output.close()
    try:
        if problem is not None:
            refuse(str(problem))
    finally:
        if not printed:
            # The printing thread waits for a reader and holds stdout's lock: the interpreter's end would wait too.
            os._exit(0 if problem is None else 1)


async def _run(
    settings: OperatorSettings,
    port: int,
    ports: Ports,
    admin_url: str,
    server: EmbeddedPostgres | None,
    output: Output,
) -> None:
    ended = _ending()
    first = administrator(settings)
    preparing = asyncio.create_task(prepare(settings, admin_url, output.text))
    if not await _completes(preparing, ended):
        return
    system = System(settings, port, ports, preparing.result(), first.environment() if first else {}, output)
    running = asyncio.create_task(system.keep_running(server))
    try:
        if await _completes(asyncio.create_task(_welcome(settings, system, output)), ended, running):
            await _completes(running, ended)
    finally:
        output.text("Stopping (again ctrl-C to end at once)")
        await _cancelled(running)
        stopping = asyncio.create_task(system.stop())
        # One wish for the end often arrives twice: timeout(1) and make signal the process and its group.
        await asyncio.wait([stopping], timeout=_SECONDS_OF_ONE_WISH)
        if not await _completes(stopping, _ending()):
            await system.kill()


async def _welcome(settings: OperatorSettings, system: System, output: Output) -> None:
    urls = [child.url for child in system.services]
    try:
        await wait_until_ready(urls, system.gateway.url, clinical=settings.clinical_services_enabled)
    except NotReadyError as problem:
        output.text(f"Quill runs, but not all of it works yet: {problem}\nctrl-C stops it.")
        return
    output.text(f"\nQuill runs at {system.gateway.url}")
    if settings.is_development:
        output.text(f"Its pages of documentation: {system.gateway.url}/api/docs")
    if "QUILL_MAIL_URL" not in os.environ:
        output.text(f"Mails that it sends become files in {settings.folder / 'mail'}")
    first = administrator(settings)
    if settings.demo == "on" and first is not None:
        output.text(await load_demo(settings, system.gateway.url, first))
    output.text("ctrl-C stops it.\n")


def _ending() -> asyncio.Event:
    """Set when someone asks for the end from now on."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in _ENDINGS:
        loop.add_signal_handler(ending, event.set)
    return event


async def _completes(work: asyncio.Task[Any], ended: asyncio.Event, *beside: asyncio.Task[Any]) -> bool:
    """Wait for `work`; False when the end comes first, and then it is cancelled. A failure of any is raised."""
    end = asyncio.create_task(ended.wait())
    done, _ = await asyncio.wait({work, end, *beside}, return_when=asyncio.FIRST_COMPLETED)
    await _cancelled(end)
    if work not in done:
        await _cancelled(work)
    for task in done - {end}:
        task.result()
    return work in done


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])
