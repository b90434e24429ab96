"""What a JSON schema says of objects, whatever way it is written: references, unions, nullable parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]
Schema = Mapping[str, Any] | bool

ADDITIVE = "x-quill-additive"


@dataclass(slots=True)
class Shape:
    """The named parts that a schema allows in an object, and what a list or a map of it holds."""

    properties: dict[str, Schema] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    items: list[Schema] = field(default_factory=list)
    values: list[Schema] = field(default_factory=list)
    closed: bool = False
    opened: bool = False

    @property
    def free(self) -> bool:
        """Whether it names no parts: any object will do."""
        return not self.properties and not self.closed

    @property
    def empty(self) -> bool:
        return not (self.properties or self.items or self.values)


def resolve(document: Document, node: Any) -> Any:
    """`node` with its reference followed; what stands beside `$ref` counts too."""
    seen = set()
    while isinstance(node, Mapping) and "$ref" in node:
        reference = node["$ref"]
        if reference in seen:
            raise ValueError(f"{reference} refers to itself")
        seen.add(reference)
        beside = {key: value for key, value in node.items() if key != "$ref"}
        target = _at(document, reference)
        node = {**target, **beside} if beside else target
    return node


def _at(document: Document, reference: str) -> Any:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def shape_of(document: Document, schema: Schema) -> Shape:
    """The shape that `schema` describes.

    `allOf` adds up. Of alternatives every one counts: a part is required when all that are objects require it.
    """
    schema = resolve(document, schema)
    if isinstance(schema, bool):
        return Shape(opened=schema)
    shape = _own(schema)
    for part in schema.get("allOf", ()):
        _add(shape, shape_of(document, part))
    alternatives = [shape_of(document, one) for one in _alternatives(schema)]
    if alternatives:
        _add(shape, _any_of(alternatives))
    return shape


def is_additive(document: Document, node: Any) -> bool:
    resolved = resolve(document, node)
    return isinstance(resolved, Mapping) and resolved.get(ADDITIVE) is True


def _own(schema: Mapping[str, Any]) -> Shape:
    extra = schema.get("additionalProperties")
    return Shape(
        properties=dict(schema.get("properties", {})),
        required=set(schema.get("required", ())),
        items=[schema["items"]] if "items" in schema else [],
        values=[extra] if isinstance(extra, Mapping) else [],
        closed=extra is False,
        opened=extra is True or isinstance(extra, Mapping),
    )


def _alternatives(schema: Mapping[str, Any]) -> Iterator[Schema]:
    yield from schema.get("anyOf", ())
    yield from schema.get("oneOf", ())


def _any_of(alternatives: list[Shape]) -> Shape:
    merged = Shape()
    for one in alternatives:
        _add(merged, one)
    objects = [one for one in alternatives if one.properties]
    merged.required = set.intersection(*(one.required for one in objects)) if objects else set()
    return merged


def _add(shape: Shape, other: Shape) -> None:
    for name, schema in other.properties.items():
        known = shape.properties.get(name)
        shape.properties[name] = schema if known is None or known == schema else {"anyOf": [known, schema]}
    shape.required |= other.required
    shape.items += other.items
    shape.values += other.values
    shape.closed |= other.closed
    shape.opened |= other.opened
