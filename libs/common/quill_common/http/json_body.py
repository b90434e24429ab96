"""A request whose JSON is read strictly and complained about late.

FastAPI parses the body before anything else. A broken one would then be answered before anyone asked who calls, and
some kinds (invalid UTF-8, endless nesting) as a 400. Here it is a 422 that comes when its turn has come.
"""

from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError


class JsonRequest(Request):
    """`malformed` is the complaint about a body that is not JSON, once it has been read."""

    malformed: RequestValidationError | None = None

    async def json(self) -> Any:
        """The parsed body. What is not JSON stays bytes, which no model takes."""
        body = await self.body()
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as problem:
            self.malformed = RequestValidationError(
                [{"type": "json_invalid", "loc": ("body", problem.pos), "msg": "JSON decode error"}]
            )
            return body
