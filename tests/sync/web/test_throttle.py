"""Slowing down guessing, without shutting out a class."""

from sync.web.throttle import (
    DEVICE_FREE_TRIES,
    FORGET_SECONDS,
    FREE_TRIES,
    TRIES_KEPT_MAX,
    WAIT_SECONDS_MAX,
    Throttle,
    Tries,
    failed,
    wait_seconds,
)


def fail(throttle: Throttle, account: str, device: str, times: int, now_seconds: float = 0.0) -> None:
    for _ in range(times):
        throttle.failed(account, device, now_seconds)


def test_a_child_who_mistypes_waits_for_nothing() -> None:
    throttle = Throttle()
    fail(throttle, "amina", "tablet", FREE_TRIES - 1)

    assert 0.0 == throttle.wait_seconds("amina", "tablet", 0.0)


def test_each_failure_more_doubles_the_wait_up_to_a_bound() -> None:
    waits = [wait_seconds(Tries(failures, 0.0), 0.0) for failures in range(FREE_TRIES, FREE_TRIES + 9)]

    assert [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 120.0, 120.0, 120.0] == waits
    assert WAIT_SECONDS_MAX == wait_seconds(Tries(10_000_000, 0.0), 0.0)


def test_waiting_ends() -> None:
    throttle = Throttle()
    fail(throttle, "amina", "tablet", FREE_TRIES)

    assert [2.0, 0.5, 0.0] == [throttle.wait_seconds("amina", "tablet", now) for now in (0.0, 1.5, 2.0)]


def test_a_bad_guesser_shuts_nobody_else_out() -> None:
    throttle = Throttle()
    fail(throttle, "amina", "guesser's phone", 20)

    assert 0.0 == throttle.wait_seconds("amina", "amina's tablet", 0.0)


def test_a_tablet_that_tries_every_name_waits() -> None:
    throttle = Throttle()
    for number in range(DEVICE_FREE_TRIES):
        throttle.failed(f"learner {number}", "tablet", 0.0)

    assert throttle.wait_seconds("one more", "tablet", 0.0) > 0


def test_the_right_secret_clears_the_account() -> None:
    throttle = Throttle()
    fail(throttle, "amina", "tablet", FREE_TRIES)
    throttle.succeeded("amina", "tablet")

    assert 0.0 == throttle.wait_seconds("amina", "tablet", 0.0)


def test_old_failures_are_forgotten() -> None:
    assert Tries(1, FORGET_SECONDS) == failed(Tries(9, 0.0), FORGET_SECONDS)
    assert 0.0 == wait_seconds(Tries(9, 0.0), FORGET_SECONDS)


def test_memory_is_bounded() -> None:
    throttle = Throttle()
    for number in range(TRIES_KEPT_MAX * 2):
        throttle.failed("amina", f"device {number}", 0.0)

    assert TRIES_KEPT_MAX == len(throttle._tries)
