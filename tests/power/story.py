"""The story whose every database is filmed: a hub, a box and their people, from the first start to the last.

The real code, by the real clockwork of the stories; after each thing that somebody was told is done, it is dictated.
"""

from pathlib import Path

from edge.people.people import Secret
from tests.power.dictation import Dictation, dictated
from tests.stories.box import Learner
from tests.stories.disk import Card
from tests.stories.world import World

LESSONS = 6
LEARNERS = 8
FILES = {"index.html": b"<h1>Water</h1>", "style.css": b"p { margin: 0 }" * 40}


def told(folder: Path) -> Dictation:
    """Tell the story in this folder, and hear what it says to its databases."""
    with dictated() as said:
        world = World(folder, Card())
        try:
            _tell(world, said)
        finally:
            world.closes()
        said.acknowledged()
    return said


def _tell(world: World, said: Dictation) -> None:
    box = world.box()
    said.acknowledged()
    people = [_someone(world, number) for number in range(LEARNERS)]
    said.acknowledged()
    for lesson in range(1, LESSONS + 1):
        world.hub.publishes("water", core={**FILES, f"page-{lesson}.html": f"<p>{lesson}</p>".encode() * 30})
        said.acknowledged()
        for learner in people:
            _one_lesson(learner, lesson)
            said.acknowledged()
        _staff_come_and_go(world, lesson, said)
        box.night()
        said.acknowledged()
        if lesson == LESSONS // 2:
            world.erases(box, people.pop().id)
            said.acknowledged()
            box.restarts()
            world.hub.restarts()
            said.acknowledged()
    box.night()
    said.acknowledged()


def _someone(world: World, number: int) -> Learner:
    box = world.boxes[0]
    classes = box.box.people.classrooms()
    classroom = classes[0] if classes else box.box.people.add_classroom("Grade 8 B")
    person = box.box.people.enrol_learner(classroom.id, f"Learner {number}", Secret("pin", "4719"), f"D-{number}")
    return Learner(box, person.id, world.ledger)


def _one_lesson(learner: Learner, lesson: int) -> None:
    box = learner.box.box
    _, session = box.sessions.begin(learner.id, "learner", {"lesson": str(lesson)})
    box.learning.opened(learner.id, "water", lesson, "site", "index.html", key=f"open-{lesson}")
    for _ in range(2):
        learner.answers()
    if lesson % 2:
        box.sessions.end(session)


def _staff_come_and_go(world: World, lesson: int, said: Dictation) -> None:
    hub = world.hub.hub
    for number in range(6):
        _, session = hub.sessions.begin(f"staff-{number}", "staff", {"lesson": str(lesson)})
        said.acknowledged()
        if number % 3 == lesson % 3:
            hub.sessions.end(session)
        if number == lesson:
            hub.sessions.end_all("staff-0")
        said.acknowledged()
