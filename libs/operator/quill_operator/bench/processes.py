"""CPU time and memory of the system's own processes, as the operating system counts them."""

import psutil

from quill_operator.run_file import Running


class Processes:
    """The processes of a run file."""

    def __init__(self, running: dict[str, Running]) -> None:
        self._processes = {name: psutil.Process(entry["pid"]) for name, entry in running.items()}

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time of each so far."""
        return {name: sum(process.cpu_times()[:2]) for name, process in self._processes.items()}

    def memory_mib(self) -> dict[str, float]:
        """Resident memory of each."""
        return {name: process.memory_info().rss / 2**20 for name, process in self._processes.items()}
