"""Wait until those who have yet to hear of what came in are level."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, cast

from quill_common.topology import SERVICES, Service, dependants_of

from quill_operator.fhir_import.services import ServiceFailed, Services

TRIES: Final = 1200
# What an import makes known: patients tell that they exist, orgs of which organisation they are.
_TELLING: Final[tuple[Service, ...]] = ("patients", "orgs")


class Levels:
    """How far the services are. Tries again a bounded number of times, `pause` seconds apart."""

    def __init__(self, services: Services, pause: float) -> None:
        self._services = services
        self._pause = pause
        self._behind: set[str] = set()

    def behind(self, names: Iterable[str]) -> None:
        """These have said that they have yet to hear of something."""
        self._behind.update(names)

    def wait_for(self, service: Service) -> None:
        """Until `service` has heard of the patients, if it was behind. Raises ServiceFailed."""
        if service in self._behind:
            self._wait(service, ("patients",))
            self._behind.discard(service)

    def wait_for_all(self) -> None:
        """Until every service has heard of everything, and has it in force. Raises ServiceFailed."""
        aside: Counter[Service] = Counter()
        for source in _TELLING:
            for service in SERVICES:
                if service in dependants_of(source):
                    aside[service] += self._wait(service, (source,))
        told = [f"{name} has put {n} events aside: see `quill events parked {name}`" for name, n in (+aside).items()]
        if told:  # no waiting brings these, and they may be of this import
            raise ServiceFailed("; ".join(told))

    def _wait(self, service: Service, sources: Iterable[Service]) -> int:
        """How many events of `sources` could not be applied."""
        for _ in range(TRIES):
            at, _ = self._services.ask(service, "GET", "/internal/projections")
            if all(_is_level(at[source]) for source in sources):
                return sum(at[source]["parked"] for source in sources)
            time.sleep(self._pause)
        raise ServiceFailed(f"{service} is still behind: see `quill projections status {service}`")


def _is_level(at: Any) -> bool:
    return cast(bool, at["behind"] == 0 and at["state"] == "ok")
