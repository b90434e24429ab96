"""A failure for the log: what it was and where, without the values that messages carry.

PostgreSQL quotes the failing row, pydantic the refused input, SQLAlchemy the parameters: names of patients, addresses,
password hashes. Only messages of faults in our own code, which speak of code, are kept.
"""

import traceback
from collections.abc import Iterator

_SPEAKS_OF_CODE = (AttributeError, NameError, TypeError, ImportError, NotImplementedError, RecursionError)


def failure_text(problem: BaseException) -> str:
    """The chain of causes, first cause first, each with its frames."""
    return "\n".join(part for link in reversed(list(_chain(problem))) for part in _told(link))


def _chain(problem: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = problem
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _told(problem: BaseException) -> Iterator[str]:
    yield from (line.rstrip("\n") for line in traceback.format_tb(problem.__traceback__))
    kind = type(problem)
    facts = [f"{name}={value}" for name in ("sqlstate", "constraint_name") if (value := getattr(problem, name, None))]
    if isinstance(problem, _SPEAKS_OF_CODE):
        facts.append(str(problem))
    yield f"{kind.__module__}.{kind.__qualname__}" + (f": {' '.join(facts)}" if facts else "")
    if isinstance(problem, BaseExceptionGroup):
        for inner in problem.exceptions:
            yield failure_text(inner)
