"""Where a request came from."""

from fastapi import Request


def client_address(request: Request) -> str:
    """The address that the gateway saw."""
    forwarded = request.headers.get("x-forwarded-for")
    return forwarded or (request.client.host if request.client else "unknown")
