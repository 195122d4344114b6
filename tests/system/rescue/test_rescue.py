"""A box with answers that were never sent, on a card that is ill; its hub takes what the rescue writes."""

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.fault import CallerFault
from provisioning.rescue.cli import in_words
from provisioning.rescue.partition import CardUnreadable
from provisioning.rescue.rescue import Rescued, rescue
from sync.carry.single import SingleFile, opened_single
from sync.clock import SystemClock
from sync.events import Event
from sync.web import passwords
from tests.stories.box import CampusBox, items_in
from tests.stories.disk import Card
from tests.stories.world import World

pytestmark = pytest.mark.system

MIB = 1 << 20
CARD_MIB = 48
BLOCK_BYTES = 1024
LEARNERS = 12
ANSWERS = 60


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(passwords, "hash_secret", lambda secret: f"hash of {secret}")
    world = World(tmp_path, Card())
    yield world
    world.closes()


@pytest.fixture
def box(world: World) -> CampusBox:
    """A box that sent its first answers, and then many more that it never sent; it is switched off."""
    box = world.box()
    learners = [box.learner(f"learner {number}") for number in range(LEARNERS)]
    for learner in learners:
        learner.answers()
    world.quiet_nights(1)
    for _ in range(ANSWERS):
        for learner in learners:
            learner.answers()
    box.goes_down()
    return box


@pytest.fixture
def card(box: CampusBox, tmp_path: Path) -> Path:
    """The card of the box: four partitions, the last with its folder."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "box").symlink_to(box.data)
    card, data = tmp_path / "card.img", tmp_path / "data.img"
    with card.open("wb") as file:
        file.truncate((4 + CARD_MIB) * MIB)
    rows = "".join(f"start={start}MiB, size=1MiB, type=83\n" for start in (1, 2, 3)) + "start=4MiB, type=83\n"
    run("sfdisk", "--quiet", card, data=f"label: dos\n{rows}".encode())
    (tree / "box").unlink()
    subprocess.run(["cp", "-r", str(box.data), str(tree / "box")], check=True)
    with data.open("wb") as file:
        file.truncate(CARD_MIB * MIB)
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, data)
    with card.open("r+b") as file:
        file.seek(4 * MIB)
        file.write(data.read_bytes())
    return card


def run(*words: object, data: bytes = b"") -> bytes:
    return subprocess.run([str(word) for word in words], input=data, check=True, capture_output=True).stdout


def spoil(card: Path, start: int, size_bytes: int = 0, data: bytes = b"") -> None:
    with card.open("r+b") as file:
        file.seek(start)
        file.write(data or bytes(size_bytes))


def blocks_of(card: Path, name: str) -> list[int]:
    """Where the blocks of a file of the data partition lie on the card, in bytes."""
    partition = f"{card}?offset={4 * MIB}"
    size = int(re.findall(rb"Block size:\s+(\d+)", run("debugfs", "-R", "stats -h", partition))[0])
    return [4 * MIB + int(block) * size for block in run("debugfs", "-R", f"blocks {name}", partition).split()]


def taken(world: World, rescued: Rescued) -> int:
    """The hub takes the letters in their order. Returns how many events it holds more than before."""
    before = len(world.hub.events(rescued.box))
    for path in rescued.letters:
        with opened_single(path) as file:
            came = world.hub.hub.carrying.take(SingleFile(file))
        assert () == came.faults
    return len(world.hub.events(rescued.box)) - before


def test_what_was_never_sent_comes_to_the_hub(world: World, box: CampusBox, card: Path, tmp_path: Path) -> None:
    before = card.read_bytes()

    rescued = rescue(card, tmp_path / "letter.qanat", SystemClock())

    assert (LEARNERS, 0, 0) == (rescued.learners, rescued.lost, rescued.blanked)
    assert rescued.events == taken(world, rescued) >= LEARNERS * ANSWERS
    assert items_in(box_events(box)) <= items_in(world.hub.events(rescued.box))
    assert before == card.read_bytes()
    assert f"Saved: {rescued.events} events of {LEARNERS} learners" in in_words(rescued)[0]


def box_events(box: CampusBox) -> list[Event]:
    box.comes_up()
    events = box.events()
    box.goes_down()
    return events


@pytest.mark.parametrize("what", ["superblock", "table"])
def test_a_damaged_beginning_keeps_nothing_back(world: World, card: Path, tmp_path: Path, what: str) -> None:
    spoil(card, *{"superblock": (4 * MIB, 4096), "table": (0, MIB)}[what])

    rescued = rescue(card, tmp_path / "letter.qanat", SystemClock())

    assert 0 == rescued.lost
    assert rescued.events == taken(world, rescued) >= LEARNERS * ANSWERS


@pytest.mark.parametrize("seed", range(3))
def test_blocks_gone_from_the_middle_cost_what_was_in_them(
    world: World, box: CampusBox, card: Path, tmp_path: Path, seed: int
) -> None:
    """The journal has three holes; what can be proven goes to the hub, and the rest is counted."""
    chance = random.Random(seed)
    unsent = [event for event in box_events(box) if event.payload]
    whole = card.read_bytes()
    for event in chance.sample(unsent[-LEARNERS * ANSWERS // 2 : -LEARNERS], 3):
        for found in re.finditer(re.escape(event.payload_hash), whole):
            spoil(card, found.start() - found.start() % BLOCK_BYTES, data=chance.randbytes(BLOCK_BYTES))

    rescued = rescue(card, tmp_path / "letter.qanat", SystemClock())

    assert rescued.events == taken(world, rescued)
    assert rescued.events > LEARNERS * ANSWERS // 4
    assert rescued.lost > 0
    assert len(rescued.letters) > 1


def test_a_bare_image_of_the_partition_will_do(world: World, card: Path, tmp_path: Path) -> None:
    rescued = rescue(tmp_path / "data.img", tmp_path / "letter.qanat", SystemClock())

    assert rescued.events == taken(world, rescued) > 0


def test_a_second_rescue_brings_the_hub_nothing_twice(world: World, card: Path, tmp_path: Path) -> None:
    first = taken(world, rescue(card, tmp_path / "letter.qanat", SystemClock()))

    again = taken(world, rescue(card, tmp_path / "again.qanat", SystemClock()))

    assert first > 0 == again


def test_without_the_key_of_the_box_nothing_can_be_sent(card: Path, tmp_path: Path) -> None:
    for place in blocks_of(card, "/box/keys/box.key"):
        spoil(card, place, 1024)
    run("debugfs", "-w", "-R", "rm /box/keys/box.key", f"{card}?offset={4 * MIB}")

    with pytest.raises(CardUnreadable, match="The key of the box cannot be read"):
        rescue(card, tmp_path / "letter.qanat", SystemClock())


def test_a_card_that_never_was_a_box_is_said(tmp_path: Path) -> None:
    card = tmp_path / "photos.img"
    card.write_bytes(random.Random(1).randbytes(3 * MIB))

    with pytest.raises(CardUnreadable, match="no box is to be found"):
        rescue(card, tmp_path / "letter.qanat", SystemClock())


@pytest.mark.parametrize(("card", "out"), [("none.img", "letter.qanat"), ("none.img", "letter.txt")])
def test_what_cannot_be_is_said(tmp_path: Path, card: str, out: str) -> None:
    with pytest.raises(CallerFault):
        rescue(tmp_path / card, tmp_path / out, SystemClock())
