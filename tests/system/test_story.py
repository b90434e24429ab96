"""The main job, as `make story` plays it."""

import pytest
from system.running import RunningSystem

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]


def _plays_twice(system: RunningSystem) -> None:
    for _ in range(2):
        played = system.command("story")
        assert played.returncode == 0, played.stdout + played.stderr


def test_the_story_plays_twice_in_a_row_without_a_broker(system: RunningSystem) -> None:
    _plays_twice(system)


@pytest.mark.broker
def test_the_story_plays_twice_in_a_row_with_a_broker(brokered: RunningSystem) -> None:
    _plays_twice(brokered)
