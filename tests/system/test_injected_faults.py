"""A disk that refuses one call: always a sentence, never an acknowledged loss, and the next start is whole."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.power.databases import in_memory
from tests.system.injected import CALLS, ERRORS, Failure, Storyteller
from tests.system.injected_stories import DEAF

pytestmark = pytest.mark.system

FIRST = 50
"""So many calls of each kind fail, one in each telling; the soak goes on to the last of them."""


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    folder = in_memory("injected-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def storyteller(memory: Path) -> Iterator[Storyteller]:
    with Storyteller(memory) as one:
        yield one


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("story", ["box", "night"])
def test_a_call_that_fails_is_a_sentence_and_takes_nothing_acknowledged(
    storyteller: Storyteller, story: str, call: str, error: str
) -> None:
    numbers = range(1, min(FIRST, storyteller.calls(story)[call]) + 1)

    assert [] == [wrong for number in numbers for wrong in storyteller.complaints(Failure(story, call, error, number))]


def test_a_failed_flush_finds_a_writer_that_hears_nothing_of_it(memory: Path) -> None:
    """The injections are worth nothing if a box that acknowledges what it could not keep comes through."""
    with Storyteller(memory, DEAF) as deaf:
        flushes = deaf.calls("box")["fdatasync"]
        failures = (Failure("box", "fdatasync", "EIO", number) for number in range(flushes // 2, flushes))

        assert any("acknowledged, and lost" in wrong for failure in failures for wrong in deaf.complaints(failure))
