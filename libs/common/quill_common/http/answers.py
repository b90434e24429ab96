"""Answers as JSON without a second pass through models; the routes declare their shape with `response_model`."""

from typing import Any

import orjson
from fastapi import Response


def json_answer(value: Any, status: int = 200) -> Response:
    """`value` as JSON. Times are UTC and end in `Z`."""
    return ready_json(orjson.dumps(value, option=orjson.OPT_UTC_Z), status)


def ready_json(text: str | bytes, status: int = 200) -> Response:
    """JSON that is text already."""
    return Response(text, status, media_type="application/json")
