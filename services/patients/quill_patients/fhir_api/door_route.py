"""A route of the FHIR door: speaks FHIR's JSON only, and tells every failure as an OperationOutcome."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from quill_common.fhir.outcome import FHIR_JSON
from quill_common.http.work import WorkRoute

from quill_patients.fhir_api.media import require_json_wanted
from quill_patients.fhir_api.one_at_a_time import one_at_a_time
from quill_patients.fhir_api.outcomes import outcome_of


class DoorRoute(WorkRoute):
    """Everything else (transaction, access, trail) is as with every other route."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_as_fhir(request: Request) -> Response:
            try:
                require_json_wanted(request)
                async with one_at_a_time(request):
                    response = await handle(request)
            except Exception as problem:  # quill: allow broad-except - the last place before the server that knows FHIR
                return await outcome_of(request, problem)
            if response.body:
                response.headers["Content-Type"] = FHIR_JSON
            return response

        return handle_as_fhir
