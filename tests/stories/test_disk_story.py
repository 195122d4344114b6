"""The disk is full: that is said, nothing half-written stays, and it goes on by itself when there is room."""

import errno
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from catalog.durable import disk_fault
from catalog.fault import DiskFull
from sync.hub.app import create_app
from tests.stories.world import World
from tests.wire import noise

pytestmark = pytest.mark.slow

SITE = {"index.html": b"<h1>Water</h1>"}


def no_room(*_: Any) -> NoReturn:
    raise disk_fault(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), Path("file"))


@pytest.mark.parametrize("step", ["catalog.batch.sync_disk", "catalog.batch.StagedFile.write"])
def test_disk_full_in_an_import_at_the_hub(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The hub's disk fills up while a course is read in: it says so, and takes the course once there is room."""
    box = world.box()
    folder = tmp_path / "water"
    folder.mkdir()
    (folder / "index.html").write_bytes(b"<h1>Water</h1>")
    with monkeypatch.context() as full, pytest.raises(DiskFull, match="The disk is full") as refused:
        full.setattr(step, no_room)
        world.hub.publishes_source(folder)

    assert "Free some space" in refused.value.hint
    assert [] == [path for path in (world.hub.data / "store").rglob("*") if path.is_file() and path.name != ".lock"]
    assert 200 == create_app(world.hub.hub).test_client().get("/claim").status_code
    assert ("well", []) == ((night := box.night()).outcome, night.courses)

    world.hub.publishes_source(folder, course="water")

    assert ["water"] == box.night().courses


@pytest.mark.parametrize(
    "step", ["catalog.batch.StagedFile.write", "catalog.batch.sync_disk", "sync.receiving.spool.reserve_ahead"]
)
def test_disk_full_in_a_sync_at_the_box(world: World, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The card fills up in a session: the pages go on, progress goes up, and the next night brings the course."""
    world.hub.publishes("water", core={"book.bin": noise(100_000)})
    box = world.box()
    box.somebody("amina").answers()
    with monkeypatch.context() as full:
        full.setattr(step, no_room)
        night = box.night()
        serving = box.shows("/styleguide"), box.shows("/sign-in/class")
    box.excused |= world.hub.pack_sizes().keys()

    assert "short" == night.outcome
    assert "The disk is full" in night.sentence
    assert "Free some space" in night.hint
    assert ((200, 200), {}, [], []) == (serving, box.shelf(), box.staged(), box.box.spool.names())
    assert 2 == night.events_up

    assert ["water"] == box.night().courses


def test_a_course_that_will_not_fit_is_said_before_its_first_byte(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One course is too large for what is left; it is named, and the others come."""
    world.hub.publishes("ocean", core={"book.bin": noise(900_000)})
    world.hub.publishes("water", core=SITE)
    box = world.box()
    with monkeypatch.context() as small:
        small.setattr("sync.receiving.receiver.free_bytes", lambda folder: (64 << 20) + 500_000)
        night = box.night()

    assert ("short", ["water"]) == (night.outcome, night.courses)
    assert "ocean: needs 2 MiB of disk" in night.sentence
    assert 1 == len(box.wire.packs())

    assert ["ocean"] == box.night().courses


def test_an_answer_on_a_full_disk_is_not_acknowledged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database cannot grow any more: the learner is told so, and what was taken before stays."""
    box = world.box()
    amina = box.somebody("amina")
    amina.answers()
    writer = box.box.database._writer
    pages = writer.execute("pragma page_count").fetchone()[0]
    writer.execute(f"pragma max_page_count = {pages}")

    with pytest.raises(DiskFull, match="The disk is full"):
        for _ in range(200):
            amina.answers()
    writer.execute("pragma max_page_count = 1000000")
    amina.answers()

    assert "well" == box.night().outcome
