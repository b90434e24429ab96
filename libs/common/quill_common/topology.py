"""The services of Quill, where they listen by default, and who projects from whom."""

from typing import Final, Literal, get_args

Service = Literal["auth", "orgs", "patients", "letters", "messaging"]

SERVICES: Final[tuple[Service, ...]] = get_args(Service)

DEFAULT_PORTS: Final[dict[Service, int]] = {
    "auth": 8101,
    "orgs": 8102,
    "patients": 8103,
    "letters": 8104,
    "messaging": 8105,
}

# The access projection of every service is fed by these three; a write of theirs waits for all the others.
ACCESS_SOURCES: Final[tuple[Service, ...]] = ("auth", "orgs", "patients")


def sources_of(service: Service) -> tuple[Service, ...]:
    """The services whose feeds `service` follows."""
    return tuple(source for source in ACCESS_SOURCES if source != service)


def dependants_of(source: Service) -> tuple[Service, ...]:
    """The services that must have caught up before a write of `source` is in force everywhere."""
    return tuple(service for service in SERVICES if source in sources_of(service))
