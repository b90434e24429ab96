"""Reading names out of a syntax tree."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute; a call in between counts as its function; "" when there is no name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            before = dotted(value)
            return f"{before}.{attribute}" if before else attribute
        case ast.Call(func=function):
            return dotted(function)
        case ast.Await(value=value):
            return dotted(value)
        case _:
            return ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Everything inside `function` that runs when it runs: not the bodies of functions defined in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def imports(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every imported module with its node; `from a import b` counts as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node, f"{node.module}.{name.name}") for name in node.names)


def origins(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for: `from a import b as c` gives `{"c": "a.b"}`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({(name.asname or name.name.split(".")[0]): name.name for name in node.names if name.asname})
            found.update({name.name.split(".")[0]: name.name.split(".")[0] for name in node.names if not name.asname})
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({(name.asname or name.name): f"{node.module}.{name.name}" for name in node.names})
    return found


def resolved(node: ast.expr, known: dict[str, str]) -> str:
    """The dotted name of `node` with its first part replaced by what was imported under it."""
    first, _, rest = dotted(node).partition(".")
    first = known.get(first, first)
    return f"{first}.{rest}" if rest else first
