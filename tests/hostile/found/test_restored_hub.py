"""Found by cases at the door `hub-backups`: what a hub's backup said was believed where a path is made of it."""

import json
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from catalog.digest import digest_of
from catalog.fault import Damaged
from sync.hub.hub import Hub
from sync.hub.keeping.restore import restore
from tests.hostile.backups import EVIL, StillClock

pytestmark = pytest.mark.slow


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    hub = Hub.open(tmp_path / "hub", StillClock(), Random("hub").randbytes)
    try:
        return hub.keeping.backups.make(tmp_path / "backups").place
    finally:
        hub.close()


def _put_back(backup: Path, tmp_path: Path) -> None:
    restore(backup, tmp_path / "again" / "hub", StillClock(), Random(1).randbytes)


@pytest.mark.parametrize("name", ["../secret", "keys/../../secret"])
def test_a_list_that_names_a_file_outside_writes_nothing_there(backup: Path, tmp_path: Path, name: str) -> None:
    (backup / name).resolve().write_bytes(EVIL)
    listed = json.loads((backup / "backup.json").read_bytes())
    listed["files"][name] = digest_of(EVIL)
    (backup / "backup.json").write_text(json.dumps(listed))
    (tmp_path / "again").mkdir()

    with pytest.raises(Damaged, match="does not belong in it"):
        _put_back(backup, tmp_path)
    assert [] == list((tmp_path / "again").iterdir())


@pytest.mark.parametrize("name", ["hub.db", "catalog.db"])
def test_a_list_that_lacks_a_database_is_refused(backup: Path, tmp_path: Path, name: str) -> None:
    listed = json.loads((backup / "backup.json").read_bytes())
    del listed["files"][name]
    (backup / "backup.json").write_text(json.dumps(listed))

    with pytest.raises(Damaged, match="lacks a database"):
        _put_back(backup, tmp_path)


def test_a_list_without_the_hubs_own_key_makes_no_hub(backup: Path, tmp_path: Path) -> None:
    """It was put back, and began as another hub, which no box believes."""
    listed = json.loads((backup / "backup.json").read_bytes())
    del listed["files"]["keys/hub.key"]
    (backup / "backup.json").write_text(json.dumps(listed))

    with pytest.raises(Damaged, match="own key"):
        _put_back(backup, tmp_path)


@pytest.mark.parametrize("name", ["backup.json", "../erased.json"])
def test_brackets_in_brackets_are_damage(backup: Path, tmp_path: Path, name: str) -> None:
    (backup / name).write_bytes(b'{"form": ' * 100_000)

    with pytest.raises(Damaged):
        _put_back(backup, tmp_path)


def test_a_catalog_that_cannot_be_changed_is_closed_again(backup: Path, tmp_path: Path) -> None:
    """Damage behind what is proven: what was opened for it stayed open."""
    (tmp_path / "again").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("sync.hub.keeping.restore.text", lambda _: text("update nothing set here = 0"))
        with pytest.raises(Damaged):
            _put_back(backup, tmp_path)

    assert before == len(list(Path("/proc/self/fd").iterdir()))
