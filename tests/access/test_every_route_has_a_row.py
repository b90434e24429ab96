"""A new route without a row fails here, and so does a row without a route."""

import pytest
from access.table import BEYOND_THE_CONTRACT, BUILT, NOT_BUILT_YET, Row, rows
from contract.compare import operations
from contract.documents import contract, service_document
from contract.pending import PENDING
from quill_common.topology import SERVICES
from quill_gateway.openapi import merge
from quill_gateway.routes import BEYOND_CONTRACT, CONTRACT, Route

HEALTH = ("GET", "/api/health")  # the gateway answers it itself
Routes = set[tuple[str, str]]


def _of(table: str) -> Routes:
    return {row.route for row in rows(table)}


def _paths(index: tuple[Route, ...]) -> Routes:
    return {(route.method, route.path) for route in index}


@pytest.fixture(scope="module")
def pending() -> Routes:
    """The routes of the contract that are named as missing."""
    return {one[:2] for name, one in operations(contract()).items() if name in PENDING}


def test_every_route_of_the_gateway_has_a_row(pending: Routes) -> None:
    assert _of(BUILT) == _paths(CONTRACT) - pending | {HEALTH}
    assert _of(BEYOND_THE_CONTRACT) == _paths(BEYOND_CONTRACT)


def test_every_operation_of_the_merged_document_has_a_row() -> None:
    merged = merge({service: service_document(service) for service in SERVICES})
    assert {one[:2] for one in operations(merged).values()} == _of(BUILT) | _of(BEYOND_THE_CONTRACT)


def test_what_is_not_built_is_what_the_contract_still_waits_for(pending: Routes) -> None:
    assert _of(NOT_BUILT_YET) == pending


def test_no_route_has_two_rows() -> None:
    lines: list[Row] = rows(BUILT) + rows(NOT_BUILT_YET) + rows(BEYOND_THE_CONTRACT)
    assert len({str(row) for row in lines}) == len(lines)
    assert _of(BUILT).isdisjoint(_of(NOT_BUILT_YET) | _of(BEYOND_THE_CONTRACT))


def test_a_line_with_a_cell_too_few_is_no_row() -> None:
    with pytest.raises(ValueError, match="zip"):
        rows("GET /api/health 200 200")
