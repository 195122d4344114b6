"""The nouns of the stories, for those rows of docs/security.md that take boxes, a hub, sticks and nights."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.conftest import card as card
from tests.stories.conftest import world as world
from tests.stories.stick import CampusStick


@pytest.fixture
def sticks(tmp_path: Path) -> Callable[[], CampusStick]:
    """Hands out empty sticks."""
    count = iter(range(100))
    return lambda: CampusStick(tmp_path / f"stick-{next(count)}")
