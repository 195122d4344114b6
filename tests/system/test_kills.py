"""`kill -9` of box and hub under load, a hundred times; and a kill in the middle of an intake."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.serve import opened
from sync.batch import BATCH_BYTES_MAX
from sync.clock import SystemClock
from sync.keys import base64url
from tests.system.kills import Campus, differences, residue
from tests.system.machines import Machine
from tests.system.road import Road

pytestmark = pytest.mark.system

KILLS = 100
KILLS_FOR_A_MISTAKE = 8
SEED = 2026
EVENTS = 5_000
BATCH_BYTES = 250_000
TALK_BYTES = 30_000
"""All that is said around the batches of two sessions."""


def test_no_kill_of_box_or_hub_loses_or_doubles_an_answer(tmp_path: Path) -> None:
    lots = random.Random(SEED)
    with Campus(tmp_path) as campus:
        complaints = [wrong for number in range(KILLS) if (wrong := campus.is_killed(lots))]
        answered = sum(len(learner.acknowledged) for learner in campus.learners)

        assert ([], []) == (complaints, campus.ends())
    assert answered > KILLS, "the machines were killed before they could work"


def test_kills_find_a_box_that_answers_before_it_keeps(tmp_path: Path) -> None:
    """The kills are worth nothing if a box that is hasty comes through."""
    lots = random.Random(SEED)
    campus = Campus(tmp_path)
    campus.box.program = "tests.system.hasty"
    with campus:
        complaints = [wrong for _ in range(KILLS_FOR_A_MISTAKE) if (wrong := campus.is_killed(lots))]

    assert any("acknowledged, and lost" in wrong for wrong in complaints)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Machine]:
    hub = Machine("hub", tmp_path / "hub")
    hub.starts()
    yield hub
    hub.stops()


@pytest.fixture
def road(hub: Machine) -> Iterator[Road]:
    road = Road(hub.port)
    yield road
    road.close()


@pytest.fixture
def box(hub: Machine, road: Road, tmp_path: Path) -> Machine:
    """A box with a term's answers that nobody has heard of yet: several batches."""
    box = Machine("box", tmp_path / "box")
    (box.data / "box.toml").write_text('content_ports = 1\nwindow = "00:00-00:00"\n')
    box.says("enrol", "--hub", road.address, "--token", hub.says("token", "--campus", "Wadi")["token"])
    lots = random.Random(SEED)
    with opened(box.data, SystemClock()) as one:

        def answer(connection) -> None:  # type: ignore[no-untyped-def]
            for number in range(EVENTS):
                said = {
                    "course": "water",
                    "activity": "quiz",
                    "item": f"{number}",
                    "answer": base64url(lots.randbytes(200)),
                }
                one.journal.append(connection, "answered", f"learner-{number % 50}", said)

        one.database.write(answer)
    return box


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize(("share", "delay_seconds"), [(0.5, 0.0), (1.0, 0.02), (1.0, 0.08)])
def test_a_hub_killed_in_the_middle_of_an_intake_hears_at_most_one_batch_again(
    hub: Machine, road: Road, box: Machine, batch: int, share: float, delay_seconds: float
) -> None:
    """In the middle of a batch on its way, as its last bytes come, and while the hub works on it."""
    with opened(box.data, SystemClock()) as one:
        whole_bytes = sum(len(body) for _, body in one.journal.unsent_batches())
    place = round((batch + share) * BATCH_BYTES)
    road.up_bytes = 0
    road.calls_on_the_way_up(place, lambda: threading.Timer(delay_seconds, hub.is_killed).start())

    cut = box.told("sync")
    hub.starts()
    night = box.says("sync")
    hub.stops()

    assert whole_bytes > 3 * BATCH_BYTES
    assert (True, "well") == (cut.returncode != 0, night["outcome"])
    assert road.up_bytes <= whole_bytes + BATCH_BYTES_MAX + TALK_BYTES
    assert [] == [*differences(box.data, hub.data), *residue(box.data, hub.data)]
