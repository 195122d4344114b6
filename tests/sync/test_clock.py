"""The clock: time is data, and says how far it can be trusted."""

from sync import clock
from sync.clock import TRUSTED_SINCE_SECONDS, Moment, SystemClock


class Machine:
    """A machine whose clock was set by hand and may be set again."""

    def __init__(self, wall_seconds: float) -> None:
        self.wall_seconds = wall_seconds
        self.monotonic_seconds = 10.0

    def time(self) -> float:
        return self.wall_seconds

    def monotonic(self) -> float:
        return self.monotonic_seconds

    def passes(self, seconds: float) -> None:
        self.wall_seconds += seconds
        self.monotonic_seconds += seconds


def test_a_clock_in_1970_is_not_trusted(monkeypatch):
    monkeypatch.setattr(clock, "time", Machine(5))

    assert Moment(5, 10.0, is_trusted=False) == SystemClock().now()


def test_a_clock_after_2026_is_trusted(monkeypatch):
    monkeypatch.setattr(clock, "time", Machine(TRUSTED_SINCE_SECONDS))

    assert SystemClock().now().is_trusted


def test_the_hubs_time_is_believed_and_goes_on(monkeypatch):
    machine = Machine(5)
    monkeypatch.setattr(clock, "time", machine)
    ours = SystemClock()

    ours.correct(1_790_000_000)
    machine.passes(60)

    assert Moment(1_790_000_060, 70.0, is_trusted=True) == ours.now()


def test_a_machine_set_right_after_the_hub_was_heard_is_not_set_twice(monkeypatch):
    """At 1970 the hub says it is 2026; a minute later NTP sets the machine too. It is still 2026."""
    machine = Machine(5)
    monkeypatch.setattr(clock, "time", machine)
    ours = SystemClock()
    ours.correct(1_790_000_000)
    machine.passes(60)

    machine.wall_seconds = 1_790_000_060

    assert 1_790_000_060 == ours.now().wall_seconds


def test_the_machines_own_clock_is_read_until_the_hub_is_heard():
    ours = SystemClock()

    assert ours.now().monotonic_seconds <= ours.now().monotonic_seconds
