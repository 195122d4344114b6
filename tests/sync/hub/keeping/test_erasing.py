"""Erased at the hub: gone here, at every box of the campus, in what still comes, and after rebuilding and restoring."""

import json
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog.fault import Damaged
from sync.batch import decode
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.hub import Hub
from sync.hub.keeping import forgotten
from sync.hub.keeping.alarms import Kind
from sync.hub.keeping.nightly import Nightly
from sync.hub.keeping.restore import restore

Box = Any


@pytest.fixture
def campus(hub: Hub, box: Box) -> str:
    return hub.fleet.campuses()[0].id


def studies(box: Box, learner: str) -> None:
    box.writes("learner", learner, name=learner.title(), class_="7b")
    box.writes("progressed", learner, course="water", version=1, activity="film", permille=500)


def spoken_of(hub: Hub) -> set[str]:
    """The learners of whom any batch or table still says something."""
    with reading(hub.engine) as connection:
        tables = [connection.execute(select(one.c.learner)).scalars() for one in (schema.learner, schema.progress)]
        known = {learner for found in tables for learner in found}
        bodies = connection.execute(select(schema.batch.c.body)).scalars().all()
    events = [event for body in bodies for event in decode(body).events]
    return known | {event.learner for event in events if event.learner and event.payload is not None}


def test_a_learner_is_erased_at_the_hub_and_every_box_is_told(
    hub: Hub, box: Box, new_box: Callable[[], Box], campus: str
) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campuses()[0]))
    for one in (box, other):
        studies(one, "amina")
        studies(one, "badr")
        one.sends()

    hub.keeping.erasing.erase(campus, "amina", "rana")

    assert {"badr"} == spoken_of(hub)
    assert [["amina"], ["amina"]] == [list(one.sends().erased) for one in (box, other)]
    for one in (box, other):
        one.erases("amina")
        one.sends()
    assert [[], []] == [list(one.sends().erased) for one in (box, other)]


def test_erasing_twice_is_erasing_once(hub: Hub, box: Box, campus: str) -> None:
    studies(box, "amina")
    box.sends()
    for _ in range(2):
        hub.keeping.erasing.erase(campus, "amina", "rana")

    assert ["erased"] == [line.act for line in hub.keeping.audit.lines()]


def test_what_still_comes_of_an_erased_learner_is_blanked(hub: Hub, box: Box, campus: str) -> None:
    studies(box, "amina")
    box.sends()
    hub.keeping.erasing.erase(campus, "amina", "rana")

    studies(box, "amina")
    answer = box.sends()

    assert set() == spoken_of(hub)
    assert ["amina"] == list(answer.erased)


def test_a_rebuild_brings_nobody_back(hub: Hub, box: Box, campus: str) -> None:
    studies(box, "amina")
    studies(box, "badr")
    box.sends()
    hub.keeping.erasing.erase(campus, "amina", "rana")

    seen: list[tuple[int, int]] = []
    hub.intake.rebuild(lambda done, total: seen.append((done, total)))

    assert {"badr"} == spoken_of(hub)
    assert [(1, 1)] == seen


@pytest.fixture
def backed_up(hub: Hub, box: Box, tmp_path: Path) -> Path:
    """A place with a backup that knows two learners."""
    studies(box, "amina")
    studies(box, "badr")
    box.sends()
    hub.keeping.backups.make(tmp_path / "backups")
    return tmp_path / "backups"


def alarms(hub: Hub) -> list[str]:
    return [one.kind.value for one in hub.keeping.alarms.standing(hub.clock.now().wall_seconds).get("", [])]


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_hub_that_is_lost_after_an_erasure_does_not_bring_the_learner_back(
    hub: Hub, campus: str, backed_up: Path, tmp_path: Path
) -> None:
    """The machine burns down the same night, and no box had called: what lies beside the backup is all that knows."""
    assert [] == hub.keeping.erasing.erase(campus, "amina", "rana")
    hub.close()

    done = restore(backed_up, tmp_path / "again", hub.clock, secrets.token_bytes)

    again = Hub.open(tmp_path / "again", hub.clock, secrets.token_bytes)
    assert ({"badr"}, 1) == (spoken_of(again), done.erased)
    assert ["hub-restored"] == alarms(again)
    again.close()


def test_the_list_beside_the_backups_names_nobody(hub: Hub, campus: str, backed_up: Path) -> None:
    hub.keeping.erasing.erase(campus, "amina", "rana")

    document = json.loads((backed_up / "erased.json").read_text())

    assert {"form": 1, "erased": [[campus, "amina"]]} == document
    assert 0o600 == (backed_up / "erased.json").stat().st_mode & 0o777


def test_backups_that_cannot_be_reached_are_said_until_they_know(hub: Hub, campus: str, backed_up: Path) -> None:
    away = backed_up.rename(backed_up.with_name("carried-away"))

    behind = hub.keeping.erasing.erase(campus, "amina", "rana")
    meanwhile = alarms(hub)
    away.rename(backed_up)
    hub.keeping.backups.tell_of_erased()

    assert ([backed_up], ["erasure-unlisted"], []) == (behind, meanwhile, alarms(hub))
    assert "amina" in (backed_up / "erased.json").read_text()


def test_a_disk_of_backups_that_is_gone_for_good_is_given_up(hub: Hub, campus: str, backed_up: Path) -> None:
    shutil.rmtree(backed_up)
    hub.keeping.erasing.erase(campus, "amina", "rana")

    hub.keeping.settle("", Kind.ERASURE_UNLISTED, "rana")

    assert [] == hub.keeping.erasing.erase(campus, "badr", "rana")
    assert [] == alarms(hub)


def test_whom_a_box_erased_is_listed_with_the_next_tick(hub: Hub, box: Box, backed_up: Path) -> None:
    box.erases("amina")
    box.sends()

    Nightly(hub.keeping.backups, backed_up, hub.clock).tick()

    assert ["amina"] == [learner for _, learner in forgotten.read(backed_up)]


def test_a_list_only_grows(hub: Hub, campus: str, backed_up: Path) -> None:
    forgotten.write(backed_up, [(campus, "chitra")])

    hub.keeping.erasing.erase(campus, "amina", "rana")
    hub.keeping.backups.make(backed_up)

    assert ["amina", "chitra"] == [learner for _, learner in forgotten.read(backed_up)]


@pytest.mark.parametrize("text", ["", "{}", '{"form": 2, "erased": []}', '{"form": 1, "erased": [["../x", "amina"]]}'])
def test_a_list_that_cannot_be_read_is_not_passed_over(
    hub: Hub, backed_up: Path, tmp_path: Path, text: str, database_url: str | None
) -> None:
    (backed_up / "erased.json").write_text(text)

    with pytest.raises(Damaged, match="list of the erased"):
        restore(backed_up, tmp_path / "again", hub.clock, secrets.token_bytes, database_url=database_url)

    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("database_url", [None], ids=["sqlite"])
def test_a_backup_from_before_brings_nobody_back_once_the_box_has_called(
    hub: Hub, box: Box, campus: str, tmp_path: Path
) -> None:
    """The hub's machine burnt down, and its backup knows the learner; the box remembers who was erased."""
    studies(box, "amina")
    box.sends()
    hub.keeping.backups.make(tmp_path / "backups")
    box.erases("amina")
    box.sends()

    restore(tmp_path / "backups", tmp_path / "again", hub.clock, secrets.token_bytes)
    again = Hub.open(tmp_path / "again", hub.clock, secrets.token_bytes)
    before = spoken_of(again)
    from tests.sync.hub.keeping.test_backup import meets

    meets(box, again)
    while box.journal.unsent_count():
        box.sends()

    assert ({"amina"}, set()) == (before, spoken_of(again))
    again.close()
