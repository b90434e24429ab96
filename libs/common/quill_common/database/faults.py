"""Tell a database that is away or overloaded from a statement that is wrong."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
)


def is_database_away(problem: BaseException) -> bool:
    """Whether trying again later may help: connection, shutdown, pool, deadlock or time limit."""
    if isinstance(problem, (OperationalError, PoolTimeout, OSError)):
        return True
    if not isinstance(problem, DBAPIError):
        return isinstance(problem, _AWAY)
    if problem.connection_invalidated:
        return True
    cause = problem.orig.__cause__ if problem.orig is not None else None
    if isinstance(problem, InterfaceError):
        return not isinstance(cause, (ValueError, asyncpg.DataError))
    return isinstance(cause, _AWAY)


def is_conflict(problem: BaseException) -> bool:
    """Whether PostgreSQL undid the transaction in favour of another (deadlock, serialisation): repeat it at once."""
    if isinstance(problem, DBAPIError) and problem.orig is not None:
        return isinstance(problem.orig.__cause__, asyncpg.TransactionRollbackError)
    return isinstance(problem, asyncpg.TransactionRollbackError)


def is_out_of_time(problem: DBAPIError) -> bool:
    """Whether PostgreSQL stopped the statement, as it does at the time limit."""
    return problem.orig is not None and isinstance(problem.orig.__cause__, asyncpg.QueryCanceledError)


def violated_constraint(problem: DBAPIError) -> str | None:
    """The name of the constraint or unique index that refused the row, None when it was something else."""
    cause = problem.orig.__cause__ if problem.orig is not None else None
    name = getattr(cause, "constraint_name", None)
    return name if isinstance(name, str) else None
