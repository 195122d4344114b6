"""What is seen of a course is the learner's place, without any script; of others nothing is kept."""

from collections.abc import Callable

from catalog.manifest import Release
from edge.box import Box
from edge.people.people import Person
from sync.web.sessions import Session

As = Callable[..., tuple[str, Session]]
HOST = "box.lan"


def look(box: Box, session: Session, release: Release, path: str) -> None:
    """See a page of a course, as the front tells it."""
    address = box.launches.open(session, release.course, release.root, release.activities[0].id)
    box.content.on_page(address.port, HOST, f"{address.token}/{path}")


def test_a_page_that_was_seen_is_the_learners_place(box: Box, lesson: Release, as_: As, amina: Person) -> None:
    _, session = as_("learner", amina.id)

    look(box, session, lesson, "site/parts/2-the-slope.html")

    place = box.learning.place(amina.id, "lesson", "site")
    assert place is not None
    assert ("site/parts/2-the-slope.html", 250) == (place.path, place.permille)


def test_a_guest_leaves_no_place(box: Box, lesson: Release, as_: As) -> None:
    _, session = as_("guest")

    look(box, session, lesson, "site/parts/2-the-slope.html")

    assert 0 == box.database.read().execute("select count(*) from place").fetchone()[0]


def test_a_teacher_leaves_no_place(box: Box, lesson: Release, as_: As) -> None:
    teacher = box.people.add_teacher("Mr Daher", "a long password")
    _, session = as_("teacher", teacher.id)

    look(box, session, lesson, "site/index.html")

    assert 0 == box.database.read().execute("select count(*) from place").fetchone()[0]


def test_what_is_no_page_of_the_lesson_moves_nobody(box: Box, lesson: Release, as_: As, amina: Person) -> None:
    _, session = as_("learner", amina.id)

    look(box, session, lesson, "site/style.css")
    look(box, session, lesson, "site/no-such-page.html")

    assert box.learning.place(amina.id, "lesson", "site") is None


def test_a_launch_reads_the_version_that_was_launched(
    box: Box, lesson: Release, second_lesson: Callable[[], Release], as_: As
) -> None:
    _, session = as_("guest")
    address = box.launches.open(session, "lesson", lesson.root, "site")

    second_lesson()

    found = box.content.resolve(address.port, HOST, f"{address.token}/site/parts/3-the-garden.html")
    assert found is not None
    assert found.path.is_file()
