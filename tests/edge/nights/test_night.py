"""Nights, told minute by minute with a clock that we wind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from catalog.db import Database
from catalog.fault import DiskFull
from edge.config import Config
from edge.nights import night
from edge.nights.live import Live
from edge.nights.night import Nights
from edge.nights.nightly import AtWork, Chance, Listener, Nightly, Stopped, Told, failed
from sync.budget.due import Lanes
from sync.budget.windows import Window, slot_minute
from sync.clock import TRUSTED_SINCE_SECONDS
from sync.exchange import NotEnrolled
from sync.link import Traffic, Unreachable

MIDNIGHT_SECONDS = TRUSTED_SINCE_SECONDS + 100 * 86_400
DAY_MINUTES = 24 * 60
CONFIG = Config(window="01:00-05:00")


@dataclass
class Hub:
    """What the sessions of these nights meet: each call is noted with its minute and lanes."""

    clock: Any
    met: list[tuple[int, Lanes]] = field(default_factory=list)
    chances: list[Chance] = field(default_factory=list)
    answer: Callable[[], Told] = field(default=lambda: Told("well", traffic=Traffic(700, 600, 1)))

    def run(self, chance: Chance, listener: Listener) -> Told:
        self.met.append((self.clock.wall_seconds // 60, chance.lanes))
        self.chances.append(chance)
        return self.answer()


@pytest.fixture
def nights(tmp_path: Path) -> Any:
    database = Database(tmp_path / "box.db", [night.migrations])
    yield Nights(database)
    database.close()


@pytest.fixture
def hub(clock: Any) -> Hub:
    clock.wall_seconds = MIDNIGHT_SECONDS
    return Hub(clock)


@pytest.fixture
def nightly(nights: Nights, hub: Hub, clock: Any) -> Nightly:
    return clockwork(nights, hub, clock)


def clockwork(nights: Nights, hub: Hub, clock: Any, *, is_enrolled: bool = True, config: Config = CONFIG) -> Nightly:
    return Nightly(nights, "box-1", clock, lambda: config, lambda: is_enrolled, hub.run, Live(clock))


def live(nightly: Nightly, clock: Any, minutes: int) -> None:
    """Let the minutes pass, each with its tick."""
    for _ in range(minutes):
        nightly.tick(clock.now())
        clock.wind(60)


def test_each_night_has_one_session_in_the_window(nightly: Nightly, hub: Hub, clock: Any) -> None:
    nightly.run()
    hub.met.clear()

    live(nightly, clock, 3 * DAY_MINUTES)

    slot = slot_minute("box-1", Window.parse(CONFIG.window))
    first = MIDNIGHT_SECONDS // 60 + slot
    assert [(first + night * DAY_MINUTES, Lanes.ALL) for night in range(3)] == hub.met


def test_the_window_is_in_the_boxs_own_time(nights: Nights, hub: Hub, clock: Any) -> None:
    nightly = clockwork(nights, hub, clock, config=Config(window="01:00-05:00", timezone="Africa/Djibouti"))
    nightly.run()
    hub.met.clear()

    live(nightly, clock, DAY_MINUTES)

    slot = slot_minute("box-1", Window.parse("01:00-05:00"))
    assert [(slot - 3 * 60) % DAY_MINUTES] == [minute % DAY_MINUTES for minute, _ in hub.met]


def test_a_box_without_a_hub_never_tries(nights: Nights, hub: Hub, clock: Any) -> None:
    nightly = clockwork(nights, hub, clock, is_enrolled=False)

    live(nightly, clock, DAY_MINUTES)

    assert ([], []) == (hub.met, nights.last(9))


def test_a_box_without_a_hub_says_how_to_get_one(nights: Nights, hub: Hub, clock: Any) -> None:
    with pytest.raises(NotEnrolled, match="qanat box enrol"):
        clockwork(nights, hub, clock, is_enrolled=False).run()


def test_with_a_clock_in_1970_only_progress_travels_until_the_hub_says_the_time(
    nightly: Nightly, hub: Hub, clock: Any
) -> None:
    clock.wall_seconds = 0
    live(nightly, clock, 3 * 60)
    before = [lanes for _, lanes in hub.met]
    hub.met.clear()

    clock.correct(MIDNIGHT_SECONDS)
    live(nightly, clock, 5 * 60)

    opening = MIDNIGHT_SECONDS // 60 + 60
    assert {Lanes.PROGRESS} == set(before)
    assert [lanes for minute, lanes in hub.met] == [
        Lanes.ALL if minute >= opening else Lanes.PROGRESS for minute, _ in hub.met
    ]
    assert (opening, Lanes.ALL) in hub.met


def test_a_night_begun_in_1970_is_told_in_the_time_that_the_hub_brought(
    nightly: Nightly, nights: Nights, hub: Hub, clock: Any
) -> None:
    clock.wall_seconds = 10

    def hear_the_time() -> Told:
        clock.wind(30)
        clock.correct(MIDNIGHT_SECONDS)
        return Told("well")

    hub.answer = hear_the_time
    nightly.run(Lanes.PROGRESS)

    told = nights.last(1)[0]
    assert (MIDNIGHT_SECONDS - 30, MIDNIGHT_SECONDS, True) == (
        told.started_seconds,
        told.ended_seconds,
        told.is_clock_trusted,
    )


def test_a_link_that_is_down_is_tried_again_ever_more_rarely(
    nightly: Nightly, nights: Nights, hub: Hub, clock: Any
) -> None:
    def nobody() -> Told:
        raise Unreachable("Nobody answers at https://hub.example.", "Look whether the cable is in.")

    hub.answer = nobody
    live(nightly, clock, 5 * 60)

    waits = [later - earlier for (earlier, _), (later, _) in zip(hub.met, hub.met[1:], strict=False)]
    assert waits == sorted(waits)
    assert 3 <= len(hub.met) <= 12
    assert ("failed", "Nobody answers at https://hub.example.", "Look whether the cable is in.") == (
        nights.last(1)[0].outcome,
        nights.last(1)[0].sentence,
        nights.last(1)[0].hint,
    )


def test_a_box_that_was_off_at_its_minute_brings_its_progress_by_day_and_courses_at_night(
    nightly: Nightly, hub: Hub, clock: Any
) -> None:
    nightly.run()
    hub.met.clear()
    clock.wind(34 * 3600)  # the lights come on at ten in the morning, a night later

    live(nightly, clock, DAY_MINUTES)

    opening = MIDNIGHT_SECONDS // 60 + 2 * DAY_MINUTES + 60
    assert [(MIDNIGHT_SECONDS // 60 + 34 * 60, Lanes.PROGRESS), (opening, Lanes.ALL)] == hub.met[:2]


def test_a_power_cut_in_the_night_is_told_in_the_morning(nights: Nights, hub: Hub, clock: Any) -> None:
    class PowerCut(BaseException):
        """The card keeps what it has; nothing else happens any more."""

    def cut() -> Told:
        raise PowerCut

    hub.answer = cut
    with pytest.raises(PowerCut):
        clockwork(nights, hub, clock).run()

    nights.find_cut()

    assert ["cut"] == [one.outcome for one in nights.last(9)]


def test_the_hub_asks_not_to_come_before_an_hour(nightly: Nightly, hub: Hub, clock: Any) -> None:
    def busy() -> Told:
        return Told("failed", "The hub is busy.", wait_seconds=3600)

    hub.answer = busy
    clock.wind(3600)
    live(nightly, clock, 65)

    assert 60 <= hub.met[1][0] - hub.met[0][0]


def test_one_session_at_a_time_whoever_asks(nightly: Nightly, hub: Hub, clock: Any) -> None:
    raised: list[type] = []

    def ask_again() -> Told:
        with pytest.raises(AtWork) as refused:
            nightly.run()
        raised.append(refused.type)
        assert nightly.tick(clock.now()) is None
        assert not nightly.begin()
        return Told("well")

    hub.answer = ask_again
    nightly.run()

    assert ([AtWork], 1) == (raised, len(hub.met))


def test_what_a_session_moved_is_kept(nightly: Nightly, nights: Nights, hub: Hub) -> None:
    hub.answer = lambda: Told("short", "Biology waits: the disk is full.", "", Traffic(9, 8, 2), 7, ["water"], 0)

    nightly.run()

    told = nights.last(1)[0]
    assert ("short", 9, 8, 2, 7, ["water"]) == (
        told.outcome,
        told.bytes_down,
        told.bytes_up,
        told.requests,
        told.events_up,
        told.courses,
    )


def test_a_fault_reaches_who_asked_and_is_kept(nightly: Nightly, nights: Nights, hub: Hub) -> None:
    def full() -> Told:
        raise DiskFull("The disk is full.", "Take a larger card.")

    hub.answer = full
    with pytest.raises(DiskFull):
        nightly.run()

    assert (False, "failed") == (nightly.is_running, nights.last(1)[0].outcome)


def test_a_box_that_is_told_to_stop_ends_its_session_where_it_is(nights: Nights, clock: Any) -> None:
    def run(chance: Chance, listener: Listener) -> Told:
        listener({"doing": "fetching"})
        at_work.tell_to_stop()
        listener({"doing": "fetching"})
        return Told("well")

    at_work = Nightly(nights, "box-1", clock, lambda: CONFIG, lambda: True, run, Live(clock))
    with pytest.raises(Stopped):
        at_work.run()

    assert ("failed", "The box was told to stop.") == (nights.last(1)[0].outcome, nights.last(1)[0].sentence)


def test_only_so_many_nights_are_remembered(nights: Nights, nightly: Nightly, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night, "NIGHTS_KEPT_MAX", 3)

    for _ in range(5):
        nightly.run()

    assert [5, 4, 3] == [one.number for one in nights.last(9)]


def test_a_session_that_comes_by_itself_ends_with_its_window(nightly: Nightly, hub: Hub, clock: Any) -> None:
    nightly.run()
    hub.chances.clear()

    live(nightly, clock, DAY_MINUTES)

    assert [True] == [chance.ends_with_window for chance in hub.chances]


def test_a_session_that_somebody_asks_for_by_day_is_not_bound_to_the_window(nightly: Nightly, hub: Hub) -> None:
    nightly.run()

    assert [Chance(Lanes.ALL)] == hub.chances


def test_a_lent_session_has_its_cap_and_its_name(nightly: Nightly, nights: Nights, hub: Hub) -> None:
    nightly.run(lend_bytes=20_000_000)

    assert ([Chance(Lanes.ALL, 20_000_000)], "lent") == (hub.chances, nights.last(1)[0].lanes)


def test_a_lent_session_does_not_stand_in_for_the_night(nightly: Nightly, hub: Hub, clock: Any) -> None:
    nightly.run()
    clock.wind(60)
    nightly.run(lend_bytes=20_000_000)
    hub.met.clear()

    live(nightly, clock, DAY_MINUTES)

    assert [Lanes.ALL] == [lanes for _, lanes in hub.met]


def test_each_window_has_its_session(nights: Nights, hub: Hub, clock: Any) -> None:
    windows = "01:00-05:00, 13:00-14:00"
    nightly = clockwork(nights, hub, clock, config=Config(window=windows))
    nightly.run()
    hub.met.clear()

    live(nightly, clock, 2 * DAY_MINUTES)

    slots = [slot_minute("box-1", Window.parse(one)) for one in windows.split(", ")]
    assert slots * 2 == [minute % DAY_MINUTES for minute, _ in hub.met]


def test_what_a_failed_session_moved_is_kept(nightly: Nightly, nights: Nights, hub: Hub) -> None:
    fault = Unreachable("The line dropped.", "Look at the cable.")
    hub.answer = lambda: failed(fault, Traffic(9000, 800, 3))
    with pytest.raises(Unreachable):
        nightly.run()

    told = nights.last(1)[0]
    assert ("failed", "The line dropped.", 9000, 800, 3) == (
        told.outcome,
        told.sentence,
        told.bytes_down,
        told.bytes_up,
        told.requests,
    )


def test_who_watches_sees_the_session_begin_and_end(nights: Nights, hub: Hub, clock: Any) -> None:
    live_now = Live(clock)
    seen: list[bool] = []

    def run(chance: Chance, listener: Listener) -> Told:
        listener({"doing": "fetching", "name": "water"})
        seen.append(live_now.snapshot().is_running)
        return Told("well")

    Nightly(nights, "box-1", clock, lambda: CONFIG, lambda: True, run, live_now).run()

    assert ([True], False) == (seen, live_now.snapshot().is_running)
