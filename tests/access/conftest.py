"""The scene of the matrix, made once for all its lines."""

from collections.abc import AsyncIterator

import pytest
from access.scene import Scene
from access.scene import scene as set_scene
from system.running import RunningSystem


@pytest.fixture(scope="session")
async def scene(system: RunningSystem) -> AsyncIterator[Scene]:
    """A patient and one of every kind of caller."""
    made = await set_scene(system)
    yield made
    await made.http.aclose()
