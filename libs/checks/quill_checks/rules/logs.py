"""Logs are read by people who may not read records."""

import ast
from collections.abc import Iterator
from typing import Final

from quill_checks.findings import Rule, Source
from quill_checks.names import calls, dotted

_LEVELS: Final = {"debug", "info", "warning", "error", "exception", "critical", "log", "bind", "bind_contextvars"}
_LOGGERS: Final = {"log", "logger", "_log", "_logger", "logging", "get_logger", "getLogger", "contextvars"}
_PRIVATE: Final = {
    "given_name", "family_name", "full_name", "display_name", "birth_date", "nhs_number", "mrn", "gender", "address",
    "telecom", "email", "patient", "resource", "body", "letter", "composition", "communication", "message_body",
    "password", "token", "access_token", "refresh_token", "csrf", "csrf_token", "cookie", "cookies", "secret",
    "authorization", "totp_code", "totp_secret", "database_url", "amqp_url",
}  # fmt: skip


def _patient_in_log(source: Source) -> Iterator[tuple[ast.AST, str]]:
    if source.is_test:
        return
    for call in calls(source.tree):
        if not _is_log_call(call):
            continue
        for name in _names_given(call):
            if name in _PRIVATE:
                yield call, f"`{name}` in a log line"


def _is_log_call(call: ast.Call) -> bool:
    *before, last = dotted(call.func).split(".")
    return last in _LEVELS and bool(before) and before[-1] in _LOGGERS


def _names_given(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg:
            yield keyword.arg
        yield from _names_in(keyword.value)
    for argument in call.args:
        yield from _names_in(argument)


def _names_in(node: ast.expr) -> Iterator[str]:
    """Names whose value ends in the line: the last part of `a.b.c`, not `a`; not what a call is given."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(attr=name):
            yield name
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            yield name
        case ast.Call():
            return
        case _:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    yield from _names_in(child)


PATIENT_IN_LOG: Final = Rule(
    "patient-in-log", "who reads logs would read about patients, or sign in as somebody", _patient_in_log
)
