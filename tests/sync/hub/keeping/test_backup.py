"""A backup that was proven lets boxes clear away; from it a hub is put back, and boxes bring what it lacks."""

import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from catalog.fault import BoxFault, CallerFault, Damaged
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import reading, writing
from sync.hub.hub import Hub
from sync.hub.keeping import backup, proof
from sync.hub.keeping.nightly import Nightly, is_due
from sync.hub.keeping.restore import restore
from sync.wire import Refusal

Box = Any

NOISE = b"\xa5" * 4096


def breaks(file: Path) -> None:
    """The first two pages of a database are no pages any more."""
    with file.open("r+b") as broken:
        broken.write(2 * NOISE)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def restored(
    hub: Hub, tmp_path: Path, place: Path, database_url: str | None, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Hub]]:
    """Puts a hub back from the newest backup, into a new folder and, on PostgreSQL, a new database."""
    made: list[Hub] = []

    def put_back() -> Hub:
        data = tmp_path / f"again-{len(made)}"
        url = None if database_url is None else request.getfixturevalue("fresh_postgres")()
        restore(place, data, hub.clock, secrets.token_bytes, database_url=url)
        made.append(Hub.open(data, hub.clock, secrets.token_bytes, url))
        return made[-1]

    yield put_back
    for one in made:
        one.close()


def studies(box: Box, learner: str) -> None:
    box.writes("learner", learner, name=learner.title(), class_="7b")
    box.writes("progressed", learner, course="water", version=1, activity="film", permille=500)


def marks(hub: Hub) -> list[tuple[int, int]]:
    with reading(hub.engine) as connection:
        rows = connection.execute(select(schema.epoch.c.taken, schema.epoch.c.backed_up))
        return sorted((row.taken, row.backed_up) for row in rows)


def meets(box: Box, other: Hub) -> None:
    """The box finds the restored hub at the old address: refused for its nonce once, it goes on with the new one."""
    box._client = create_app(other).test_client()
    reply = box.posts("/sync/session", box.report().to_bytes())
    box.nonce = Refusal.from_bytes(reply.data).nonce
    box.sends()


def events(hub: Hub) -> int:
    with reading(hub.engine) as connection:
        return proof.prove(connection)


# ---- the second mark ----


def test_a_proven_backup_moves_the_second_mark_and_the_box_hears_it(hub: Hub, box: Box, place: Path) -> None:
    studies(box, "amina")
    box.sends()

    made = hub.keeping.backups.make(place)
    answer = box.sends()

    assert (3, 1) == (made.events, made.moved)
    assert [(2, 2)] == marks(hub)
    assert [2] == [mark.backed_up for mark in answer.marks]


def test_a_box_hears_of_epochs_that_ended_long_ago_once(hub: Hub, box: Box, place: Path) -> None:
    for learner in ("amina", "badr", "chitra"):
        studies(box, learner)
        box.sends()
        box.restarts()
    hub.keeping.backups.make(place)

    first, second, third = box.sends(), box.sends(), box.sends()

    assert [3, 1, 1] == [len(answer.marks) for answer in (first, second, third)]
    assert {2} == {mark.backed_up for mark in first.marks}


def test_what_an_answer_said_that_was_lost_is_said_again(hub: Hub, box: Box, place: Path) -> None:
    for learner in ("amina", "badr"):
        studies(box, learner)
        box.sends()
        box.restarts()
    hub.keeping.backups.make(place)
    box.posts("/sync/session", (lost := box.report()).to_bytes())

    reply = box.posts("/sync/session", box.report().to_bytes())
    box.nonce = Refusal.from_bytes(reply.data).nonce

    assert lost.nonce != box.nonce
    assert 2 == len(box.sends().marks)


def test_what_came_after_the_backup_is_not_backed_up(hub: Hub, box: Box, place: Path) -> None:
    studies(box, "amina")
    box.sends()
    hub.keeping.backups.make(place)
    studies(box, "badr")
    box.sends()

    assert [(4, 2)] == marks(hub)


def test_a_hub_whose_batches_rotted_is_not_called_backed_up(hub: Hub, box: Box, place: Path) -> None:
    studies(box, "amina")
    box.sends()
    with writing(hub.engine) as connection:
        body = connection.execute(select(schema.batch.c.body)).scalar_one()
        connection.execute(schema.batch.update().values(body=bytes(body[:-4]) + b"gone"))

    with pytest.raises(Damaged):
        hub.keeping.backups.make(place)

    assert [(2, -1)] == marks(hub)
    assert [] == backup.in_place(place)


def test_a_mark_without_its_events_is_found(hub: Hub, box: Box, place: Path) -> None:
    studies(box, "amina")
    box.sends()
    with writing(hub.engine) as connection:
        connection.execute(schema.epoch.update().values(taken=9))

    with pytest.raises(Damaged, match="acknowledged to 9, and held to 2"):
        hub.keeping.backups.make(place)


# ---- the folder ----


def test_files_of_courses_are_copied_once(hub: Hub, publishes: Any, place: Path) -> None:
    publishes("water", core={"index.html": b"<p>Water</p>"})
    first = hub.keeping.backups.make(place)
    publishes("fire", core={"index.html": b"<p>Fire</p>"})

    second = hub.keeping.backups.make(place)

    assert (1, 1) == (first.files, second.files)


def test_a_copy_that_rotted_is_found_and_made_again(hub: Hub, publishes: Any, place: Path) -> None:
    publishes("water", core={"index.html": b"<p>Water</p>"})
    hub.keeping.backups.make(place)
    (copy,) = (file for file in (place / "files").rglob("*") if file.is_file())
    copy.write_bytes(b"<p>Wader</p>")

    made = []
    for _ in range(7):
        hub.clock.passes(86_400)  # type: ignore[attr-defined]
        made.append(hub.keeping.backups.make(place).files)

    assert 1 == sum(made)
    assert b"<p>Water</p>" == copy.read_bytes()


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_seven_are_kept_and_what_only_older_ones_named_goes(hub: Hub, publishes: Any, place: Path) -> None:
    publishes("water", core={"index.html": b"<p>Water</p>"})
    names = []
    for _ in range(9):
        names.append(hub.keeping.backups.make(place).place.name)
        hub.clock.passes(86_400)  # type: ignore[attr-defined]

    assert names[2:] == [one.name for one in backup.in_place(place)]


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_backup_that_a_power_cut_ended_is_cleared_away(hub: Hub, place: Path) -> None:
    left = place / ".2026-01-01T00-00-00Z.part"
    left.mkdir(parents=True)

    hub.keeping.backups.make(place)

    assert not left.exists()


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_keys_and_backups_are_for_their_owner_alone(hub: Hub, place: Path) -> None:
    made = hub.keeping.backups.make(place)

    assert 0o700 == place.stat().st_mode & 0o777
    assert {0o600} == {file.stat().st_mode & 0o777 for file in (made.place / "keys").rglob("*") if file.is_file()}


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_an_erased_name_is_in_no_page_of_the_copy(hub: Hub, box: Box, place: Path) -> None:
    box.writes("learner", "amina", name="Aminata Diallo", class_="7b")
    box.sends()
    box.erases("amina")
    box.sends()

    made = hub.keeping.backups.make(place)

    assert b"Aminata" not in (made.place / "hub.db").read_bytes()


# ---- putting back ----


@pytest.mark.slow
def test_a_hub_is_put_back_and_the_box_brings_what_came_since(
    hub: Hub, box: Box, publishes: Any, place: Path, restored: Callable[[], Hub]
) -> None:
    release = publishes("water", core={"index.html": b"<p>Water</p>"})
    studies(box, "amina")
    box.sends()
    hub.keeping.backups.make(place)
    box.restarts()
    studies(box, "badr")
    box.sends()
    box.restarts()
    studies(box, "chitra")
    box.sends()

    again = restored()
    meets(box, again)
    while box.journal.unsent_count():
        box.sends()

    assert events(hub) == events(again)
    assert release.root == again.catalog.releases.latest("water").root  # type: ignore[union-attr]
    kinds = [one.kind.value for one in again.keeping.alarms.standing(again.clock.now().wall_seconds)[""]]
    assert ["hub-restored"] == kinds
    assert [] == list(again.keeping.alarms.standing(again.clock.now().wall_seconds).get(box.id, ()))


@pytest.mark.slow
def test_the_projections_of_a_hub_that_was_put_back_are_those_of_before(
    hub: Hub, box: Box, place: Path, restored: Callable[[], Hub]
) -> None:
    for learner in ("amina", "badr"):
        studies(box, learner)
    box.sends()
    hub.keeping.backups.make(place)

    again = restored()
    before = _projections(again)
    again.intake.rebuild()

    assert _projections(hub) == before == _projections(again)


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_who_was_erased_since_stays_erased_where_the_old_folder_is_there(
    hub: Hub, box: Box, place: Path, tmp_path: Path
) -> None:
    studies(box, "amina")
    box.sends()
    hub.keeping.backups.make(place)
    box.erases("amina")
    box.sends()
    hub.close()

    done = restore(place, hub.data, hub.clock, secrets.token_bytes, is_replacing=True)

    again = Hub.open(hub.data, hub.clock, secrets.token_bytes)
    assert (1, 0) == (done.erased, len(_projections(again)["learner"]))
    assert done.put_aside is not None
    assert done.put_aside.exists()
    again.close()


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_hub_that_runs_is_not_replaced(hub: Hub, place: Path) -> None:
    hub.keeping.backups.make(place)
    with reading(hub.engine), pytest.raises(BoxFault, match="is running"):
        restore(place, hub.data, hub.clock, secrets.token_bytes, is_replacing=True)


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_hub_whose_database_is_broken_is_put_back(hub: Hub, box: Box, place: Path) -> None:
    """The disk wrote over the first pages of hub.db: nobody runs from it, and the backup is what there is."""
    studies(box, "amina")
    box.sends()
    hub.keeping.backups.make(place)
    hub.close()
    breaks(hub.data / "hub.db")

    done = restore(place, hub.data, hub.clock, secrets.token_bytes, is_replacing=True)

    assert (3, 1) == (done.events, done.boxes)
    assert done.put_aside is not None
    assert (done.put_aside / "hub.db").read_bytes().startswith(NOISE)


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_backup_of_a_database_that_breaks_meanwhile_says_so_and_not_that_its_own_disk_is_full(
    hub: Hub, box: Box, place: Path
) -> None:
    studies(box, "amina")
    box.sends()
    with writing(hub.engine) as connection:
        connection.execute(text("pragma writable_schema = on"))
        connection.execute(text("update sqlite_schema set rootpage = 99999 where name = 'batch'"))
    hub.engine.dispose()

    with pytest.raises(BoxFault, match="database is damaged"):
        hub.keeping.backups.make(place)


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_folder_that_is_not_empty_is_refused(hub: Hub, place: Path, tmp_path: Path) -> None:
    hub.keeping.backups.make(place)

    with pytest.raises(CallerFault, match="not empty"):
        restore(place, tmp_path, hub.clock, secrets.token_bytes)


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
@pytest.mark.parametrize("name", ["hub.db", "catalog.db", "keys/hub.key", "backup.json"])
def test_a_backup_that_was_altered_is_refused_and_nothing_is_written(
    hub: Hub, place: Path, tmp_path: Path, name: str
) -> None:
    made = hub.keeping.backups.make(place)
    file = made.place / name
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(Damaged):
        restore(place, tmp_path / "again", hub.clock, secrets.token_bytes)

    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_course_whose_file_is_missing_is_refused_and_nothing_is_written(
    hub: Hub, publishes: Any, place: Path, tmp_path: Path
) -> None:
    publishes("water", core={"index.html": b"<p>Water</p>"})
    hub.keeping.backups.make(place)
    shutil.rmtree(place / "files")

    with pytest.raises(Damaged, match="is missing"):
        restore(place, tmp_path / "again", hub.clock, secrets.token_bytes)

    assert ["backups", "hub"] == sorted(one.name for one in tmp_path.iterdir() if "again" in one.name or one.is_dir())


# ---- every night ----


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_backup_is_made_each_day_and_a_failure_is_said(hub: Hub, tmp_path: Path) -> None:
    place = tmp_path / "backups"
    nightly = Nightly(hub.keeping.backups, place, hub.clock)
    first, second = nightly.tick(), nightly.tick()
    shutil.rmtree(place)
    place.write_text("no folder")
    hub.clock.passes(86_400)  # type: ignore[attr-defined]
    third = nightly.tick()
    failed = hub.keeping.alarms.standing(hub.clock.now().wall_seconds)
    place.unlink()
    hub.clock.passes(3_600)  # type: ignore[attr-defined]
    fourth = nightly.tick()

    assert [True, False, False, True] == [one is not None for one in (first, second, third, fourth)]
    assert ["backup-failed"] == [one.kind.value for one in failed[""]]
    assert {} == hub.keeping.alarms.standing(hub.clock.now().wall_seconds)


@pytest.mark.parametrize(
    ("last", "failed", "expected"),
    [(None, None, True), (100, None, False), (100 - 86_400, None, True), (101, None, True), (None, 99, False)],
)
def test_a_backup_is_due_once_a_day(last: int | None, failed: int | None, expected: bool) -> None:
    assert expected is is_due(100, last, failed)


def test_a_list_of_a_later_form_is_refused(tmp_path: Path) -> None:
    document = {"form": 2, "made_seconds": 1, "hub": "", "events": 0, "files": {}}
    (tmp_path / "backup.json").write_text(json.dumps(document))

    with pytest.raises(Damaged, match="form 2"):
        backup.read_list(tmp_path)


def _projections(hub: Hub) -> dict[str, list[Any]]:
    with reading(hub.engine) as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in (schema.learner, schema.classroom, schema.progress)
        }
