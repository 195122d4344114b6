"""A learner's way: what is done, where they are, what comes next."""

from catalog.digest import digest_of
from catalog.manifest import CORE, Activity, LayerName, Release
from edge.learning.progress import Place, State
from edge.library.way import mine, next_of, way_of, ways_of

NOW_SECONDS = 1_800_000_000


def course(name: str, *activities: str) -> Release:
    return Release(
        course=name,
        version=1,
        title={"en": name},
        description={},
        languages=("en",),
        licence="",
        provenance={},
        activities=tuple(Activity(one, "html", f"{one}/index.html", {"en": one}) for one in activities),
        layers={CORE: LayerName(digest_of(name.encode()), 0, 0)},
    )


def place(name: str, activity: str, *, minutes_ago: int = 0, is_done: bool = False) -> Place:
    at_seconds = NOW_SECONDS - minutes_ago * 60
    permille, completed_seconds = (1000, at_seconds) if is_done else (300, None)
    return Place("amina", name, activity, 1, "", 0, permille, 1, at_seconds, completed_seconds)


def places(*of: Place) -> dict[str, Place]:
    return {one.activity: one for one in of}


def test_who_has_begun_nothing_goes_on_with_the_first() -> None:
    way = way_of(course("water", "a", "b"), {}, NOW_SECONDS)

    assert way.here is not None
    assert ("a", 0, False) == (way.here.activity.id, way.wells, way.is_begun)


def test_what_was_begun_last_goes_on() -> None:
    begun = places(place("water", "a", minutes_ago=5), place("water", "c", minutes_ago=1))

    way = way_of(course("water", "a", "b", "c"), begun, NOW_SECONDS)

    assert ["c"] == [step.activity.id for step in way.steps if step.is_here]


def test_after_what_is_done_comes_the_one_behind_it() -> None:
    way = way_of(course("water", "a", "b", "c"), places(place("water", "b", is_done=True)), NOW_SECONDS)

    assert way.here is not None
    assert ("c", 1) == (way.here.activity.id, way.wells)


def test_what_was_left_out_comes_when_the_end_is_reached() -> None:
    done = places(place("water", "b", is_done=True), place("water", "c", is_done=True))

    way = way_of(course("water", "a", "b", "c"), done, NOW_SECONDS)

    assert way.here is not None
    assert "a" == way.here.activity.id


def test_a_finished_course_goes_on_nowhere() -> None:
    way = way_of(course("water", "a"), places(place("water", "a", is_done=True)), NOW_SECONDS)

    assert (None, [State.DONE]) == (way.here, [step.state for step in way.steps])


def test_a_part_begun_is_half_a_well() -> None:
    so_far = places(place("water", "a", is_done=True), place("water", "b"))

    assert 1.5 == way_of(course("water", "a", "b"), so_far, NOW_SECONDS).wells


def test_a_part_that_a_new_version_lost_counts_no_more() -> None:
    way = way_of(course("water", "a"), places(place("water", "gone", is_done=True)), NOW_SECONDS)

    assert (0, False) == (way.done, way.is_begun)


def test_the_latest_course_comes_first_and_finished_ones_are_not_next() -> None:
    releases = [course("water", "a"), course("soil", "a"), course("sun", "a"), course("air", "a")]
    so_far = {
        "water": places(place("water", "a", minutes_ago=9)),
        "soil": places(place("soil", "a", minutes_ago=5)),
        "sun": places(place("sun", "a", minutes_ago=1, is_done=True)),
    }

    ways = ways_of(releases, so_far, NOW_SECONDS)

    following = next_of(ways)
    assert following is not None
    assert ["sun", "soil", "water"] == [way.release.course for way in mine(ways)]
    assert "soil" == following.release.course
