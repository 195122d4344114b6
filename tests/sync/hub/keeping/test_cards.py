"""A card that was put back, and a card that was copied, are told apart; what only looks alike raises nothing."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from catalog.db import Database
from sync import journal as journal_
from sync.batch import decode, encode
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.fleet import find
from sync.hub.hub import Hub
from sync.hub.keeping import gaps
from sync.hub.keeping.alarms import Kind
from sync.journal import Journal
from sync.wire import Head, Refusal

Box = Any
NewCard = Callable[..., Box]


@pytest.fixture
def alarms(hub: Hub, box: Box) -> Callable[[], list[str]]:
    """The kinds of alarms that stand for the box."""

    def standing() -> list[str]:
        found = hub.keeping.alarms.standing(hub.clock.now().wall_seconds)
        return [one.kind.value for one in found.get(box.id, ())]

    return standing


@pytest.fixture
def copied() -> Any:
    """Copies a box's card as it is, and makes boxes that run from the copy."""
    opened: list[Database] = []

    def copy(box: Box, name: str) -> Callable[[], Box]:
        path = box.database.path.with_name(name)
        target = sqlite3.connect(path)  # noqa: TID251 - a card is copied as a whole
        box.database.read().conn.backup(target)
        target.close()
        nonce = box.nonce

        def run() -> Box:
            other = object.__new__(type(box))
            other.__dict__.update(box.__dict__)
            other.database = Database(path, [journal_.migrations])
            opened.append(other.database)
            other.journal = Journal(other.database, box.id, box.journal._clock, box._random_bytes)
            other.journal.open_epoch()
            other.nonce = nonce
            return other

        return run

    yield copy
    for database in opened:
        database.close()


def studies(box: Box, learner: str) -> None:
    box.writes("progressed", learner, course="water", version=1, activity="film", permille=500)


def sends(box: Box) -> None:
    """One session: a thread that was lost is picked up again."""
    reply = box.posts("/sync/session", (report := box.report()).to_bytes())
    if reply.status_code == 409:
        box.nonce = Refusal.from_bytes(reply.data).nonce
        box.sends()
    else:
        box.believes(report, reply)


# ---- put back, or copied ----


def test_a_card_put_back_from_a_copy_is_called_just_that(box: Box, copied: Any, alarms: Any) -> None:
    studies(box, "amina")
    sends(box)
    run_copy = copied(box, "copy.db")
    box.restarts()
    studies(box, "badr")
    sends(box)

    restored = run_copy()
    for learner in ("chitra", "dawit"):
        studies(restored, learner)
        sends(restored)

    assert ["card-restored"] == alarms()


def test_a_card_put_back_twice_from_one_copy_is_no_clone(box: Box, copied: Any, alarms: Any) -> None:
    studies(box, "amina")
    sends(box)
    first, second = copied(box, "one.db"), copied(box, "two.db")
    box.restarts()
    studies(box, "badr")
    sends(box)

    for run in (first, second):
        restored = run()
        studies(restored, "chitra")
        sends(restored)
        restored.restarts()
        studies(restored, "chitra")
        sends(restored)

    assert ["card-restored"] == alarms()


def two_cards(box: Box, copied: Any) -> tuple[Box, Box]:
    """A box and a clone of it, after each has written something of its own."""
    studies(box, "amina")
    sends(box)
    run_copy = copied(box, "copy.db")
    box.restarts()
    studies(box, "badr")
    sends(box)
    clone = run_copy()
    studies(clone, "chitra")
    sends(clone)
    return box, clone


def test_two_cards_that_write_by_turns_are_a_clone(box: Box, copied: Any, alarms: Any) -> None:
    for one in two_cards(box, copied):
        studies(one, "dawit")
        sends(one)

    assert ["card-cloned"] == alarms()


def test_two_cards_that_start_again_each_time_are_a_clone(box: Box, copied: Any, alarms: Any) -> None:
    for one in two_cards(box, copied):
        one.restarts()
        studies(one, "dawit")
        sends(one)

    assert ["card-cloned"] == alarms()


def test_an_older_copy_and_then_a_newer_one_are_two_cards_put_back(box: Box, copied: Any, alarms: Any) -> None:
    """The older copy was put in by mistake; the next day somebody put the newer one in, which ends where all stood."""
    studies(box, "amina")
    sends(box)
    run_older = copied(box, "older.db")
    box.restarts()
    studies(box, "badr")
    sends(box)
    run_newer = copied(box, "newer.db")

    for run in (run_older, run_newer):
        one = run()
        for learner in ("chitra", "dawit"):
            studies(one, learner)
            sends(one)
            one.restarts()

    assert ["card-restored"] == alarms()


def test_a_second_machine_that_writes_nothing_is_heard_by_its_nonce(box: Box, copied: Any, alarms: Any) -> None:
    studies(box, "amina")
    sends(box)
    listener = copied(box, "copy.db")()
    sends(box)

    for one in (listener, box, listener):
        sends(one)

    assert ["card-cloned"] == alarms()


def test_a_clone_that_was_settled_is_said_again_when_it_writes_again(
    hub: Hub, box: Box, copied: Any, alarms: Any
) -> None:
    box, clone = two_cards(box, copied)
    for one in (box, clone):
        studies(one, "dawit")
        sends(one)

    hub.keeping.settle(box.id, Kind.CARD_CLONED, "salma")
    settled = alarms()
    studies(box, "chitra")
    sends(box)

    assert ([], ["card-cloned"]) == (settled, alarms())


# ---- what only looks alike ----


def test_starts_and_repeated_reports_raise_nothing(box: Box, alarms: Any) -> None:
    for learner in ("amina", "badr", "chitra"):
        studies(box, learner)
        report = box.report()
        box.posts("/sync/session", report.to_bytes())
        box.sends(report)
        box.restarts()

    assert [] == alarms()


def test_a_letter_from_before_the_card_was_put_back_proves_no_clone(
    hub: Hub, box: Box, copied: Any, alarms: Any
) -> None:
    """The old card wrote a letter, then failed; the copy went in and spoke; the letter came a week later."""
    studies(box, "amina")
    sends(box)
    run_copy = copied(box, "copy.db")
    studies(box, "badr")
    late = box.unsent()
    hub.clock.passes(3600)  # type: ignore[attr-defined]
    restored = run_copy()
    studies(restored, "chitra")
    sends(restored)

    with writing(hub.engine) as connection:
        row = find(connection, box.id)
        assert row is not None
        hub.intake.take(connection, row, box.report(late), hub.clock.now().wall_seconds, is_live=False)
    studies(restored, "chitra")
    sends(restored)

    assert ["card-restored"] == alarms()


def test_other_events_under_one_number_are_their_own_alarm(hub: Hub, box: Box, alarms: Any) -> None:
    hub.intake.flag(box.id, "an-epoch", hub.clock.now().wall_seconds)

    assert ["journal-contradicts"] == alarms()


# ---- clocks and silence ----


def test_a_clock_that_is_trusted_and_days_off_is_said_until_it_is_right(box: Box, alarms: Any) -> None:
    box.sends(replace(box.report(), wall_seconds=box.report().wall_seconds - 3 * 86_400))
    wrong = alarms()
    box.sends()

    assert (["clock-wrong"], []) == (wrong, alarms())


def test_a_clock_that_knows_it_cannot_be_trusted_is_no_alarm(box: Box, alarms: Any) -> None:
    box.sends(replace(box.report(), wall_seconds=0, is_clock_trusted=False))

    assert [] == alarms()


def test_a_box_that_is_silent_for_two_weeks_is_missed(hub: Hub, box: Box, alarms: Any) -> None:
    box.sends()
    hub.clock.passes(14 * 86_400 - 1)  # type: ignore[attr-defined]
    before = alarms()
    hub.clock.passes(1)  # type: ignore[attr-defined]

    assert ([], ["silent-box"]) == (before, alarms())


def test_a_box_out_of_service_raises_no_alarm(hub: Hub, box: Box, alarms: Any) -> None:
    hub.intake.flag(box.id, "an-epoch", hub.clock.now().wall_seconds)
    hub.fleet.revoke(box.id)

    assert [] == alarms()


# ---- gaps ----


def test_what_a_box_cleared_away_and_the_hub_lost_is_a_gap_and_the_rest_goes_on(
    hub: Hub, box: Box, alarms: Any
) -> None:
    studies(box, "amina")
    gone = box.journal.heads()[-1]
    first = box.report()
    studies(box, "badr")
    whole = decode(box.unsent())
    rest = encode(whole.after(gone.sequence))

    box.sends(replace(first, batch=rest, pruned=(gone,)))

    with reading(hub.engine) as connection:
        (gap,) = connection.execute(select(schema.gap)).all()
    assert (0, gone.sequence) == (gap.first, gap.last)
    assert whole.last_sequence == _mark(hub)
    assert ["gap"] == alarms()


def test_a_gap_that_is_told_again_is_the_same_gap(hub: Hub, box: Box) -> None:
    head = Head("an-epoch", 4, box.keys.public)
    with writing(hub.engine) as connection:
        found = [gaps.accept(connection, box.id, [head], 7) for _ in range(2)]

    assert [5, 0] == found


def test_nothing_is_a_gap_that_the_hub_has(hub: Hub, box: Box, alarms: Any) -> None:
    studies(box, "amina")
    box.sends()
    box.sends(replace(box.report(b""), pruned=tuple(box.journal.heads())))

    assert [] == alarms()


def _mark(hub: Hub) -> int:
    with reading(hub.engine) as connection:
        return int(connection.execute(select(schema.epoch.c.taken)).scalar_one())
