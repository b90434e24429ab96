"""Changes and events leave together, before the answer does."""

import ast
from collections.abc import Iterator
from typing import Final

from quill_checks.findings import Rule, Source
from quill_checks.names import calls, dotted, functions, own_nodes

_COMMITS: Final = {"commit", "commit_prepared"}
_PUBLISHES: Final = {"publish", "basic_publish"}


def _commit_outside_unit(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test or source.is_under("libs/common/quill_common/database"):
        return
    for call in calls(source.tree):
        if _attribute(call) in _COMMITS:
            yield call, f"`{dotted(call.func)}()` outside the unit of work"


def _commit_in_dependency(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test:
        return
    for function in functions(source.tree):
        nodes = list(own_nodes(function))
        if not any(isinstance(node, ast.Yield) for node in nodes) or _is_context_manager(function):
            continue
        for node in nodes:
            if isinstance(node, ast.Call) and _attribute(node) in _COMMITS | {"begin"}:
                yield node, f"`{function.name}` yields and then commits: a dependency does so after the answer left"


def _publish_outside_relay(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test or source.is_under("libs/common/quill_common/events"):
        return
    for call in calls(source.tree):
        if _attribute(call) in _PUBLISHES:
            yield call, f"`{dotted(call.func)}()` outside quill_common/events"


def _attribute(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _is_context_manager(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(dotted(node).endswith("contextmanager") for node in function.decorator_list)


COMMIT_OUTSIDE_UNIT: Final = Rule(
    "commit-outside-unit", "a second commit stores half a change, or a change without its event", _commit_outside_unit
)
COMMIT_IN_DEPENDENCY: Final = Rule(
    "commit-in-dependency", "the client reads 200 and the commit fails afterwards", _commit_in_dependency
)
PUBLISH_OUTSIDE_RELAY: Final = Rule(
    "publish-outside-relay", "others learn of what was never committed, or never learn", _publish_outside_relay
)
