"""One place for worlds, for all tests of one file."""

from collections.abc import Iterator

import pytest

from tests.simulation import living


@pytest.fixture(scope="module")
def simulation() -> Iterator[living.Simulation]:
    """Where worlds are lived."""
    with living.simulation() as simulation:
        yield simulation
