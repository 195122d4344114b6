"""The clock: time is data, and says how far it can be trusted."""

from sync import clock
from sync.clock import KEPT_WITHIN_SECONDS, TRUSTED_SINCE_SECONDS, Moment, Source, SystemClock


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

    assert Moment(1_790_000_060, 70.0, is_trusted=True, source=Source.HUB) == ours.now()


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


def test_a_machine_that_lost_the_time_is_not_trusted_though_its_clock_was_put_forward(monkeypatch):
    monkeypatch.setattr(clock, "time", Machine(1_790_000_000))

    assert not SystemClock(is_kept=False).now().is_trusted


def test_what_a_person_says_moves_it_forward_and_is_not_trusted(monkeypatch):
    machine = Machine(1_790_000_000)
    monkeypatch.setattr(clock, "time", machine)
    ours = SystemClock()

    ours.hear(1_790_003_600)
    machine.passes(60)

    told = ours.now()
    assert (1_790_003_660, False, True, Source.PERSON) == (
        told.wall_seconds,
        told.is_trusted,
        told.is_told,
        told.source,
    )


def test_a_person_never_moves_it_back(monkeypatch):
    monkeypatch.setattr(clock, "time", Machine(1_790_000_000))
    ours = SystemClock()
    ours.hear(1_789_999_999)

    assert Moment(1_790_000_000, 10.0, is_trusted=True) == ours.now()


def test_the_hub_stands_above_a_person_before_and_after(monkeypatch):
    monkeypatch.setattr(clock, "time", Machine(5))
    ours = SystemClock()
    ours.hear(1_999_999_999)
    ours.correct(1_790_000_000)
    ours.hear(1_999_999_999)

    assert Moment(1_790_000_000, 10.0, is_trusted=True, source=Source.HUB) == ours.now()


def test_it_is_never_before_what_is_known_to_have_been(monkeypatch):
    machine = Machine(5)
    monkeypatch.setattr(clock, "time", machine)
    ours = SystemClock()

    ours.not_before(1_790_000_000)
    ours.not_before(1_780_000_000)
    machine.passes(60)

    assert Moment(1_790_000_060, 70.0, is_trusted=False) == ours.now()


def test_a_clock_that_is_a_little_behind_is_still_believed_and_one_far_behind_is_not(monkeypatch):
    monkeypatch.setattr(clock, "time", Machine(1_790_000_000))
    little, much = SystemClock(), SystemClock()
    little.not_before(1_790_000_000 + KEPT_WITHIN_SECONDS)
    much.not_before(1_790_000_000 + KEPT_WITHIN_SECONDS + 1)

    assert (True, False) == (little.now().is_trusted, much.now().is_trusted)
