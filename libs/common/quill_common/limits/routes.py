"""Limits of a route, declared as its first dependencies: `dependencies=[Depends(PerAddress("login"))]`.

They run before the body is looked at, and hold no connection of the request while they count.
"""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from quill_common.http.address import client_address
from quill_common.http.callers import claims_while_setting_up
from quill_common.http.work import work_of
from quill_common.limits.keys import network_of


class RouteLimit:
    """A limit by its name in the settings: `limit_login` is `login`."""

    def __init__(self, name: str) -> None:
        self.name = name


class PerAddress(RouteLimit):
    """So many requests from one address, good or bad; comes before 401 and 422."""

    async def __call__(self, request: Request) -> None:
        await work_of(request).parts.limits.count(self.name, f"address/{network_of(client_address(request))}")


class PerCaller(RouteLimit):
    """So many requests of one signed-in user, whatever the session; without a good token a 401, and none counts."""

    async def __call__(self, request: Request) -> None:
        claims = await claims_while_setting_up(request)
        await work_of(request).parts.limits.count(self.name, f"user/{claims.user_id}")


def check_names(routers: Iterable[APIRouter], known: Iterable[str]) -> None:
    """Raises LookupError when a route names a limit that no setting has."""
    names = frozenset(known)
    for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
        for declared in (dependency.dependency for dependency in route.dependencies):
            if isinstance(declared, RouteLimit) and declared.name not in names:
                raise LookupError(f"{route.path} names the limit {declared.name!r}: there is no such setting")
