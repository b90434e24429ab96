"""The comparison sees what differs, and only that."""

import copy
from typing import Any

import pytest

from contract.compare import differences, operations, undeclared

REF = "#/components/schemas/"


def document(**schemas: Any) -> dict[str, Any]:
    """One operation of each kind that matters."""
    return {
        "paths": {
            "/things": {
                "parameters": [{"$ref": "#/components/parameters/Limit"}],
                "get": {
                    "operationId": "listThings",
                    "parameters": [{"name": "kind", "in": "query"}, {"name": "If-Match", "in": "header"}],
                    "responses": {"200": _json({"$ref": f"{REF}Things"})},
                },
                "post": {
                    "operationId": "addThing",
                    "requestBody": _json({"$ref": f"{REF}ThingIn"}),
                    "responses": {"201": _json({"$ref": f"{REF}Thing"})},
                },
            }
        },
        "components": {
            "parameters": {"Limit": {"name": "limit", "in": "query", "x-quill-additive": True}},
            "schemas": {
                "Things": {
                    "type": "object",
                    "properties": {
                        "things": {"type": "array", "items": {"$ref": f"{REF}Thing"}},
                        "next_cursor": {"type": ["string", "null"], "x-quill-additive": True},
                    },
                },
                "Thing": {
                    "allOf": [
                        {"$ref": f"{REF}ThingIn"},
                        {"type": "object", "properties": {"id": {"type": "integer"}}},
                    ]
                },
                "ThingIn": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string"},
                        "maker": {"oneOf": [{"type": "null"}, {"$ref": f"{REF}Maker"}]},
                        "notes": {"type": "object"},
                    },
                },
                "Maker": {
                    "type": "object",
                    "required": ["city"],
                    "properties": {"city": {"type": "string"}},
                    "additionalProperties": False,
                },
            }
            | schemas,
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def without(schema: str, name: str) -> dict[str, Any]:
    changed = document()
    del changed["components"]["schemas"][schema]["properties"][name]
    return changed


def test_equal_documents_do_not_differ() -> None:
    assert differences(document(), document()) == []


def test_the_same_thing_written_another_way_does_not_differ() -> None:
    flat = document(
        Thing={
            "type": "object",
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "integer"},
                "name": {"type": "string"},
                "maker": {"anyOf": [{"$ref": f"{REF}Maker"}, {"type": "null"}]},
                "notes": {"type": "object", "properties": {"any": {"type": "string"}}},
            },
        }
    )
    assert differences(document(), flat) == []


def test_a_missing_operation_is_said_unless_it_is_pending() -> None:
    actual = document()
    del actual["paths"]["/things"]["post"]
    assert differences(document(), actual) == ["addThing: POST /things is missing"]
    assert differences(document(), actual, pending={"addThing"}) == []
    assert differences(document(), actual, only={"listThings"}) == []


def test_an_operation_under_another_name_or_path_is_said() -> None:
    renamed = document()
    renamed["paths"]["/things"]["post"]["operationId"] = "makeThing"
    assert differences(document(), renamed) == ["addThing: POST /things is called makeThing"]
    assert undeclared(document(), renamed) == ["makeThing: not in the contract"]
    [(method, path, _)] = (one for name, one in operations(renamed).items() if name == "makeThing")
    assert undeclared(document(), renamed, beyond={(method, path)}) == []
    assert undeclared(document(), renamed, beyond={("PATCH", path)}) == ["makeThing: not in the contract"]
    moved = document()
    moved["paths"]["/stuff"] = moved["paths"].pop("/things")
    assert "listThings: is GET /stuff, not GET /things" in differences(document(), moved)


def test_query_parameters_are_the_same_by_name() -> None:
    actual = document()
    get = actual["paths"]["/things"]["get"]
    get["parameters"] = [{"name": "sort", "in": "query"}, {"name": "X-More", "in": "header"}]
    assert differences(document(), actual) == [
        "listThings: query parameter kind is missing",
        "listThings: query parameter sort is not in the contract",
    ]
    get["parameters"] = [{"name": "kind", "in": "query", "required": True}]
    assert differences(document(), actual) == ["listThings: query parameter kind is required"]


def test_a_response_field_that_is_missing_or_new_is_said_where_it_stands() -> None:
    assert differences(document(), without("Maker", "city")) == [
        "listThings 200.things[].maker.city: is missing",
        "addThing body.maker.city: is missing",
        "addThing 201.maker.city: is missing",
    ]
    assert differences(without("Things", "things"), document()) == ["listThings 200.things: is not in the contract"]


def test_a_part_marked_additive_may_be_missing() -> None:
    assert differences(document(), without("Things", "next_cursor")) == []


@pytest.mark.parametrize("place", ["parameter", "schema"])
def test_a_parameter_that_is_new_may_be_marked_additive(place: str) -> None:
    actual = document()
    parameter: dict[str, Any] = {"name": "sort", "in": "query", "schema": {"type": "string"}}
    (parameter if place == "parameter" else parameter["schema"])["x-quill-additive"] = True
    actual["paths"]["/things"]["get"]["parameters"].append(parameter)
    assert differences(document(), actual) == []


@pytest.mark.parametrize("additive", [True, False])
def test_a_part_that_is_new_must_be_marked_additive(additive: bool) -> None:
    actual = document()
    actual["components"]["schemas"]["Things"]["properties"]["total"] = {"x-quill-additive": additive}
    expected = [] if additive else ["listThings 200.total: is not in the contract"]
    assert differences(document(), actual) == expected


def test_what_a_request_must_hold_is_the_same() -> None:
    actual = document()
    actual["components"]["schemas"]["ThingIn"]["required"] = ["maker"]
    assert differences(document(), actual) == [
        "addThing body.maker: is required",
        "addThing body.name: is optional",
    ]


def test_whether_a_request_may_hold_more_is_the_same() -> None:
    strict = document()
    strict["components"]["schemas"]["ThingIn"]["additionalProperties"] = False
    assert "addThing body: unknown fields are refused" in differences(document(), strict)
    loose = document()
    del loose["components"]["schemas"]["Maker"]["additionalProperties"]
    assert differences(document(), loose) == ["addThing body.maker: unknown fields are ignored"]


def test_a_body_or_an_answer_that_is_not_described_is_said() -> None:
    actual = document()
    del actual["paths"]["/things"]["post"]["requestBody"]
    actual["paths"]["/things"]["get"]["responses"] = {"200": {"description": "?"}}
    assert differences(document(), actual) == [
        "listThings 200: has no described body",
        "addThing: takes no body",
    ]
    actual = document()
    post = actual["paths"]["/things"]["post"]
    post["responses"]["200"] = post["responses"].pop("201")
    assert differences(document(), actual) == [
        "addThing: answer 200 is not in the contract",
        "addThing: answer 201 is missing",
    ]


def test_any_object_will_do_where_the_contract_names_no_parts() -> None:
    actual = document()
    notes = {"type": "object", "properties": {"colour": {"type": "string"}}, "additionalProperties": False}
    actual["components"]["schemas"]["ThingIn"]["properties"]["notes"] = notes
    assert differences(document(), actual) == []


def test_an_open_object_of_the_contract_may_hold_more() -> None:
    contract = document()
    contract["components"]["schemas"]["Things"]["additionalProperties"] = True
    actual = copy.deepcopy(contract)
    actual["components"]["schemas"]["Things"]["properties"]["total"] = {"type": "integer"}
    assert differences(contract, actual) == []


def test_a_list_that_became_a_single_thing_is_said() -> None:
    actual = document()
    actual["components"]["schemas"]["Things"]["properties"]["things"] = {"type": "string"}
    assert differences(document(), actual) == ["listThings 200.things[]: is missing"]


def test_the_values_of_a_map_are_looked_at() -> None:
    contract = document(Maker={"type": "object", "additionalProperties": {"$ref": f"{REF}City"}})
    contract["components"]["schemas"]["City"] = {"type": "object", "properties": {"name": {"type": "string"}}}
    actual = copy.deepcopy(contract)
    actual["components"]["schemas"]["City"]["properties"] = {"title": {"type": "string"}}
    assert differences(contract, actual, only={"addThing"})[:2] == [
        "addThing body.maker{}.name: is missing",
        "addThing body.maker{}.title: is not in the contract",
    ]


def test_a_reference_to_itself_is_a_fault_and_not_an_endless_walk() -> None:
    with pytest.raises(ValueError, match="refers to itself"):
        differences(document(), document(Maker={"$ref": f"{REF}Maker"}))
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": f"{REF}Maker"}}}}
    assert differences(document(Maker=tree), document(Maker=tree)) == []
