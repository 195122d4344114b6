"""Cases: number n is the same case at the same door, wherever and whenever it is made."""

from random import Random

from tests.hostile.damage import damaged
from tests.hostile.doors import Case, Door

WHOLE_PERCENT = 12
"""So many samples go in as they are: those with a trick are hostile enough, the others show that the door is open."""


def case_of(door: Door, number: int) -> Case:
    """Draw the case with this number for its door."""
    chance = Random(f"hostile {number}")
    kind = chance.choice(door.kinds)
    data, words = door.sample(kind, chance)
    if chance.randrange(100) < WHOLE_PERCENT:
        return Case(kind, data, words)
    other, _ = door.sample(kind, chance)
    changed, story = damaged(data, other, chance)
    return Case(kind, changed, f"{words}: {story}")
