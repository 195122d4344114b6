"""Places, progress and answers: kept once, kept for good."""

from typing import Any

from edge.box import Box
from edge.people.people import Person

COURSE, ACTIVITY = "water", "site"


def test_opening_remembers_the_page(box: Box, amina: Person) -> None:
    box.learning.opened(amina.id, COURSE, 1, ACTIVITY, "two.html")

    place = box.learning.place(amina.id, COURSE, ACTIVITY)

    assert place is not None
    assert ("two.html", 1, False) == (place.path, place.version, place.is_completed)


def test_a_place_not_reached_is_none(box: Box, amina: Person) -> None:
    assert box.learning.place(amina.id, COURSE, ACTIVITY) is None


def test_pages_seen_make_the_share_and_twice_the_same_is_once(box: Box, amina: Person) -> None:
    for page in ("a.html", "b.html", "a.html"):
        box.learning.reached_page(amina.id, COURSE, 1, ACTIVITY, page, pages_total=4)

    place = box.learning.place(amina.id, COURSE, ACTIVITY)

    assert place is not None
    assert ("a.html", 500) == (place.path, place.permille)


def test_a_repeated_request_is_done_once(box: Box, amina: Person) -> None:
    for _ in range(3):
        box.learning.answered(amina.id, COURSE, ACTIVITY, "q1", "42", key="k1")

    assert 1 == _events(box, "answered")


def test_keys_of_two_learners_do_not_meet(box: Box, amina: Person) -> None:
    box.learning.answered(amina.id, COURSE, ACTIVITY, "q1", "42", key="k1")

    box.learning.answered("another", COURSE, ACTIVITY, "q1", "43", key="k1")

    assert 2 == _events(box, "answered")


def test_every_answer_is_an_event_and_the_last_one_shows(box: Box, amina: Person) -> None:
    box.learning.answered(amina.id, COURSE, ACTIVITY, "q1", "41", key="k1")
    box.learning.answered(amina.id, COURSE, ACTIVITY, "q1", "42", key="k2")

    assert ["42"] == [one.answer for one in box.learning.answers(amina.id, COURSE)]
    assert 2 == _events(box, "answered")


def test_a_film_is_finished_at_nine_tenths(box: Box, amina: Person) -> None:
    box.learning.reached_second(amina.id, COURSE, 1, "film", 89, duration_seconds=100)
    assert 0 == _events(box, "completed")

    box.learning.reached_second(amina.id, COURSE, 1, "film", 90, duration_seconds=100)

    assert 1 == _events(box, "completed")


def test_going_back_in_a_finished_film_keeps_it_finished(box: Box, amina: Person) -> None:
    box.learning.reached_second(amina.id, COURSE, 1, "film", 95, duration_seconds=100)
    box.learning.reached_second(amina.id, COURSE, 1, "film", 10, duration_seconds=100)

    place = box.learning.place(amina.id, COURSE, "film")

    assert place is not None
    assert (10, 1000, True) == (place.seconds, place.permille, place.is_completed)


def test_a_film_tells_the_hub_each_twentieth_only(box: Box, amina: Person) -> None:
    for second in range(100):
        box.learning.reached_second(amina.id, COURSE, 1, "film", second, duration_seconds=200)

    assert 10 == _events(box, "progressed")


def test_finishing_twice_is_finishing_once(box: Box, amina: Person) -> None:
    box.learning.completed(amina.id, COURSE, 1, ACTIVITY)
    box.learning.completed(amina.id, COURSE, 1, ACTIVITY)

    assert 1 == _events(box, "completed")


def test_a_place_is_kept_over_versions_of_the_course(box: Box, amina: Person) -> None:
    box.learning.reached_page(amina.id, COURSE, 1, ACTIVITY, "a.html", pages_total=2)

    box.learning.opened(amina.id, COURSE, 2, ACTIVITY)

    place = box.learning.place(amina.id, COURSE, ACTIVITY)
    assert place is not None
    assert ("a.html", 500, 2) == (place.path, place.permille, place.version)


def test_a_clock_in_1970_keeps_places_all_the_same(box: Box, clock: Any, amina: Person) -> None:
    clock.correct(0)

    box.learning.opened(amina.id, COURSE, 1, ACTIVITY, "a.html")

    assert box.learning.place(amina.id, COURSE, ACTIVITY) is not None


def test_what_was_acknowledged_is_there_after_a_start(boxes: Any, box: Box, amina: Person) -> None:
    box.learning.answered(amina.id, COURSE, ACTIVITY, "q1", "42", key="k1")
    box.close()

    again = boxes()
    again.learning.answered(amina.id, COURSE, ACTIVITY, "q1", "42", key="k1")

    assert 1 == _events(again, "answered")


def _events(box: Box, kind: str) -> int:
    return int(box.database.read().execute("select count(*) from event where kind = ?", [kind]).fetchone()[0])
