"""A hub that lost its last commits hears them again, because the marks are its own, and lost with them."""

from pathlib import Path

import pytest

from sync.journal import Journal
from tests.power.dictation import dictated
from tests.power.disk import Cut, cuts
from tests.power.judging import found_after
from tests.power.replay import NOTHING, Film, replayed
from tests.stories import invariants
from tests.stories.box import items_in
from tests.stories.disk import Card
from tests.stories.world import World

pytestmark = pytest.mark.slow

CARELESS = {"pragma synchronous = full": "pragma synchronous = normal"}
NIGHTS = 6
SEED = 1


def test_what_a_hub_forgot_in_a_power_cut_is_sent_again(tmp_path: Path) -> None:
    """A hub whose disk lied: it said that it had the answers, and then the power failed."""
    world = _after_the_hub_forgot(tmp_path)

    before = _missing(world)
    world.quiet_nights()

    invariants.hold(world)
    assert (True, set()) == (bool(before), _missing(world))
    world.closes()


def test_a_box_that_kept_the_marks_itself_would_lose_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same nights with a mistake planted: the box believes for ever what it was once told."""
    monkeypatch.setattr(Journal, "take_marks", Journal.raise_marks)
    world = _after_the_hub_forgot(tmp_path)

    before = _missing(world)
    world.quiet_nights()

    assert before, "the hub forgot nothing"
    assert before <= _missing(world)
    world.closes()


def _missing(world: World) -> set[str]:
    """What learners saw accepted, and the hub has not."""
    return {item for _, _, item in world.ledger.lines} - items_in(world.hub.events(world.boxes[0].id))


def _after_the_hub_forgot(folder: Path) -> World:
    for name in ("world", "replay", "disks"):
        (folder / name).mkdir()
    with dictated() as said:
        world = World(folder / "world", Card())
        box = world.box()
        amina = box.somebody("amina")
        for _ in range(NIGHTS):
            amina.answers()
            box.night()
            said.acknowledged()
    (path,) = (path for path in said.paths() if path.name == "hub.db")
    cut = _forgetful(replayed(said.to(path), folder / "replay", CARELESS), folder / "disks")
    world.hub.closes()
    for left in path.parent.glob("hub.db*"):
        left.unlink()
    cut.written_to(path.parent)
    world.hub.opens()
    return world


def _forgetful(film: Film, memory: Path) -> Cut:
    """The latest cut, right after an acknowledgement, whose disk forgot something of it and remembers the rest."""
    places = [at for at, _ in film.acknowledged]
    for cut in reversed(list(cuts(film.acts, places, SEED, manners=["lost"]))):
        contents, _ = found_after(cut, film.name, memory)
        if contents not in film.may_be_found(cut.at) and contents != NOTHING:
            return cut
    raise AssertionError("a hub that does not wait for its disk forgot nothing")
