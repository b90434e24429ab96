"""Plain values as a JSON answer, without a second pass through models."""

from typing import Any

import orjson
from fastapi import Response


def json_answer(value: Any) -> Response:
    """Times are UTC and end in `Z`."""
    return Response(orjson.dumps(value, option=orjson.OPT_UTC_Z), media_type="application/json")
