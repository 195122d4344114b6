"""Batches are acknowledged first and read out later; nothing between is lost, doubled or brought back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from catalog.fault import BoxFault
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.hub import Hub
from sync.hub.readout import Readout

pytestmark = pytest.mark.slow

Box = Any


@pytest.fixture
def nobody_reads_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """As if the hub fell right behind each acknowledgement, until the returned is called."""
    with monkeypatch.context() as context:
        context.setattr(Readout, "wake", lambda self: None)
        yield context.undo


def studies(box: Box, learner: str, permille: int = 500) -> None:
    box.writes("learner", learner, name=learner.title(), class_="7b")
    box.writes("progressed", learner, course="water", version=1, activity="film", seconds=90, permille=permille)


def names(hub: Hub) -> list[str]:
    with reading(hub.engine) as connection:
        return list(connection.execute(select(schema.learner.c.name).order_by(schema.learner.c.name)).scalars())


def waiting(hub: Hub) -> int:
    with reading(hub.engine) as connection:
        return connection.execute(select(func.count()).select_from(schema.unread)).scalar_one()


def test_what_is_acknowledged_is_read_out_by_the_answer_s_end(hub: Hub, box: Box) -> None:
    studies(box, "amina")

    box.sends()

    assert (["Amina"], 0) == (names(hub), waiting(hub))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_results_come_to_the_same_in_any_order(hub: Hub, box: Box, order: tuple[int, ...]) -> None:
    tries = [
        {"permille": 300, "is_passed": 0, "attempt": 1, "seconds": 60},
        {"permille": 900, "is_passed": 1, "attempt": 2, "seconds": 90},
        {"permille": 500, "is_passed": 0, "attempt": 3, "seconds": 120},
    ]
    for number in order:
        box.writes("scored", "amina", course="water", version=1, activity="quiz", **tries[number])
        box.sends()

    with reading(hub.engine) as connection:
        row = connection.execute(select(schema.result)).one()
    last = tries[order[-1]]["permille"]
    assert (900, last, 2, 3, 120) == (row.best_permille, row.last_permille, row.passing, row.attempts, row.seconds)


def test_a_hub_that_fell_behind_its_acknowledgement_reads_out_when_it_is_opened(
    hub: Hub, box: Box, nobody_reads_out: Callable[[], None], database_url: str | None
) -> None:
    studies(box, "amina")
    answer = box.sends()
    assert ([], 1, 2) == (names(hub), waiting(hub), answer.marks[0].taken)
    nobody_reads_out()

    again = Hub.open(hub.data, hub.clock, hub.random_bytes, database_url)

    assert (["Amina"], 0) == (names(again), waiting(again))
    again.close()


def test_a_page_shows_what_was_acknowledged_before_it_was_asked_for(
    hub: Hub, box: Box, nobody_reads_out: Callable[[], None]
) -> None:
    studies(box, "amina")
    box.sends()

    (line,) = hub.progress.of_campus(hub.fleet.campuses()[0].id)["water"]

    assert ("Amina", 0) == (line.learner.name, waiting(hub))


def test_who_is_erased_before_being_read_out_does_not_come_back(
    hub: Hub, box: Box, nobody_reads_out: Callable[[], None]
) -> None:
    studies(box, "amina")
    studies(box, "badr")
    box.sends()
    box.erases("amina")
    box.sends()

    assert 2 == hub.intake.readout.catch_up()
    assert ["Badr"] == names(hub)


def test_a_readout_that_fails_in_the_middle_is_done_again_whole(
    hub: Hub, box: Box, nobody_reads_out: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    studies(box, "amina")
    box.sends()
    with monkeypatch.context() as failing:
        failing.setattr("sync.hub.projections.put_places", _disk_full)
        with pytest.raises(BoxFault):
            hub.intake.readout.catch_up()
    assert ([], 1) == (names(hub), waiting(hub))

    hub.intake.readout.catch_up()

    assert (["Amina"], 0) == (names(hub), waiting(hub))


def _disk_full(*_: object) -> None:
    raise OperationalError("insert", {}, OSError("disk full"))


def test_the_thread_reads_out_what_it_is_woken_for_and_ends_when_told(hub: Hub, box: Box) -> None:
    studies(box, "amina")
    hub.intake.readout.start()
    box.sends()

    hub.intake.readout.close()
    hub.intake.readout.wake()

    assert (["Amina"], 0) == (names(hub), waiting(hub))


def test_a_rebuild_leaves_nothing_waiting(hub: Hub, box: Box, nobody_reads_out: Callable[[], None]) -> None:
    studies(box, "amina")
    box.sends()

    assert 1 == hub.intake.rebuild()
    assert (["Amina"], 0) == (names(hub), waiting(hub))
