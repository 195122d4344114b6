"""Alarms: kept until they are over, and said in words that need no training."""

from edge.keeping.alarms import DAY_SECONDS, FADES_SECONDS, KINDS, Alarm
from edge.keeping.wording import alarm_rows, hint, sentence
from edge.works import status


def kinds(box):
    return [alarm.kind for alarm in box.alarms.standing()]


def test_an_alarm_stands_since_it_was_first_raised(box, clock):
    since_seconds = clock.wall_seconds
    box.alarms.raise_("scrub-found", files=1)
    clock.wind(3 * DAY_SECONDS)
    box.alarms.raise_("scrub-found", files=2)

    assert [Alarm("scrub-found", since_seconds, clock.wall_seconds, {"files": 2})] == box.alarms.standing()


def test_what_is_found_piece_by_piece_adds_up(box):
    for _ in range(3):
        box.database.write(lambda connection: box.alarms.add_in(connection, "hub-restored", events=4))

    assert {"events": 12} == box.alarms.standing()[0].numbers


def test_a_settled_alarm_is_gone_until_it_is_raised_again(box, clock):
    box.alarms.raise_("catalogue-expired")
    box.alarms.settle("catalogue-expired")
    box.alarms.settle("catalogue-expired")
    assert [] == kinds(box)

    clock.wind(60)
    box.alarms.raise_("catalogue-expired")

    assert clock.wall_seconds == box.alarms.standing()[0].since_seconds


def test_what_is_only_to_be_known_fades_and_what_is_to_be_done_stays(box, clock):
    for kind in KINDS:
        box.alarms.raise_(kind)
    clock.wind(15 * DAY_SECONDS)

    assert [kind for kind in KINDS if kind not in FADES_SECONDS] == kinds(box)


def test_a_faded_alarm_begins_anew(box, clock):
    box.database.write(lambda connection: box.alarms.add_in(connection, "hub-restored", events=4))
    clock.wind(15 * DAY_SECONDS)
    box.database.write(lambda connection: box.alarms.add_in(connection, "hub-restored", events=1))

    assert [Alarm("hub-restored", clock.wall_seconds, clock.wall_seconds, {"events": 1})] == box.alarms.standing()


def test_the_most_pressing_stands_first(box):
    for kind in reversed(KINDS):
        box.alarms.raise_(kind)

    # A copied card explains what else would be said of one that was put back.
    assert [kind for kind in KINDS if kind != "card-restored"] == kinds(box)


def test_the_same_alarm_within_the_hour_writes_nothing(box, clock):
    box.alarms.raise_("journal-damaged")
    first = box.alarms.standing()
    clock.wind(60)
    box.alarms.raise_("journal-damaged")

    assert first == box.alarms.standing()


def test_every_alarm_has_a_sentence_and_a_next_step():
    said = [(sentence(alarm), hint(alarm)) for alarm in (Alarm(kind, 0, 0) for kind in KINDS)]

    assert len(KINDS) == len({sentence for sentence, _ in said})
    assert all(sentence.endswith(".") and hint.endswith(".") for sentence, hint in said)


def test_the_status_says_what_stands(box, clock):
    box.alarms.raise_("clock-replaced", days=3)

    (row,) = status(box)["alarms"]

    assert {"kind", "sentence", "hint", "since_seconds"} == row.keys()
    assert ("clock-replaced", "The clock of the box is wrong by about 3 days.") == (row["kind"], row["sentence"])
    assert status(box)["alarms"] == alarm_rows(box)


def test_staff_read_an_alarm_and_see_to_it(box, staff):
    box.alarms.raise_("card-cloned")

    staff.opens("/staff")
    assert "Another machine speaks to the hub as this box." in staff.heading
    assert "switch one of the two off" in staff.page

    staff.sends("/staff/alarms/card-cloned")
    assert "/staff" == staff.path
    assert [] == kinds(box)


def test_an_alarm_that_asks_for_nothing_leaves_all_well(box, staff):
    box.alarms.raise_("hub-restored", events=7)
    box.alarms.raise_("card-cloned")
    staff.opens("/staff")
    before = staff.heading
    box.alarms.settle("card-cloned")

    staff.opens("/staff")

    assert "Another machine" in before
    assert "Another machine" not in staff.page
    assert "7 steps of progress are sent again" in staff.page


def test_nobody_else_settles_an_alarm_and_unknown_ones_are_not_there(box, staff, phones, grade):
    box.alarms.raise_("card-cloned")

    phones("10.0.0.9").sends("/staff/alarms/card-cloned")
    assert ["card-cloned"] == kinds(box)
    staff.sends("/staff/alarms/none-such")
    assert 404 == staff.status
