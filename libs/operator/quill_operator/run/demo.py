"""The demo data of `quill run`: loaded once for a data directory."""

from pathlib import Path

from quill_operator.administrator import Administrator
from quill_operator.demo.client import DemoError
from quill_operator.demo.welcome import describe, load_and_describe
from quill_operator.settings import OperatorSettings


async def load_demo(settings: OperatorSettings, base_url: str, first: Administrator) -> str:
    """What to tell about the demo. That it cannot be loaded is told too: the system runs without it."""
    loaded = settings.folder / "demo.loaded"
    database = settings.database_url or "embedded"
    if _is_loaded(loaded, database):
        return describe(settings.folder, first)
    try:
        told = await load_and_describe(settings.folder, base_url, first)
    except DemoError as problem:
        return f"The demo data are not loaded: {problem}"
    _note_loaded(loaded, database)
    return told


def _is_loaded(note: Path, database: str) -> bool:
    return note.exists() and note.read_text() == _mark(database)


def _note_loaded(note: Path, database: str) -> None:
    note.write_text(_mark(database))


def _mark(database: str) -> str:
    """Names the database without its password."""
    return database.rsplit("@", 1)[-1] + "\n"
