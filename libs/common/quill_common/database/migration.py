"""Migrations: alembic, run by the owner of the database inside one service's schema.

Every service has two lines of revisions: the tables that all share (`quill_common.migrations`) and its own
(`quill_<service>.migrations`). Migrating is safe to start twice: the second waits for the first.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

from alembic import command, context
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, make_url, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

LOCK_TIMEOUT_MS = 5_000
_SHARED = Path(__file__).parent.parent / "migrations"
_PARTITIONS = text(
    "SELECT relname FROM pg_class "
    "WHERE relispartition AND relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)


async def upgrade(service: str, admin_url: str, revision: str = "heads") -> None:
    """Bring the schema of `service` up to `revision`."""
    await _run(service, admin_url, lambda config: command.upgrade(config, revision))


async def downgrade(service: str, admin_url: str, revision: str = "base") -> None:
    """Take the schema of `service` down to `revision`."""
    await _run(service, admin_url, lambda config: command.downgrade(config, revision))


async def revise(service: str, admin_url: str, message: str) -> None:
    """Write a new revision of the service's own line from the difference between models and schema."""
    own = str(_package_folder(service) / "versions")
    begun = any(revision.branch_labels == {service} for revision in _scripts(service).walk_revisions())
    head = f"{service}@head" if begun else "base"
    await _run(
        service,
        admin_url,
        lambda config: command.revision(
            config,
            message,
            autogenerate=True,
            version_path=own,
            head=head,
            branch_label=None if begun else service,
        ),
    )


async def current_of(service: str, admin_url: str) -> frozenset[str]:
    """The revisions that the schema stands at."""
    found: list[frozenset[str]] = []
    await _in_schema(
        service,
        admin_url,
        lambda c: found.append(frozenset(MigrationContext.configure(c).get_current_heads())),
    )
    return found[0]


def heads_of(service: str) -> frozenset[str]:
    """The revisions that this code needs."""
    return frozenset(_scripts(service).get_heads())


async def check(service: str, admin_url: str) -> list[object]:
    """The differences between the models and the migrated schema; empty when they agree."""
    found: list[object] = []

    def compare(connection: Connection) -> None:
        options = {
            "compare_type": True,
            "compare_server_default": False,
            "include_name": _without_partitions(connection),
        }
        migration = MigrationContext.configure(connection, opts=options)
        for difference in compare_metadata(migration, _merged(_metadata(service))):
            found.append(difference)

    await _in_schema(service, admin_url, compare)
    return found


def run() -> None:
    """Called by every `env.py`."""
    config = context.config
    connection: Connection = config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=_metadata(config.attributes["service"]),
        compare_type=True,
        compare_server_default=False,
        include_name=_without_partitions(connection),
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run(service: str, admin_url: str, order: Callable[[Config], object]) -> None:
    def work(connection: Connection) -> None:
        config = _config(service)
        config.attributes["connection"] = connection
        config.attributes["service"] = service
        order(config)

    await _in_schema(service, admin_url, work)


async def _in_schema(service: str, admin_url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(
        make_url(admin_url).set(drivername="postgresql+asyncpg"),
        poolclass=pool.NullPool,
        connect_args={"server_settings": {"search_path": service, "lock_timeout": str(LOCK_TIMEOUT_MS)}},
    )
    try:
        async with engine.connect() as connection:
            # Waiting for another migration is not what the lock timeout is for.
            await connection.execute(text("SET lock_timeout = 0"))
            await connection.execute(text("SELECT pg_advisory_lock(hashtext('quill migrate'))"))
            await connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            await connection.commit()
            await connection.run_sync(work)
            await connection.commit()
    finally:
        await engine.dispose()


def _scripts(service: str) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(service))


def _config(service: str) -> Config:
    folder = _package_folder(service)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{folder / 'versions'}\n{_SHARED / 'versions'}")
    return config


def _package_folder(service: str) -> Path:
    package = importlib.import_module(f"quill_{service}")
    assert package.__file__ is not None  # noqa: S101 - a regular package
    return Path(package.__file__).parent / "migrations"


def _without_partitions(connection: Connection) -> Callable[[str | None, str, object], bool]:
    """A partition is a part of its table's storage; no model declares it."""
    partitions = frozenset(connection.scalars(_PARTITIONS))

    def include(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or name not in partitions

    return include


def _metadata(service: str) -> list[MetaData]:
    tables: list[MetaData] = importlib.import_module(f"quill_{service}.tables").METADATA
    return tables


def _merged(parts: list[MetaData]) -> MetaData:
    merged = MetaData(naming_convention=parts[0].naming_convention)
    for part in parts:
        for table in part.sorted_tables:
            table.to_metadata(merged)
    return merged
