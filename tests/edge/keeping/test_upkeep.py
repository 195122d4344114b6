"""Upkeep: what may go goes once a night is over, and a little of the journal is proven each time."""

import random

import pytest

from edge.campus import words
from edge.keeping import upkeep
from edge.keeping.alarms import DAY_SECONDS
from sync.campus.ownership import Side, Word
from sync.chain import BEGINNING, Position
from sync.events import fields_of
from sync.snapshot import snapshot_of


@pytest.fixture
def busy(box, amina, clock):
    """A box whose learner has done much, long ago, and the hub has it all in a backup."""
    box.learning.completed(amina.id, "water", 1, "site")
    box.learning.answered(amina.id, "water", "quiz", "first", "42")
    for permille in (800, 500):
        box.database.write(box.results.scored_work(amina.id, "water", 1, "quiz", permille, None))
    draws = random.Random(7)

    def many(connection):
        for _ in range(1500):
            said = {"course": "water", "activity": "quiz", "item": f"{draws.randrange(9)}", "answer": "7"}
            box.journal.append(connection, "answered", amina.id, said)
        connection.execute("update epoch set taken = 1400, backed_up = 1400")

    box.database.write(many)
    box.change_config({"journal_events": 1000, "journal_days": 30})
    return box


def counts(box):
    rows = box.database.read().execute("select kind, count(*) from event group by kind")
    return {row[0]: row[1] for row in rows}


def test_nothing_goes_while_it_is_young(busy):
    assert 0 == upkeep.prune(busy)


def test_nothing_goes_while_the_time_is_not_known(busy, clock):
    clock.wall_seconds = 0

    assert 0 == upkeep.prune(busy)


def test_what_is_old_goes_and_who_did_it_is_said_again(busy, amina, clock):
    clock.wind(31 * DAY_SECONDS)

    upkeep.prune(busy)

    (snapshot,) = [one for one in _events(busy) if one.kind == "snapshot"]
    said = snapshot_of(fields_of(snapshot))
    assert [("site", True)] == [(place.activity, place.is_completed) for place in said.places]
    assert ("first", "42") in [(answer.item, answer.answer) for answer in said.answers]
    assert [("quiz", 800, 2)] == [(one.activity, one.best_permille, one.attempts) for one in said.results]
    assert ["Amina Warsame"] == [fields_of(one)["name"] for one in _events(busy) if one.kind == "learner"]
    assert ["Grade 8 B"] == [fields_of(one)["name"] for one in _events(busy) if one.kind == "class"]
    assert 1000 <= sum(counts(busy).values()) < 1010
    assert busy.journal.verify() == sum(counts(busy).values())


def test_one_night_does_a_bounded_piece_and_the_next_goes_on(busy, clock):
    clock.wind(31 * DAY_SECONDS)

    assert 2 == upkeep.prune(busy, 2)
    assert 0 < upkeep.prune(busy)
    assert 0 == upkeep.prune(busy)


def test_a_box_that_is_told_to_stop_prunes_no_more(busy, clock):
    clock.wind(31 * DAY_SECONDS)
    busy.nightly.tell_to_stop()

    assert 0 == upkeep.prune(busy)
    assert BEGINNING == upkeep.prove(busy)


def test_the_journal_is_proven_a_little_each_night_until_it_comes_round(busy):
    seen = [upkeep.prove(busy, 500) for _ in range(4)]

    assert [Position(0, 499), Position(0, 999), Position(0, 1499), BEGINNING] == seen


def test_damage_is_an_alarm_and_a_whole_round_without_any_settles_it(busy):
    def shift(seconds):
        sql = "update event set wall_seconds = wall_seconds + ? where sequence = 700"
        busy.database.write(lambda connection: connection.execute(sql, [seconds]))

    shift(1)
    upkeep.prove(busy)
    assert ["journal-damaged"] == [alarm.kind for alarm in busy.alarms.standing()]

    shift(-1)
    upkeep.prove(busy)
    assert [] == busy.alarms.standing()


def _events(box):
    from sync.chain import event_of

    rows = box.database.read().execute("select * from event join epoch using (place) order by place, sequence")
    return [event_of(row["epoch"], row) for row in rows.fetchall()]


def test_the_hub_rules_how_long_events_stay_however_few_they_are(busy, clock):
    """A box of its own setting would keep them for years: the hub may have them go sooner, never stay longer."""
    busy.change_config({"journal_events": 400_000, "journal_days": 400})
    clock.wind(31 * DAY_SECONDS)
    before = upkeep.prune(busy)
    rules(busy, "30")

    upkeep.prune(busy)

    assert (0, 30) == (before, busy.campus.days_ruled())
    assert sum(counts(busy).values()) < 200
    assert busy.journal.verify() == sum(counts(busy).values())


def test_a_longer_rule_takes_nothing_that_the_box_itself_keeps(busy, clock):
    """Few events, older than the box says and not than the hub: both kept them, and together they let them go."""
    busy.change_config({"journal_events": 400_000, "journal_days": 400})
    clock.wind(450 * DAY_SECONDS)
    before = sum(counts(busy).values())
    rules(busy, "1000")

    taken = upkeep.prune(busy)

    assert (0, 1000) == (taken, busy.campus.days_ruled())
    assert sum(counts(busy).values()) >= before


@pytest.mark.parametrize("value", ["", "0", "-3", "a year", "99999999", "\u0663\u0660"])
def test_a_rule_that_is_none_changes_nothing(busy, clock, value):
    clock.wind(29 * DAY_SECONDS)
    rules(busy, "30")
    rules(busy, value, edit=1)

    assert (None, 0) == (busy.campus.days_ruled(), upkeep.prune(busy))


def rules(box, value, edit=0):
    says = {"name": "journal_days", "value": value, "edit": edit}
    word = Word("policy", "journal_days", Side.HUB, edit.to_bytes(8, "big"), says)
    box.database.write(lambda connection: words.keep(connection, word))
