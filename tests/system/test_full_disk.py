"""The disk is really full: that is said, pages go on, nothing acknowledged is lost; with room it goes on by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.full_disk import SmallDisk, small_disk
from tests.system.kills import Campus
from tests.system.machines import Machine

pytestmark = pytest.mark.system

ANSWERS_MAX = 2_000
"""So many fit at most into what the box's log has of room already."""
SESSIONS_MAX = 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path) as one:
        yield one


def until_refused(campus: Campus) -> str:
    """Learners answer until the box says why it takes no more; its words."""
    for _ in range(ANSWERS_MAX):
        for learner in campus.learners:
            try:
                learner.answers(campus.box.port)
            except AssertionError as refused:
                return str(refused)
    raise AssertionError("the disk never filled up")


def test_a_box_whose_disk_is_full_in_class_goes_on_when_there_is_room(disk: SmallDisk, tmp_path: Path) -> None:
    """Learners read on; who answers is told in words; nobody starts the box again."""
    box = disk.holds("box", tmp_path)
    with Campus(tmp_path, box=box) as campus:
        disk.fills_up()
        refused = until_refused(campus)
        pages = [campus.box.shows(path) for path in ("/", "/sign-in/class")]
        session = campus.box.told("sync")
        before = list(campus.complaints())
        disk.has_room_again()
        for learner in campus.learners:
            learner.answers(campus.box.port)
        asked_once = [learner.acknowledged.count(item) for learner in campus.learners for item in learner.acknowledged]

        assert ("507" in refused, "The disk is full" in refused, "Traceback" in refused) == (True, True, False)
        assert [200, 200] == pages
        assert "Traceback" not in session.stderr
        assert ([], []) == (before, campus.ends())
        assert {1} == set(asked_once)
    assert "Traceback" not in box.with_suffix(".log").read_text()


def test_a_hub_whose_disk_is_full_takes_progress_again_when_there_is_room(disk: SmallDisk, tmp_path: Path) -> None:
    """The box hears a sentence and keeps what it has; the hub's pages go on."""
    hub = disk.holds("hub", tmp_path)
    with Campus(tmp_path, hub=hub) as campus:
        disk.fills_up()
        faults = [fault for _ in range(SESSIONS_MAX) if (fault := refusal(campus))]
        page = campus.hub.shows("/claim")
        before = list(campus.complaints())
        disk.has_room_again()

        assert faults, "the disk never filled up"
        assert all("busy" in fault or "full" in fault for fault in faults), faults
        assert 200 == page
        assert ([], []) == (before, campus.ends())


def refusal(campus: Campus) -> str:
    """More answers, and a session: what the hub said to it, "" where it took them."""
    for _ in range(ANSWERS_MAX // SESSIONS_MAX // len(campus.learners)):
        for learner in campus.learners:
            learner.answers(campus.box.port)
    ended = campus.box.told("sync")
    return "" if ended.returncode == 0 else ended.stderr


@pytest.mark.parametrize("kind", ["box", "hub"])
def test_a_backup_on_a_full_disk_is_refused_in_words_and_leaves_none(
    disk: SmallDisk, tmp_path: Path, kind: str
) -> None:
    """What looks like a backup is one; the next, with room, is."""
    machine = Machine(kind, tmp_path / kind)
    machine.starts()
    words = ["backup", "--to", str(disk.folder / "backup")]
    if kind == "box":
        (tmp_path / "passphrase").write_text("a long passphrase\n")
        words += ["--passphrase-file", str(tmp_path / "passphrase")]
    disk.fills_up()
    refused = machine.told(*words)
    left = [path.name for path in disk.folder.rglob("*") if path.is_file() and path.name != "ballast"]
    disk.has_room_again()
    taken = machine.told(*words)
    machine.stops()

    assert (True, False) == (refused.returncode != 0, "Traceback" in refused.stderr), refused.stderr
    assert "full" in refused.stderr
    assert [] == [name for name in left if not name.startswith(".")]
    assert 0 == taken.returncode, taken.stderr
