"""One slow call on the event loop stops every request of the process."""

import ast
from collections.abc import Iterator
from typing import Final

from quill_checks.findings import Rule, Source
from quill_checks.names import functions, origins, own_nodes, resolved

_CALLS: Final = {
    "time.sleep", "open", "io.open", "os.system", "os.popen", "socket.create_connection", "socket.getaddrinfo",
    "urllib.request.urlopen",
}  # fmt: skip
_MODULES: Final = ("requests.", "subprocess.", "psycopg2.", "pika.")
_HTTPX: Final = {f"httpx.{name}" for name in ("get", "post", "put", "patch", "delete", "request", "stream", "Client")}
_FILE_METHODS: Final = {"read_text", "read_bytes", "write_text", "write_bytes"}


def _blocking_call(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test:
        return
    known = origins(source.tree)
    for function in functions(source.tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for node in own_nodes(function):
            if isinstance(node, ast.Call) and (name := _blocking_name(node, known)):
                yield node, f"`{name}` in `async def {function.name}`"


def _blocking_name(call: ast.Call, known: dict[str, str]) -> str:
    name = resolved(call.func, known)
    if name in _CALLS or name in _HTTPX or name.startswith(_MODULES):
        return name
    if isinstance(call.func, ast.Attribute) and call.func.attr in _FILE_METHODS:
        return name
    return ""


BLOCKING_CALL: Final = Rule("blocking-call", "every other request of the process waits meanwhile", _blocking_call)
