"""Results: the best stays the best, what was passed stays passed, and each try is told once."""

from edge.box import Box
from edge.learning import moving
from edge.learning.results import Result
from edge.people.people import Person

COURSE, ACTIVITY = "water", "quiz"


def tries(
    box: Box, learner: str, permille: int | None, is_passed: bool | None, seconds: int = 0, key: str = ""
) -> None:
    box.database.write(box.results.scored_work(learner, COURSE, 1, ACTIVITY, permille, is_passed, seconds, key))


def result(box: Box, learner: str) -> Result:
    return box.results.of(learner)[COURSE][ACTIVITY]


def told(box: Box) -> int:
    rows = box.database.read().execute("select count(*) from event where kind = 'scored'")
    return int(rows.fetchone()[0])


def test_a_worse_try_afterwards_takes_nothing_away(box: Box, amina: Person) -> None:
    tries(box, amina.id, 800, True, 60)
    tries(box, amina.id, 300, False, 90)

    found = result(box, amina.id)

    assert (800, 300, True) == (found.best_permille, found.last_permille, found.is_passed)
    assert (2, 90, 2) == (found.attempts, found.seconds, told(box))


def test_what_gives_no_score_has_none(box: Box, amina: Person) -> None:
    tries(box, amina.id, None, None)
    tries(box, amina.id, 400, None)
    tries(box, amina.id, None, False)

    found = result(box, amina.id)

    assert (400, 400, False) == (found.best_permille, found.last_permille, found.is_passed)


def test_a_score_beyond_its_ends_is_the_end(box: Box, amina: Person) -> None:
    tries(box, amina.id, 1700, None)
    tries(box, amina.id, -5, None)

    assert (1000, 0) == (result(box, amina.id).best_permille, result(box, amina.id).last_permille)


def test_the_same_try_sent_twice_is_told_once(box: Box, amina: Person) -> None:
    for _ in range(2):
        tries(box, amina.id, 500, True, key="k1")

    assert (1, 1) == (result(box, amina.id).attempts, told(box))


def test_an_erased_learner_has_no_results(box: Box, amina: Person) -> None:
    tries(box, amina.id, 500, True)

    box.people.erase(amina.id)

    assert {} == box.results.of(amina.id)


def test_a_result_lives_on_where_its_activity_went(box: Box, amina: Person) -> None:
    tries(box, amina.id, 800, True, 60)
    box.database.write(lambda connection: moving.move(connection, COURSE, {ACTIVITY: "exam"}))

    tries(box, amina.id, 500, None, 30)

    (found,) = box.results.of(amina.id)[COURSE].values()
    assert ("exam", 800, 500, 2, True) == (
        found.activity,
        found.best_permille,
        found.last_permille,
        found.attempts,
        found.is_passed,
    )
