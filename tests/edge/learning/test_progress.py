"""The decisions: where a learner is, who is stuck, how a class is doing."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import digest_of
from catalog.manifest import Activity, LayerName, Release
from edge.learning import progress
from edge.learning.overview import overview_of, progress_in
from edge.learning.progress import STUCK_OPENINGS, STUCK_SECONDS, Place, State, state
from edge.people.people import Person
from sync.clock import TRUSTED_SINCE_SECONDS

NOW = TRUSTED_SINCE_SECONDS + 10_000_000
START = Place("amina", "water", "a", version=0)
BEGUN = replace(START, version=1, permille=300, openings=1, at_seconds=NOW)


def _release(course: str, *activities: str) -> Release:
    return Release(
        course, 1, {"en": course}, {}, ("en",), "", {},
        tuple(Activity(one, "html", "index.html", {"en": one}) for one in activities),
        {"core": LayerName(digest_of(course.encode()), 1, 1)},
    )  # fmt: skip


@given(st.lists(st.integers(min_value=-5, max_value=500), max_size=20))
def test_progress_never_goes_back(seconds: list[int]) -> None:
    place, shares = START, []
    for second in seconds:
        place = progress.second_seen(place, 1, second, 300, NOW)
        shares.append(place.permille)

    assert sorted(shares) == shares
    assert all(0 <= share <= 1000 for share in shares)


def test_a_share_of_nothing_is_nothing() -> None:
    assert 0 == progress.permille(5, 0)


def test_nothing_opened_is_to_come() -> None:
    assert State.TO_COME == state(None, NOW)


def test_moving_on_is_begun() -> None:
    assert State.BEGUN == state(BEGUN, NOW)


def test_opened_again_and_again_without_moving_on_is_stuck() -> None:
    place = BEGUN
    for _ in range(STUCK_OPENINGS - 1):
        place = progress.opened(place, 1, "", NOW)

    assert State.STUCK == state(place, NOW)
    assert State.BEGUN == state(progress.page_seen(place, 1, "b.html", 1, 2, NOW), NOW)


def test_a_book_that_is_opened_every_day_is_being_read() -> None:
    assert State.BEGUN == state(replace(BEGUN, permille=0, openings=30), NOW)


def test_who_has_seen_every_page_is_not_stuck() -> None:
    assert State.BEGUN == state(replace(BEGUN, permille=1000, openings=30), NOW + STUCK_SECONDS)


def test_left_for_a_week_is_stuck() -> None:
    assert State.STUCK == state(BEGUN, NOW + STUCK_SECONDS)


def test_a_clock_that_was_wrong_makes_nobody_stuck() -> None:
    assert State.BEGUN == state(replace(BEGUN, at_seconds=120), NOW)


def test_a_course_is_the_mean_of_its_activities() -> None:
    places = {"a": replace(BEGUN, permille=1000), "b": replace(BEGUN, permille=500), "gone": BEGUN}

    assert 500 == progress.course_permille(["a", "b", "c"], places)


def test_a_course_without_activities_is_at_nothing() -> None:
    assert 0 == progress.course_permille([], {})


def test_wells_fill_with_activities_done_and_half_with_one_begun() -> None:
    places = {"a": progress.completed(BEGUN, 1, NOW), "b": BEGUN}

    row = progress_in(_release("water", "a", "b", "c"), places, NOW)

    assert (1, 1.5) == (row.done, row.wells)


def test_a_class_shows_the_courses_it_has_begun_the_latest_first() -> None:
    amina = Person("amina", "learner", "Amina", "pin", "8b")
    hodan = Person("hodan", "learner", "Hodan", "pin", "8b")
    releases = [_release("water", "a"), _release("light", "a"), _release("trees", "a")]
    places = {
        "amina": {"water": {"a": replace(BEGUN, at_seconds=NOW - 50)}},
        "hodan": {"light": {"a": replace(BEGUN, at_seconds=NOW - 10)}},
    }

    overview = overview_of([amina, hodan], releases, places, NOW)

    assert ["light", "water"] == [release.course for release in overview.courses]
    assert [[None, 300], [300, None]] == [
        [one.permille if one else None for one in row.courses] for row in overview.rows
    ]
    assert () == overview.stuck


def test_who_is_stuck_is_named_with_what_and_where() -> None:
    amina = Person("amina", "learner", "Amina", "pin", "8b")
    places = {"amina": {"water": {"a": replace(BEGUN, openings=STUCK_OPENINGS)}}}

    overview = overview_of([amina], [_release("water", "a")], places, NOW)

    assert [("Amina", "water", "a")] == [
        (one.learner.name, one.release.course, one.activity.id) for one in overview.stuck
    ]
