"""Scrubbing: a little each night, in the box's own hours, and never while something else is at work."""

from pathlib import Path
from typing import Any

import pytest

from catalog.scrub import Scrubbed
from edge.box import Box
from edge.nights import scrubbing
from edge.works import works
from tests.edge.conftest import SAMPLES, Shelves

NIGHT_SECONDS = 16 * 3600
"""From nine in the morning until one at night."""


@pytest.fixture
def stocked(box: Box, shelve: Shelves, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A box with a course, whose nights read a few kB."""
    shelve(box, "reader", [SAMPLES / "reader"])
    monkeypatch.setattr(scrubbing, "STEP_BYTES", 1)
    monkeypatch.setattr(scrubbing, "SHARE_BYTES_MIN", 2)
    return box


def ticked(box: Box, times: int) -> list[Scrubbed]:
    """What so many minutes of one night read."""
    steps = [box.scrubbing.tick(box.clock.now()) for _ in range(times)]
    return [step for step in steps if step is not None]


def test_by_day_nothing_is_read(stocked: Box) -> None:
    assert [] == ticked(stocked, 3)


def test_a_night_reads_its_share_and_the_next_night_goes_on(stocked: Box, clock: Any) -> None:
    clock.wind(NIGHT_SECONDS)
    first = ticked(stocked, 20)
    clock.wind(24 * 3600)
    second = ticked(stocked, 20)

    assert 1 <= len(first) < 20
    assert 1 <= len(second) < 20
    assert first[0].read_bytes > 0


def test_within_a_month_everything_had_its_turn(stocked: Box, clock: Any) -> None:
    clock.wind(NIGHT_SECONDS)
    for _ in range(scrubbing.NIGHTS_PER_ROUND):
        ticked(stocked, 20)
        clock.wind(24 * 3600)

    assert stocked.scrubbing.scrub.rounds() >= 1


def test_a_box_that_does_not_know_the_time_reads_a_share_a_day(stocked: Box, clock: Any) -> None:
    clock.wall_seconds = 0

    first = ticked(stocked, 20)
    clock.wind(24 * 3600)

    assert 1 <= len(first) < 20
    assert ticked(stocked, 20)


def test_while_a_stick_is_at_work_nothing_is_read(stocked: Box, clock: Any) -> None:
    clock.wind(NIGHT_SECONDS)

    with stocked.nightly.alone():
        assert [] == ticked(stocked, 3)


def test_the_command_reads_everything_now_and_names_what_is_rotten(stocked: Box) -> None:
    page: Path = next(path for path in stocked.shelf.tree("reader").rglob("*.pdf"))
    page.write_bytes(page.read_bytes()[:-1] + b"?")
    told: list[Any] = []

    result = works(stocked)["scrub"]({"do": "scrub"}, told.append)

    assert 1 == len(result["rotten"]) == len(result["found"])
    assert stocked.store.count() == result["files"] - 1
    assert told[-1]["done_bytes"] == told[-1]["total_bytes"] > 0
    assert ["scrub-found"] == [alarm.kind for alarm in stocked.alarms.standing()]
    assert 1 == works(stocked)["status"]({"do": "status"}, told.append)["scrub"]["rotten"]


def test_staff_see_which_course_lacks_what_rotted_until_it_is_back(stocked: Box, staff: Any) -> None:
    page: Path = next(path for path in stocked.shelf.tree("reader").rglob("*.pdf"))
    good = page.read_bytes()
    page.write_bytes(good[:-1] + b"?")
    works(stocked)["scrub"]({"do": "scrub"}, lambda told: None)
    title = next(iter(stocked.shelf.courses())).title["en"]

    lacking = staff.opens("/staff")
    with stocked.store.batch() as batch:
        digest, _ = batch.add_bytes(good)
    stocked.scrubbing.scrub.back([digest])
    whole = staff.opens("/staff")

    assert f"The next session fetches them again, for {title}." in lacking
    assert (True, False) == ("to come</span>" in lacking, "All that should be here is here" in lacking)
    assert "They were fetched again and are back." in whole
    assert "to come</span>" not in whole
