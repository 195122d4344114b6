"""A box: opened by one process at a time, whole again after anything."""

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import BoxFault, CallerFault
from catalog.manifest import Release
from edge.box import Box, read_config
from edge.config import Config
from edge.nights.nightly import Stopped
from edge.people.people import Secret

Boxes = Callable[..., Box]
SAMPLES = Path(__file__).parents[2] / "provisioning" / "samples"


def test_a_second_process_is_told_that_the_box_is_in_use(boxes: Boxes, box: Box) -> None:
    with pytest.raises(BoxFault, match="Another process is using the box"):
        boxes()


def test_a_box_that_was_closed_can_be_opened_again_and_is_the_same(boxes: Boxes, box: Box) -> None:
    box.close()

    assert box.id == boxes().id


def test_a_process_that_died_leaves_no_lock(boxes: Boxes, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "box.lock").write_text("")

    assert not boxes().is_closed


def test_a_box_that_fails_to_open_lets_the_lock_go(boxes: Boxes, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "box.db").write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(BoxFault):
        boxes()
    (tmp_path / "box" / "box.db").unlink()

    assert not boxes().is_closed


def test_the_key_is_for_its_owner_only(box: Box) -> None:
    assert 0o600 == stat.S_IMODE((box.data / "keys" / "box.key").stat().st_mode)


def test_missing_trees_are_made_again(boxes: Boxes, box: Box, shelve: Callable[..., Release]) -> None:
    release = shelve(box, "lesson", [SAMPLES / "lesson"])
    box.close()
    shutil.rmtree(box.data / "trees")

    again = boxes()

    assert (again.shelf.tree_of(release.root) / release.activities[0].path).is_file()


def test_each_start_is_an_epoch_of_its_own(boxes: Boxes, box: Box) -> None:
    box.people.add_classroom("8 B")
    box.close()
    again = boxes()
    again.people.add_classroom("8 C")

    assert 2 == again.database.read().execute("select count(*) from epoch").fetchone()[0]
    again.journal.verify()


def test_erasing_a_learner_ends_their_sessions_and_places(box: Box, shelve: Callable[..., Release]) -> None:
    release = shelve(box, "lesson", [SAMPLES / "lesson"])
    classroom = box.people.add_classroom("8 B")
    amina = box.people.enrol_learner(classroom.id, "Amina", Secret("pin", "4071"))
    cookie, session = box.sessions.begin(amina.id, "learner", {})
    address = box.launches.open(session, "lesson", release.root, "site")
    box.learning.completed(amina.id, "lesson", 1, "site")

    box.people.erase(amina.id)

    assert box.sessions.find(cookie) is None
    assert box.learning.places(amina.id) == {}
    assert box.launches.find(address.port, "box.lan", address.token) is None


def test_a_missing_file_is_the_default_configuration(tmp_path: Path) -> None:
    assert Config() == read_config(tmp_path)


def test_a_changed_setting_lasts_and_holds_at_once(box: Box) -> None:
    box.change_config({"name": "Obock", "window": "23:00-04:00"})

    assert ("Obock", "23:00-04:00") == (box.config.name, box.config.window)
    assert box.config == read_config(box.data)


def test_a_setting_that_cannot_be_changes_nothing(box: Box) -> None:
    with pytest.raises(CallerFault, match="The setting window should be"):
        box.change_config({"window": "tonight"})

    assert (Config(), False) == (box.config, (box.data / "box.toml").exists())


def test_a_file_that_is_not_text_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_bytes(b"name = \xff\xfe")

    with pytest.raises(CallerFault, match=r"box\.toml cannot be read"):
        read_config(tmp_path)


def test_a_folder_that_cannot_be_used_is_named(boxes: Boxes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CallerFault, match="cannot be used"):
        boxes("file/box")


def test_what_begins_in_a_thread_that_starts_as_the_box_closes_touches_nothing(box: Box) -> None:
    """Staff tapped "now" and the power button: the thread of the session came to run when the box was closed."""
    box.close()
    shutil.rmtree(box.data)

    box.sticks.look()
    with pytest.raises(Stopped):
        box.nightly.run()

    assert not box.data.exists()
