"""What other writers said, as this box's own tables have it."""

from typing import Any

import pytest

from edge.box import Box
from edge.people.people import Person, Secret
from sync.batch import BatchRefused
from sync.campus.ownership import Side
from tests.edge.campus.conftest import HubVoice


def learners(box: Box) -> dict[str, list[str]]:
    return {one.name: [learner.name for learner in box.people.learners(one.id)] for one in box.people.classrooms()}


def test_learners_who_come_before_their_class_wait_for_it(voice: HubVoice, box: Box) -> None:
    voice.says("learner", {"name": "Amina", "class": "c1"}, "amina")
    voice.is_heard()
    before = box.people.person("amina")

    voice.says("class", {"class": "c1", "name": "9 A"})
    voice.is_heard()

    assert before is None
    assert learners(box) == {"9 A": ["Amina"]}


def test_a_student_number_that_another_has_is_left_out(voice: HubVoice, box: Box, amina: Person) -> None:
    voice.says("class", {"class": "c1", "name": "9 A"})
    voice.says("learner", {"name": "Badr", "class": "c1", "student_number": amina.student_number}, "badr")

    voice.is_heard()

    badr = box.people.person("badr")
    assert badr is not None
    assert badr.student_number == ""
    assert box.people.learner_of_number(amina.student_number) == amina


def test_a_class_of_the_hub_has_a_code_of_this_box(voice: HubVoice, box: Box) -> None:
    classroom = voice.roster.add_class("wadi", "9 A")
    voice.is_heard()

    found = box.people.classroom(classroom)

    assert found is not None
    assert box.people.classroom_of_code(found.code) == found


def test_a_new_name_keeps_the_pin_and_the_code(voice: HubVoice, box: Box) -> None:
    classroom = voice.roster.add_class("wadi", "9 A")
    learner = voice.roster.add_learner("wadi", classroom, "Amina")
    voice.is_heard()
    pin, code = box.people.new_pin(learner), box.people.classrooms()[0].code

    voice.roster.change("wadi", "learner", learner, {"name": "Amina Daher"})
    voice.roster.change("wadi", "class", classroom, {"name": "10 A"})
    voice.is_heard()

    assert learners(box) == {"10 A": ["Amina Daher"]}
    assert box.people.is_secret(box.people.person(learner), Secret("pin", pin))
    assert box.people.classrooms()[0].code == code


def test_the_hubs_word_about_a_class_of_this_box_never_writes_it(voice: HubVoice, box: Box, grade: Any) -> None:
    voice.says(
        "proposed", {"proposal": "p", "about": "class", "id": grade.id, "field": "name", "was": "", "value": "X"}
    )

    voice.is_heard()

    assert [one.name for one in box.people.classrooms()] == [grade.name]
    assert box.campus.owner_of_class(grade.id) is Side.CAMPUS


def test_a_proposal_for_what_nobody_may_change_is_passed_by(voice: HubVoice, box: Box, grade: Any) -> None:
    for about, field in (("class", "code"), ("teacher", "name")):
        said = {"proposal": f"p-{field}", "about": about, "id": grade.id, "field": field, "was": "", "value": "X"}
        voice.says("proposed", said)

    voice.is_heard()

    assert box.campus.proposals(Side.HUB) == []


def test_an_erasure_that_the_hub_tells_is_done_here(voice: HubVoice, box: Box, amina: Person) -> None:
    voice.hands_on("wadi", ("erased", amina.id, {}))

    assert box.people.person(amina.id) is None
    assert box.journal.has_erased(amina.id)


def test_who_was_erased_here_does_not_come_back(voice: HubVoice, box: Box) -> None:
    classroom = voice.roster.add_class("wadi", "9 A")
    learner = voice.roster.add_learner("wadi", classroom, "Amina Unmistakable")
    voice.is_heard()
    box.people.erase(learner)
    voice.roster.change("wadi", "learner", learner, {"name": "Amina Unmistakable Bis"})

    voice.is_heard()

    assert learners(box) == {"9 A": []}
    rows = box.database.read().execute("select count(*) from campus_word where learner = ?", [learner]).fetchone()
    assert rows[0] == 0


HISTORY = (
    ("class", "", {"class": "c1", "name": "8 B"}),
    ("learner", "amina", {"name": "Amina", "class": "c1", "key": "a2tra2tra2tra2tra2traw"}),
    ("opened", "amina", {"course": "water", "version": 1, "activity": "film"}),
    ("progressed", "amina", {"course": "water", "version": 1, "activity": "film", "seconds": 60, "permille": 400}),
    ("answered", "amina", {"course": "water", "activity": "quiz", "item": "q1", "answer": "42"}),
    ("completed", "amina", {"course": "water", "version": 1, "activity": "reader"}),
    ("scored", "amina", {"course": "water", "version": 1, "activity": "quiz", "permille": 900, "attempt": 1}),
    ("scored", "amina", {"course": "water", "version": 1, "activity": "quiz", "permille": 700, "attempt": 2}),
)


def test_the_history_of_a_replaced_box_is_read_in_and_not_told_again(voice: HubVoice, box: Box) -> None:
    voice.hands_on("old-box", *HISTORY)

    film, reader = (box.learning.place("amina", "water", name) for name in ("film", "reader"))
    assert learners(box) == {"8 B": ["Amina"]}
    assert film is not None
    assert reader is not None
    assert (film.seconds, film.permille, film.is_completed, reader.is_completed) == (60, 400, False, True)
    assert [one.answer for one in box.learning.answers("amina", "water")] == ["42"]
    quiz = box.results.of("amina")["water"]["quiz"]
    assert (quiz.best_permille, quiz.last_permille, quiz.is_passed, quiz.attempts) == (900, 700, None, 2)
    assert box.journal.unsent_count() == 0


def test_history_never_leads_back(voice: HubVoice, box: Box) -> None:
    box.learning.reached_second("amina", "water", 2, "film", 700, 800)

    voice.hands_on("old-box", *HISTORY)

    film = box.learning.place("amina", "water", "film")
    assert film is not None
    assert (film.seconds, film.permille, film.version) == (700, 875, 2)


def test_a_class_out_of_history_belongs_to_this_box(voice: HubVoice, box: Box) -> None:
    voice.hands_on("old-box", *HISTORY)

    assert box.campus.change("class", "c1", {"name": "9 B"})
    assert learners(box) == {"9 B": ["Amina"]}


def test_a_snapshot_of_a_learner_who_studies_elsewhere_goes_forward_only(voice: HubVoice, box: Box) -> None:
    places = [["film", 3, 500, 0, 0, 77, "", 90]]
    voice.says("snapshot", {"course": "water", "places": places, "answers": [["quiz", "q1", "42", 77]]}, "amina")

    voice.is_heard()

    film = box.learning.place("amina", "water", "film")
    assert film is not None
    assert (film.version, film.permille, film.seconds) == (3, 500, 90)


def test_what_the_hub_did_not_sign_is_not_taken(voice: HubVoice, box: Box) -> None:
    voice.says("class", {"class": "c1", "name": "9 A"})
    data = bytearray(voice._next())
    data[-1] ^= 1

    with pytest.raises(BatchRefused, match="did not sign"):
        voice.takes(bytes(data))

    assert box.people.classrooms() == []
