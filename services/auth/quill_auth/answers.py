"""JSON answers, serialised directly; the routes declare their shape with `response_model`."""

from typing import Any

import orjson
from fastapi import Response


def json_answer(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
