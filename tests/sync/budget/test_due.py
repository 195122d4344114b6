"""When a box may start, by the thousand and by the clock on the wall."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sync.budget.due import Lanes, Now, State, due, next_start_seconds, nights_missed, retry_minutes
from sync.budget.windows import DAY_MINUTES, Window, slot_minute

NIGHT = Window.parse("01:00-05:00")
DAY_SECONDS = DAY_MINUTES * 60
FIRST_DAY = 20_000 * DAY_SECONDS

windows = st.builds(Window, st.integers(0, DAY_MINUTES - 1), st.integers(0, DAY_MINUTES - 1))
boxes = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16)


def at(day, minute, up_seconds=100_000.0, is_trusted=True):
    return Now(FIRST_DAY + day * DAY_SECONDS + minute * 60, up_seconds, is_trusted)


def went_well(day, minute, box="amina", window=NIGHT):
    return State(box, (window,), FIRST_DAY + day * DAY_SECONDS + minute * 60, tried_monotonic_seconds=0.0)


@given(box=boxes, window=windows)
def test_a_box_that_is_always_on_goes_once_a_night_at_its_minute(box, window):
    slot = slot_minute(box, window)
    state = State(box, (window,), good_local_seconds=at(0, slot).local_seconds, tried_monotonic_seconds=0.0)
    going = [minute for minute in range(1, DAY_MINUTES + 1) if due(state, at(0, slot + minute))]

    assert [DAY_MINUTES] == going


def test_a_box_that_was_off_at_its_minute_goes_at_the_next_chance_in_the_window():
    slot = slot_minute("amina", NIGHT)
    state = replace(went_well(0, slot), tried_monotonic_seconds=None)

    assert due(state, at(1, slot + 40, up_seconds=20)) is Lanes.ALL


def test_a_box_that_slept_through_the_window_brings_its_progress_by_day_once():
    state = replace(went_well(0, 200), tried_monotonic_seconds=None)
    morning = at(1, 9 * 60, up_seconds=1000)

    assert due(state, morning) is Lanes.PROGRESS
    assert due(replace(state, has_progress_sent=True), morning) is None


def test_a_box_that_is_off_every_night_gets_its_courses_by_day():
    state = replace(went_well(0, 200), tried_monotonic_seconds=None, has_progress_sent=True)

    assert due(state, at(3, 9 * 60, up_seconds=1000)) is Lanes.ALL


def test_after_a_power_cut_a_district_does_not_ring_at_once():
    states = [State(f"box-{number}", (NIGHT,)) for number in range(100)]
    ups = (0, 60, 150, 300)
    by_seconds = [sum(due(state, at(1, 600, up_seconds=up)) is not None for state in states) for up in ups]

    assert by_seconds == sorted(by_seconds)
    assert by_seconds[0] < 5
    assert 100 == by_seconds[-1]


def test_a_new_box_goes_in_its_first_window():
    assert due(State("amina", (NIGHT,)), at(0, 120)) is Lanes.ALL


def test_with_a_clock_in_1970_only_progress_travels_and_once_an_hour():
    state = State("amina", (NIGHT,))

    assert due(state, Now(100, 400.0, is_trusted=False)) is Lanes.PROGRESS
    assert due(replace(state, tried_monotonic_seconds=400.0), Now(3000, 3900.0, is_trusted=False)) is None
    assert due(replace(state, tried_monotonic_seconds=400.0), Now(3700, 4000.0, is_trusted=False)) is Lanes.PROGRESS


def test_failures_are_tried_again_ever_more_seldom_up_to_an_hour():
    assert [0, 5, 10, 20, 40, 60, 60] == [retry_minutes(failures) for failures in range(7)]


def test_a_failed_session_is_tried_again_after_its_pause():
    slot = slot_minute("amina", NIGHT)
    state = replace(went_well(0, slot), tried_monotonic_seconds=5000.0, failures=2)

    assert due(state, at(1, slot + 5, up_seconds=5000 + 9 * 60)) is None
    assert due(state, at(1, slot + 10, up_seconds=5000 + 10 * 60)) is Lanes.ALL


def test_what_the_hub_asked_is_kept():
    slot = slot_minute("amina", NIGHT)
    state = replace(went_well(0, slot), tried_monotonic_seconds=5000.0, wait_seconds=1800)

    assert due(state, at(1, slot, up_seconds=5000 + 1799)) is None
    assert due(state, at(1, slot, up_seconds=5000 + 1800)) is Lanes.ALL


@given(box=boxes, window=windows, minutes=st.integers(0, 10 * DAY_MINUTES), back=st.integers(0, 10 * DAY_MINUTES))
def test_a_clock_that_goes_back_never_counts_nights_twice(box, window, minutes, back):
    state = State(box, (window,), good_local_seconds=FIRST_DAY + minutes * 60)
    missed = nights_missed(state, Now(FIRST_DAY + (minutes - back) * 60, 0.0, is_trusted=True))

    assert 0 == missed


@given(box=boxes, window=windows, minute=st.integers(0, DAY_MINUTES - 1))
def test_the_next_start_is_at_the_boxs_minute(box, window, minute):
    wait_seconds = next_start_seconds(State(box, (window,)), at(0, minute))

    assert slot_minute(box, window) == (minute + wait_seconds // 60) % DAY_MINUTES


def test_a_box_goes_once_in_each_of_its_windows():
    several = (NIGHT, Window.parse("13:00-14:00"))
    going, good = [], at(0, 23 * 60).local_seconds
    for minute in range(23 * 60 + 1, 3 * DAY_MINUTES):
        state = State("amina", several, good_local_seconds=good, tried_monotonic_seconds=0.0)
        if due(state, at(0, minute)) is Lanes.ALL:
            good = at(0, minute).local_seconds
            going.append(minute % DAY_MINUTES)

    assert [slot_minute("amina", window) for window in several] * 2 == going


def test_when_the_windows_hour_is_lost_only_progress_goes_that_night():
    """The clocks go from 02:00 to 03:00, and the box's window is the hour between."""
    lost = (Window.parse("02:00-03:00"),)
    state = State("amina", lost, good_local_seconds=at(0, 150).local_seconds, tried_monotonic_seconds=0.0)

    assert due(state, at(1, 2 * 60 - 1)) is None
    assert due(state, at(1, 3 * 60)) is Lanes.PROGRESS
    assert due(replace(state, has_progress_sent=True), at(1, 4 * 60)) is None
    assert due(replace(state, has_progress_sent=True), at(2, slot_minute("amina", lost[0]))) is Lanes.ALL


def test_in_the_doubled_hour_a_box_goes_once():
    """Local time reaches 02:59, and is 02:00 again."""
    doubled = (Window.parse("02:00-03:00"),)
    slot = slot_minute("amina", doubled[0])
    night = State("amina", doubled, good_local_seconds=at(1, slot).local_seconds, tried_monotonic_seconds=0.0)

    assert [] == [minute for minute in range(120, 180) if due(night, at(1, minute))]
