"""Live: what a session tells is seen at once, whole, and never held up by whoever watches."""

import threading
from typing import Any

import pytest

from edge.nights.live import Live, Snapshot


@pytest.fixture
def live(clock: Any) -> Live:
    return Live(clock)


def fetching(name: str, done_bytes: int, total_bytes: int = 10_000_000, **more: int) -> dict[str, Any]:
    return {"doing": "fetching", "name": name, "done_bytes": done_bytes, "total_bytes": total_bytes, **more}


def test_before_a_session_nothing_runs(live: Live) -> None:
    assert Snapshot() == live.snapshot()


def test_a_session_that_has_said_nothing_yet_runs_all_the_same(live: Live) -> None:
    live.begin()

    assert Snapshot(is_running=True) == live.snapshot()


def test_a_snapshot_says_what_was_told_last(live: Live) -> None:
    live.hear(fetching("water", 1_000_000, number=2, count=5, all_done_bytes=3_000_000, all_total_bytes=20_000_000))

    now = live.snapshot()

    assert ("fetching", "water", 2, 5) == (now.doing, now.name, now.number, now.count)
    assert (1_000_000, 10_000_000, 3_000_000, 20_000_000) == (
        now.done_bytes, now.total_bytes, now.all_done_bytes, now.all_total_bytes,
    )  # fmt: skip


def test_rate_and_time_left_are_those_of_the_last_seconds(live: Live, clock: Any) -> None:
    for second in range(11):
        live.hear(fetching("water", second * 100_000))
        clock.wind(1)

    now = live.snapshot()

    assert 1_000_000 / 11 == pytest.approx(now.rate_bytes)
    assert 99 == pytest.approx(now.left_seconds)


def test_a_link_that_stands_still_is_seen(live: Live, clock: Any) -> None:
    live.hear(fetching("water", 0))
    clock.wind(1)
    live.hear(fetching("water", 1_000_000))
    lively = live.snapshot().rate_bytes

    clock.wind(60)

    assert lively > 50 * live.snapshot().rate_bytes


def test_bytes_that_lay_there_already_did_not_come_now(live: Live, clock: Any) -> None:
    live.hear(fetching("water", 5_000_000))
    clock.wind(2)
    live.hear(fetching("film", 9_000_000))

    assert 0 == live.snapshot().rate_bytes
    assert live.snapshot().left_seconds is None


def test_the_end_empties_it(live: Live) -> None:
    live.hear(fetching("water", 1))

    live.end()

    assert Snapshot() == live.snapshot()


def test_every_change_wakes_and_the_version_grows(live: Live) -> None:
    woken: list[int] = []
    unsubscribe = live.subscribe(lambda: woken.append(live.version))

    live.begin()
    live.hear(fetching("water", 1))
    live.end()
    unsubscribe()
    live.begin()

    assert [1, 2, 3] == woken


def test_many_threads_tell_and_watch_at_once(live: Live) -> None:
    woken = threading.Semaphore(0)

    def tell() -> None:
        for number in range(500):
            live.hear(fetching("water", number))

    def watch() -> None:
        for _ in range(50):
            live.subscribe(woken.release)()
            live.snapshot()

    threads = [threading.Thread(target=work) for work in (tell, tell, watch, watch)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1_000 == live.version
