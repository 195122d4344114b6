"""Rows 33 and 37 to 39 of docs/security.md: cards that are copied or stolen, and learners' names."""

import logging
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from edge.people.people import Secret
from sync.hub.exporting.one import export_one
from sync.hub.keeping.alarms import Kind
from sync.wire import Report
from tests.stories.world import World

pytestmark = pytest.mark.slow

NAME, NUMBER, PIN, ANSWER = "Amina Warsame", "D-1042", "4719", "because water finds its way"


def enrols_amina(box: Any) -> Any:
    """A learner with a name, a student number and a PIN, who has answered something."""
    classroom = box.box.people.add_classroom("Grade 7 A")
    person = box.box.people.enrol_learner(classroom.id, NAME, Secret("pin", PIN), NUMBER)
    box.box.learning.answered(person.id, "water", "quiz", "first", ANSWER, key="first")
    return person


def told_in(*texts: str) -> list[str]:
    """What of Amina can be read in these texts."""
    return [word for word in (NAME, "Amina", NUMBER, ANSWER) if any(word in text for text in texts)]


def kinds(world: World, box: Any) -> set[Kind]:
    alarms = world.hub.hub.keeping.alarms.standing(world.time.wall_seconds)
    return {alarm.kind for alarm in alarms.get(box.id, ())}


# ---- 33: cards ----


def test_row_33_a_cloned_card_is_found_and_nothing_of_either_is_lost(world: World) -> None:
    box = world.box()
    box.somebody("amina").answers()
    box.night()
    clone = world.clone_of(box)
    for _ in range(4):
        box.somebody("amina").answers()
        clone.somebody("bilan").answers()
        world.time.wait(86_400)
        box.night()
        clone.night()

    assert Kind.CARD_CLONED in kinds(world, box)


def test_row_33_a_lost_reply_and_a_restart_are_no_clone(world: World) -> None:
    box = world.box()
    for _ in range(3):
        box.somebody("amina").answers()
        box.restarts()
        world.time.wait(86_400)
        box.night()

    assert set() == kinds(world, box)


# ---- 37: a stolen box ----


def test_row_37_a_card_without_its_machine_gives_no_secret_as_it_was_typed(world: World) -> None:
    """What it does give is in docs/security.md: names and answers can be read on a card that is not encrypted."""
    box = world.box()
    code = str(box.box.setup.label_code())
    box.box.setup.claim(code, "a long password", "Grade 8 B")
    enrols_amina(box)
    box.night()
    box.goes_down()

    card = b"".join(path.read_bytes() for path in box.data.rglob("*") if path.is_file())

    assert [] == [word for word in ("a long password", code, code.replace("-", "")) if word.encode() in card]
    assert f'"{PIN}"'.encode() not in card
    box.comes_up()


def test_row_37_what_leaves_the_box_by_stick_can_be_read_by_the_hub_alone(world: World, sticks: Any) -> None:
    box, stick = world.box(), sticks()
    enrols_amina(box)
    stick.goes_to_hub(world.hub, "Wadi")

    stick.goes_to(box)

    carried = b"".join(stick.files().values())
    assert [] == [word for word in (NAME, ANSWER, NUMBER) if word.encode() in carried]


def test_row_37_a_stolen_box_is_revoked_from_afar(world: World) -> None:
    box = world.box()
    box.night()
    world.hub.hub.fleet.revoke(box.id)
    before = len(world.hub.events(box.id))

    enrols_amina(box)
    night = box.night()

    assert "well" != night.outcome
    assert before == len(world.hub.events(box.id))
    assert set() == world.hub.names()
    world.ledger.lines.clear()


# ---- 38: a learner leaves ----


def test_row_38_a_learner_is_erased_from_end_to_end(world: World) -> None:
    """Erased at the hub; at the box by the next night; in no file of either, and in no letter or batch."""
    box = world.box()
    person = enrols_amina(box)
    box.night()
    (campus,) = world.hub.hub.fleet.campuses()
    assert {NAME} == world.hub.names()

    world.hub.hub.keeping.erasing.erase(campus.id, person.id, "rana")
    world.erased.add(person.id)
    box.night()
    box.night()

    assert box.box.people.person(person.id) is None
    for words in (NAME, ANSWER):
        assert [] == world.hub.keeps(words)
        box.restarts()
        assert [] == [
            path.name for path in box.data.rglob("*") if path.is_file() and words.encode() in path.read_bytes()
        ]


def test_row_38_a_learner_gets_all_that_the_hub_holds_of_them(world: World, tmp_path: Path) -> None:
    box = world.box()
    person = enrols_amina(box)
    box.night()
    (campus,) = world.hub.hub.fleet.campuses()

    hub = world.hub.hub
    export_one(hub.engine, hub.intake.readout, hub.clock, campus.id, person.id, tmp_path / "amina.zip", "rana")

    with ZipFile(tmp_path / "amina.zip") as archive:
        said = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert [] == [words for words in (NAME, ANSWER) if words not in said]
    assert 0 == (tmp_path / "amina.zip").stat().st_mode & 0o077
    assert ["exported-learner"] == [line.act for line in world.hub.hub.keeping.audit.lines()]


# ---- 39: names ----


def test_row_39_no_name_gets_into_a_log(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A day with a learner in it, pages that fail included; then all that was printed and logged is searched."""
    with caplog.at_level(logging.DEBUG):
        box = world.box()
        person = enrols_amina(box)
        for path in ("/", f"/learners/{person.id}", "/none", f"/classes/{person.classroom}"):
            box.shows(path)
        box.night()
        world.hub.hub.keeping.note("rana", "revoked", box=box.id)
    printed = capfd.readouterr()

    assert [] == told_in(printed.out, printed.err, caplog.text, str(world.hub.hub.keeping.audit.lines()))


def test_row_39_a_name_in_a_log_would_be_found(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("edge").debug("%s signed in", NAME)

    assert [NAME, "Amina"] == told_in(caplog.text)


def test_row_39_a_report_says_of_learners_what_its_batch_says_and_no_more(world: World) -> None:
    box = world.box()
    person = enrols_amina(box)
    box.night()

    heads = [Report.from_bytes(body).to_bytes().partition(b"\n")[0] for body in box.wire.reports()]

    assert [] == [word for word in (NAME, NUMBER, ANSWER, person.id) if any(word.encode() in head for head in heads)]
    assert heads
