"""How long a link is left alone before the next try."""

from random import Random

import pytest

from sync.link import HubBusy, LinkBroken
from sync.retry import PAUSE_SECONDS_MAX, is_worth_waiting, pause_seconds, told_seconds


@pytest.mark.parametrize(("tried", "limit_seconds"), [(1, 1), (2, 4), (3, 16), (4, 60), (40, 60)])
def test_a_pause_is_drawn_between_nothing_and_a_limit_that_grows(tried: int, limit_seconds: int) -> None:
    drawn = [pause_seconds(tried, Random(seed).randbytes) for seed in range(200)]

    assert 0 <= min(drawn) < limit_seconds / 10
    assert limit_seconds * 0.9 < max(drawn) < limit_seconds


def test_two_boxes_that_lost_one_hub_do_not_come_back_together() -> None:
    assert pause_seconds(3, Random("one box").randbytes) != pause_seconds(3, Random("another box").randbytes)


def test_a_hub_that_says_when_is_heeded_as_long_as_a_session_can_wait() -> None:
    busy = HubBusy("Busy.", wait_seconds=PAUSE_SECONDS_MAX)
    for_long = HubBusy("Busy.", wait_seconds=PAUSE_SECONDS_MAX + 1)

    assert [True, False, True] == [is_worth_waiting(one) for one in (busy, for_long, LinkBroken("Cut."))]
    assert [PAUSE_SECONDS_MAX, 0] == [told_seconds(one) for one in (busy, LinkBroken("Cut."))]
