"""The version that a change is made from, as the client names it."""

from typing import Annotated

from fastapi import Depends, Header, Request


async def _if_match(
    request: Request,
    if_match: Annotated[str | None, Header(description='The version that the change is made from: `W/"3"`')] = None,
) -> str | None:
    lines = request.headers.getlist("if-match") if if_match is not None else []
    return ", ".join(lines) if lines else None


async def _if_none_match(
    request: Request,
    if_none_match: Annotated[str | None, Header(description="`*`: only where there is none yet")] = None,
) -> str | None:
    lines = request.headers.getlist("if-none-match") if if_none_match is not None else []
    return ", ".join(lines) if lines else None


IfMatch = Annotated[str | None, Depends(_if_match)]
"""The header `If-Match`; several lines of it are one list (RFC 9110, 5.3). None without it."""
IfNoneMatch = Annotated[str | None, Depends(_if_none_match)]
"""The header `If-None-Match` of a change (RFC 9110, 13.1.2), in the same way."""
