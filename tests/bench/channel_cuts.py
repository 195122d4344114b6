"""Cuts: the link breaks, or the power goes, at places drawn by lot, and what that cost in bytes is counted.

* It is the world of the stories (tests/stories): the real box and the real hub, over a wire that counts what reached
  the box to the byte. A card that loses its power keeps, tears or forgets what nobody had made to last.
* Half of the cuts meet a first download, half a patch; half are the link's, half the power's.
* What came twice is wasted. A night fails where the box does not have its course after the one that follows the cut.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest import mock

from catalog.durable import sync_file
from sync.receiving import spool
from tests.stories.box import CampusBox
from tests.stories.disk import Card, Manner
from tests.stories.world import World
from tests.wire import Misfortune, cut_at, noise

CUTS = 200
SEED = 2026
FILM_BYTES = 3 << 20
COURSE = "water"
MANNERS: tuple[Manner, ...] = ("kept", "torn", "lost")


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut: where it was, what it wasted, and whether the next night was well."""

    what: str
    place: int
    """How much of the pack had come."""
    wasted_bytes: int
    is_mended: bool


def cuts(
    folder: Path, count: int = CUTS, seed: int = SEED, say: Callable[[str], None] = lambda words: None
) -> list[Cut]:
    """So many cuts, the first half in full packs, the other half in patches."""
    chance = Random(seed)
    found: list[Cut] = []
    with _world(folder, seed) as world:
        world.hub.publishes(COURSE, core=_content(1))
        boxes: list[CampusBox] = []
        for number in range(count // 2):
            say(f"cut {number + 1} of {count}")
            boxes.append(world.box(f"school {number}"))
            found.append(_cut(world, boxes[-1], chance))
            boxes[-1].goes_down()
        world.hub.publishes(COURSE, core=_content(2))
        for number, box in enumerate(boxes, len(boxes)):
            say(f"cut {number + 1} of {count}")
            box.comes_up()
            found.append(_cut(world, box, chance))
            box.goes_down()
    return found


def _content(version: int) -> dict[str, bytes]:
    """A page, and a new film in each version that nothing makes smaller: a patch brings only the newest."""
    films = {f"film-{number}.mp4": noise(FILM_BYTES, seed=number) for number in range(1, version + 1)}
    return {"index.html": f"<h1>Water, version {version}</h1>".encode(), **films}


def _cut(world: World, box: CampusBox, chance: Random) -> Cut:
    place = chance.randrange(1, FILM_BYTES)
    what, misfortune = _misfortune(box, place, chance)
    box.wire.delivered.clear()
    box.wire.when_packs_are_asked.append(misfortune)
    first = box.night()
    second = box.night()
    is_mended = first.outcome in ("well", "short", "cut") and second.outcome == "well"
    is_mended = is_mended and box.roots() == world.hub.wanted()
    return Cut(what, place, _wasted_bytes(box.wire.delivered, world.hub.pack_sizes()), is_mended)


def _misfortune(box: CampusBox, place: int, chance: Random) -> tuple[str, Misfortune]:
    if chance.random() < 0.5:
        return "link", cut_at(place)
    manner = chance.choice(MANNERS)
    return f"power, {manner}", box.loses_power_at(place, manner)


def _wasted_bytes(delivered: Counter[str], sizes: dict[str, int]) -> int:
    return sum(max(0, count - sizes[pack]) for pack, count in delivered.items())


@contextmanager
def _world(folder: Path, seed: int) -> Iterator[World]:
    """A world whose cards know what the spool made to last."""
    card = Card()
    with mock.patch.object(spool, "sync_file", card.watching(sync_file)):
        world = World(folder, card, seed)
        try:
            yield world
        finally:
            world.closes()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qanat-cuts-") as folder:
        for one in cuts(Path(folder)):
            print(one)


if __name__ == "__main__":
    main()
