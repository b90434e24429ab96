"""Structured logs: one JSON object a line, with the request's id and never a name, a token or clinical text."""

import logging
import sys
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from quill_common.failure_text import failure_text
from quill_common.settings import CommonSettings


def _text_of(exc_info: Any) -> str:
    problem = exc_info[1]
    return failure_text(problem) if problem is not None else ""


_ADD_FAILURE = structlog.processors.ExceptionRenderer(_text_of)


def configure(service: str, settings: CommonSettings) -> None:
    """Set up logging of this process; the standard library's loggers go the same way."""
    level = logging.getLevelNamesMapping()[settings.log_level]

    def add_service(_: object, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        add_service,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _ADD_FAILURE,
    ]
    structlog.configure(
        processors=[*shared, _renderer(settings)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_logger_factory(settings),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_output("w"))
    handler.setFormatter(_StandardFormatter(service))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # Its lines hold raw paths, and those the ids of patients; whoever starts uvicorn by hand would have them.
    logging.getLogger("uvicorn.access").disabled = True


def request_id() -> str | None:
    """The id of the request that is being answered, None outside one."""
    value: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return value


def get_logger() -> FilteringBoundLogger:
    """The logger of the process; bind what belongs to a request with `structlog.contextvars`."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def _renderer(settings: CommonSettings) -> Processor:
    if settings.log_format == "console":
        return structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    return structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str))


def _logger_factory(settings: CommonSettings) -> structlog.BytesLoggerFactory | structlog.PrintLoggerFactory:
    if settings.log_format == "console":
        return structlog.PrintLoggerFactory(_output("w"))
    return structlog.BytesLoggerFactory(_output("wb"))


def _output(mode: str) -> Any:
    """The process's standard output itself; `sys.stdout` may be a stand-in that is closed before the process ends."""
    return open(1, mode, closefd=False)


class _StandardFormatter(logging.Formatter):
    """The standard library's records in the same form."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
        }
        if record.exc_info:
            event["exception"] = _text_of(record.exc_info)
        return orjson.dumps(event).decode()
