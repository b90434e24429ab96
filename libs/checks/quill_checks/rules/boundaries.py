"""Who may know whom, and where SQL lives."""

import ast
from collections.abc import Iterator
from typing import Final

from quill_checks.findings import Rule, Source
from quill_checks.names import calls, imports, origins, resolved

_SERVICES: Final = ("auth", "orgs", "patients", "letters", "messaging")
_GATEWAY_MAY: Final = ("settings", "log", "identity", "topology")
_COMMON_ROOMS_BELOW: Final = ("identity", "database", "events")  # may not use `http` or `access`
_ROOMS_ABOVE: Final = ("http", "access")
_KEY_HOLDERS: Final = ("services/auth", "libs/common/quill_common/identity")
_SIGNS: Final = {"SigningKeys", "KeyRing", "TokenSigner", "load_private_key", "Ed25519PrivateKey"}
_KEY_ROOMS: Final = {"signing_keys", "key_ring"}
_SQL: Final = {"select", "insert", "update", "delete", "text", "union", "union_all", "exists"}


def _import_direction(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test:
        return
    for node, module in imports(source.tree):
        fault = _fault(source, module)
        if fault:
            yield node, f"imports {module}: {fault}"


def _fault(source: Source, module: str) -> str:
    package, _, rest = module.partition(".")
    room = rest.split(".")[0]
    home = _home(source)
    if not package.startswith("quill_"):
        return ""
    if home in _SERVICES and package not in ("quill_common", f"quill_{home}"):
        return "a service knows only itself and quill_common"
    if home == "gateway" and package == "quill_common" and room not in _GATEWAY_MAY:
        return f"the gateway knows only {', '.join(_GATEWAY_MAY)} of quill_common"
    if home == "gateway" and package not in ("quill_common", "quill_gateway"):
        return "the gateway knows no service"
    if home == "common" and package != "quill_common":
        return "quill_common knows nobody"
    below = any(source.is_under(f"libs/common/quill_common/{name}") for name in _COMMON_ROOMS_BELOW)
    if below and package == "quill_common" and room in _ROOMS_ABOVE:
        return "http and access stand above identity, database and events"
    return ""


def _signing_keys_elsewhere(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test or any(source.is_under(holder) for holder in _KEY_HOLDERS):
        return
    for node, module in imports(source.tree):
        *rooms, name = module.split(".")
        if name in _SIGNS | _KEY_ROOMS or _KEY_ROOMS & set(rooms):
            yield node, f"imports {module}: verifiers get by with published keys"


def _home(source: Source) -> str:
    top, *rest = source.path.parts
    return rest[0] if top in ("services", "libs") and rest else top


def _sql_outside_repository(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test or source.path.name not in ("routes.py", "service.py") or not source.is_under("services"):
        return
    known = origins(source.tree)
    for call in calls(source.tree):
        name = resolved(call.func, known)
        if name.startswith("sqlalchemy") and name.rsplit(".", 1)[-1] in _SQL:
            yield call, f"`{name}` in {source.path.name}: SQL belongs into repository.py"


IMPORT_DIRECTION: Final = Rule(
    "import-direction", "services that know each other can no longer be changed or run alone", _import_direction
)
SIGNING_KEYS_ELSEWHERE: Final = Rule(
    "signing-keys-elsewhere", "whoever can read a signing key can be anybody", _signing_keys_elsewhere
)
SQL_OUTSIDE_REPOSITORY: Final = Rule(
    "sql-outside-repository", "a query beside the repository forgets who may see what", _sql_outside_repository
)
