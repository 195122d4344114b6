"""Erased at the hub: gone here, at every box of the campus, in what still comes, and after rebuilding and restoring."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from sync.batch import decode
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.hub import Hub
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
