"""Whatever comes to a door, it ends in a sentence or is what it says: two thousand cases in every run."""

from collections.abc import Sequence
from random import Random

import pytest

from tests.hostile.damage import damaged
from tests.hostile.doors import NAMES
from tests.hostile.planted import DOORS
from tests.hostile.running import Outcome, judged

CASES = 2_002
"""Over all doors: as many at each."""
SHOWN = 5
FOUND_WITHIN = 500
"""Cases at its own door until a planted mistake must have shown."""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_case_ends_in_a_sentence_or_is_what_it_says(name: str) -> None:
    outcomes = list(judged(NAMES.index(name), CASES // len(NAMES), step=len(NAMES)))

    assert CASES // len(NAMES) == len(outcomes)
    assert [] == _complaints(outcomes)[:SHOWN], "python -m tests.hostile NUMBER shows a case again"


@pytest.mark.slow
@pytest.mark.parametrize("mistake", DOORS)
def test_a_planted_mistake_is_found(mistake: str) -> None:
    outcomes = judged(NAMES.index(DOORS[mistake]), FOUND_WITHIN, step=len(NAMES), mistake=mistake)

    assert _complaints(list(outcomes)), f"{FOUND_WITHIN} cases, and nobody saw that {mistake}"


def test_damage_is_the_same_wherever_it_is_drawn() -> None:
    data, other = bytes(range(256)), b'{"a":[1,"b"]}' * 9

    assert [damaged(data, other, Random(seed)) for seed in range(50)] == [
        damaged(data, other, Random(seed)) for seed in range(50)
    ]


def test_every_door_has_a_planted_mistake() -> None:
    assert set(NAMES) == set(DOORS.values())


def _complaints(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [(number, complaint) for number, complaint in outcomes if complaint]
