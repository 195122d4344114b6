"""Whose turn it is for a certificate."""

from sync.hub.secure.turns import ORDERS_WEEK_MAX, WEEK_SECONDS, Order, Waiting, is_due, pause_seconds, turns

DAY = 86_400
NOW = 1_790_000_000


def held(box: str, left_days: int, days: int = 90) -> Waiting:
    return Waiting(box, NOW + (left_days - days) * DAY, NOW + left_days * DAY)


def test_a_certificate_is_renewed_when_a_third_of_its_life_is_left() -> None:
    assert [False, True, True] == [is_due(held("a", left), NOW) for left in (31, 30, -1)]
    assert [False, True] == [is_due(held("a", left, days=45), NOW) for left in (16, 15)]


def test_what_is_about_to_end_goes_before_who_has_none() -> None:
    waiting = [Waiting("new"), held("later", 20), held("soon", 2), held("fresh", 80)]

    assert ["soon", "later", "new"] == turns(waiting, [], NOW)


def test_a_week_brings_no_more_orders_than_the_authority_gives() -> None:
    waiting = [Waiting(f"box {number:03}") for number in range(200)]
    before = [Order(f"other {number}", NOW - DAY, True) for number in range(10)]

    assert ORDERS_WEEK_MAX - 10 == len(turns(waiting, before, NOW))
    assert [] == turns(waiting, before * 5, NOW)


def test_after_a_failure_a_box_waits_and_longer_after_each() -> None:
    waiting = [Waiting("a")]
    once = [Order("a", NOW - pause_seconds(1), False)]
    twice = [*once, Order("a", NOW - pause_seconds(1), False)]

    assert ["a"] == turns(waiting, once, NOW)
    assert [] == turns(waiting, once, NOW - 1)
    assert [] == turns(waiting, twice, NOW)
    assert pause_seconds(9) < WEEK_SECONDS


def test_a_box_with_a_new_request_does_not_wait_for_what_failed_of_the_former() -> None:
    assert ["a"] == turns([Waiting("a")], [Order("a", NOW - 60, False, is_same=False)], NOW)


def test_one_box_asks_four_times_a_week_at_most() -> None:
    filled = [Order("a", NOW - day * DAY, True) for day in (4, 3, 2, 1)]

    assert ([], ["a"]) == (turns([Waiting("a")], filled, NOW), turns([Waiting("a")], filled[1:], NOW))
