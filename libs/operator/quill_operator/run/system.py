"""The five services and the gateway as processes, watched until someone ends them."""

import asyncio
from collections.abc import Mapping
from typing import Final

from quill_common.embedded import EmbeddedPostgres
from quill_common.topology import SERVICES, Service

from quill_operator import run_file
from quill_operator.run.child import Child, environment_of_children
from quill_operator.run.output import Output
from quill_operator.run.ports import Ports
from quill_operator.settings import OperatorSettings

GATEWAY: Final = "gateway"
_LOOK_SECONDS: Final = 0.5


class System:
    """All processes of one `quill run`."""

    def __init__(
        self,
        settings: OperatorSettings,
        port: int,
        ports: Ports,
        database_urls: Mapping[Service, str],
        administrator: Mapping[str, str],
        output: Output,
    ) -> None:
        self._folder = settings.folder
        self._output = output
        at: dict[str, int] = {service: ports.reserve() for service in SERVICES}
        shared = _shared_settings(settings, at)
        self.services = []
        for service in SERVICES:
            own = {"QUILL_DATABASE_URL": database_urls[service], **(administrator if service == "auth" else {})}
            self.services.append(Child(service, at[service], environment_of_children(shared | own), output))
        self.gateway = Child(GATEWAY, port, environment_of_children(shared), output)

    async def keep_running(self, server: EmbeddedPostgres | None) -> None:
        """Run until cancelled. Raises CannotStartError when a process refuses its settings."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for child in (*self.services, self.gateway):
                    tasks.create_task(child.keep_running(self._note_processes))
                if server is not None:
                    tasks.create_task(self._keep_database(server))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed

    async def stop(self) -> None:
        """The gateway first, so that nobody is let in to what is closing; then the services, side by side."""
        await self.gateway.stop()
        await asyncio.gather(*(child.stop() for child in self.services))
        run_file.remove(self._folder)

    async def kill(self) -> None:
        """End all processes at once."""
        await asyncio.gather(*(child.kill() for child in (self.gateway, *self.services)))
        run_file.remove(self._folder)

    def _note_processes(self) -> None:
        processes: dict[str, run_file.Running] = {
            child.name: {"pid": child.process.pid, "url": child.url}
            for child in (self.gateway, *self.services)
            if child.process is not None
        }
        run_file.write(self._folder, processes)

    async def _keep_database(self, server: EmbeddedPostgres) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if not server.is_running():
                self._output.line("quill", "PostgreSQL ended; starting it again")
                # On this thread: the kernel ends a child with the thread that started it.
                server.start()


def _shared_settings(settings: OperatorSettings, at: Mapping[str, int]) -> dict[str, str]:
    return {
        "QUILL_DATA_DIR": str(settings.folder),
        "QUILL_LOG_FORMAT": settings.log_format if "log_format" in settings.model_fields_set else "console",
        "BACKEND_ENV": settings.environment,
        "SECURE_COOKIES": "false" if settings.is_development else "true",
        **{f"QUILL_{service.upper()}_URL": f"http://127.0.0.1:{port}" for service, port in at.items()},
    }
