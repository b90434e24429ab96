"""Every operation of the contract exists with the same request and the same answer, or is pending."""

from typing import Any

import pytest
from quill_common.topology import SERVICES, Service
from quill_gateway.openapi import merge
from quill_gateway.routes import BEYOND_CONTRACT

from contract.compare import differences, operations, undeclared
from contract.documents import COPY, contract, contract_path, service_document
from contract.pending import PENDING

BUILT = SERVICES
"""Services whose operations are compared."""

BEYOND = frozenset((route.method, route.path) for route in BEYOND_CONTRACT)


@pytest.fixture(scope="module")
def quill() -> dict[str, Any]:
    return contract()


@pytest.mark.parametrize("service", BUILT)
def test_a_service_offers_what_the_contract_says(quill: dict[str, Any], service: Service) -> None:
    own = [name for name, (_, _, one) in operations(quill).items() if one.get("x-quill-service") == service]
    assert own
    document = service_document(service)
    assert differences(quill, document, pending=PENDING, only=own) == []
    assert undeclared(quill, document, beyond=BEYOND) == []


@pytest.mark.parametrize("service", BUILT)
def test_nothing_that_exists_is_called_pending(service: Service) -> None:
    assert operations(service_document(service)).keys() & PENDING == set()


def test_the_merged_document_offers_all_of_it(quill: dict[str, Any]) -> None:
    merged = merge({service: service_document(service) for service in BUILT})
    assert differences(quill, merged, pending=PENDING) == []
    assert undeclared(quill, merged, beyond=BEYOND) == []
    offered = {(method, path) for method, path, _ in operations(merged).values()}
    assert offered >= BEYOND


def test_only_operations_of_the_contract_are_pending(quill: dict[str, Any]) -> None:
    assert operations(quill).keys() >= PENDING


def test_the_contract_agrees_with_itself(quill: dict[str, Any]) -> None:
    assert differences(quill, quill) == []


@pytest.mark.skipif(contract_path() == COPY, reason="only the copy of the contract is here")
def test_the_copy_of_the_contract_is_the_shared_one() -> None:
    for name in ("quill.openapi.yaml", "quill-api.md"):
        assert (COPY.parent / name).read_bytes() == (contract_path().parent / name).read_bytes()
