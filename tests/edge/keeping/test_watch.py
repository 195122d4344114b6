"""The watch: restored, cloned and a clock that jumped are told apart from what happens every night."""

import pytest

from edge.keeping.alarms import DAY_SECONDS
from edge.keeping.watch import Threads
from sync.clock import TRUSTED_SINCE_SECONDS
from sync.marks import Marked


def kinds(box):
    return [alarm.kind for alarm in box.alarms.standing()]


def marks(box, **said):
    marked = Marked(**{"asked_again": 0, "gone": 0, "beyond": 0, **said})
    box.database.write(lambda connection: box.watch.marked(connection, marked))


def test_nights_in_which_nothing_is_refused_raise_nothing(box):
    for _ in range(20):
        box.watch.session_ended(())
        box.watch.session_ended(["holdings"])

    assert [] == kinds(box)


def test_a_thread_lost_once_was_cut_by_a_copy(box):
    box.watch.session_ended(["nonce"])
    box.watch.session_ended(())

    assert ["card-restored"] == kinds(box)


@pytest.mark.parametrize("code", ["nonce", "batch"])
def test_a_thread_lost_twice_in_a_row_is_another_machines_doing(box, code):
    box.watch.session_ended([code])
    box.watch.session_ended([code])

    assert ["card-cloned"] == kinds(box), "that nothing is to be done about a restored card would be wrong beside it"


def test_a_thread_lost_again_and_again_is_too(box):
    for night in range(7):
        box.watch.session_ended(["nonce"] if night % 3 == 0 else ())

    assert "card-cloned" in kinds(box)


def test_a_thread_that_a_restored_hub_lost_is_explained(box):
    for _ in range(2):
        marks(box, asked_again=12)
        box.watch.session_ended(["nonce"])

    assert ["hub-restored"] == kinds(box)
    assert {"events": 24, "gone": 0} == box.alarms.standing()[0].numbers


def test_a_hub_that_has_more_of_us_than_we_have_knew_us_before_our_card_was(box):
    marks(box, beyond=3)
    box.watch.session_ended(["nonce"])

    assert ["card-restored"] == kinds(box)
    assert {"events": 3} == box.alarms.standing()[0].numbers


def test_what_happened_long_ago_does_not_count():
    threads = Threads(0).after(is_lost=True, is_explained=False)
    for _ in range(16):
        threads = threads.after(is_lost=False, is_explained=False)

    assert Threads(0) == threads


def test_a_clock_that_went_back_is_known_at_the_next_start(boxes, clock):
    box = boxes()
    box.close()
    clock.wall_seconds -= 3 * DAY_SECONDS

    box = boxes()

    assert ["clock-replaced"] == kinds(box)
    assert {"days": 3} == box.alarms.standing()[0].numbers


def test_a_box_that_starts_without_the_time_raises_nothing(boxes, clock):
    boxes().close()
    clock.wall_seconds = 0

    assert [] == kinds(boxes())


def test_the_time_that_the_hub_signed_settles_it(boxes, clock):
    boxes().close()
    clock.wall_seconds -= 3 * DAY_SECONDS
    box = boxes()

    box.watch.hear_time(clock.wall_seconds + 60)
    box.watch.look(clock.now())

    assert [] == kinds(box)


def test_a_clock_that_the_hub_does_not_share_is_told_of(box, clock):
    box.watch.hear_time(clock.wall_seconds + 5 * DAY_SECONDS)

    assert {"days": 5} == box.alarms.standing()[0].numbers


def test_a_hub_without_the_time_is_not_believed(box):
    box.watch.hear_time(TRUSTED_SINCE_SECONDS - 1)

    assert [] == kinds(box)


def test_a_copied_card_takes_the_place_of_one_that_was_put_back(box):
    box.watch.session_ended(["nonce"])
    before = kinds(box)

    box.watch.session_ended(["nonce"])

    assert (["card-restored"], ["card-cloned"]) == (before, kinds(box))
