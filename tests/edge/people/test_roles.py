"""The role matrix: every page of people, learning and staff, asked for by everybody."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from edge.app import create_app
from edge.box import Box
from edge.people.people import Classroom, Person, Secret

ANYBODY = frozenset({"nobody", "guest", "learner", "teacher", "staff"})
SIGNED_IN = ANYBODY - {"nobody"}
TEACHING = frozenset({"teacher", "staff"})
STAFF = frozenset({"staff"})

MATRIX = {
    "people.sign_in": ANYBODY,
    "people.class_code": ANYBODY,
    "people.find_class": ANYBODY,
    "people.secret": ANYBODY,
    "people.prove": ANYBODY,
    "people.number": ANYBODY,
    "people.prove_number": ANYBODY,
    "people.password": ANYBODY,
    "people.prove_password": ANYBODY,
    "people.talk": ANYBODY,
    "people.code_in": ANYBODY,
    "people.spend_code": ANYBODY,
    "people.guest": ANYBODY,
    "people.sign_out": ANYBODY,
    "people.join": ANYBODY,
    "people.say_name": ANYBODY,
    "people.choose_secret": ANYBODY,
    "people.enrol": ANYBODY,
    "people.classes": TEACHING,
    "people.add_class": TEACHING,
    "people.classroom": TEACHING,
    "people.code": TEACHING,
    "people.new_code": TEACHING,
    "people.new_pin": TEACHING,
    "people.ask_erase": TEACHING,
    "people.erase": TEACHING,
    "people.teachers": STAFF,
    "people.add_teacher": STAFF,
    "people.let_in": STAFF,
    "people.ask_remove": STAFF,
    "people.remove": STAFF,
    "people.own_password": TEACHING,
    "people.change_own_password": TEACHING,
    "people.sheet": TEACHING,
    "people.sheet_talk": TEACHING,
    "people.keep_sheet": TEACHING,
    "learning.keep_place": SIGNED_IN,
    "learning.complete": SIGNED_IN,
    "learning.answer": SIGNED_IN,
    "learning.me": SIGNED_IN,
    "learning.class_progress": TEACHING,
    "learning.class_course": TEACHING,
    "learning.learner_progress": TEACHING,
    "staff.claim": ANYBODY,
    "staff.take": ANYBODY,
    "staff.status": STAFF,
    "staff.nights": STAFF,
    "staff.session_now": STAFF,
    "staff.budget": STAFF,
    "staff.change_budget": STAFF,
    "staff.lend": STAFF,
    "staff.watch": STAFF,
    "campus.said": TEACHING,
    "campus.decide": TEACHING,
    "campus.decide_budget": STAFF,
    "campus.names": TEACHING,
    "campus.rename": TEACHING,
    "campus.learner": TEACHING,
    "campus.change_learner": TEACHING,
}
"""Who may use which page. A page that is not named here fails the test below."""


@pytest.fixture
def app(box: Box, grade: Classroom) -> Flask:
    return create_app(box)


@pytest.fixture
def people(phones: Callable[..., Any], staff: Any, box: Box, grade: Classroom, amina: Person) -> dict[str, Any]:
    box.people.add_teacher("Kadra Ismail", "six goats and a well")
    teacher, learner, guest = phones("10.0.0.3"), phones("10.0.0.4"), phones("10.0.0.5")
    teacher.signs_in("Kadra Ismail", "six goats and a well")
    learner.sends("/sign-in/number", number="D-1042", pin="4719")
    guest.sends("/guest")
    return {"nobody": phones("10.0.0.6"), "guest": guest, "learner": learner, "teacher": teacher, "staff": staff}


def test_every_page_is_in_the_matrix(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules()}

    own = {page for page in pages if page.partition(".")[0] in ("people", "learning", "staff", "campus")}

    assert MATRIX.keys() == own


def test_each_page_lets_in_whom_it_should(app: Flask, people: dict[str, Any], amina: Person, grade: Classroom) -> None:
    found = {page: _let_in(app, page, people, amina, grade) for page, kinds in MATRIX.items() if kinds != ANYBODY}

    assert {page: kinds for page, kinds in MATRIX.items() if kinds != ANYBODY} == found


def test_a_learner_cannot_reset_or_erase_another(people: dict[str, Any], box: Box, amina: Person) -> None:
    hodan = box.people.enrol_learner(amina.classroom, "Hodan Said", Secret("pin", "8350"))

    people["learner"].sends(f"/learners/{hodan.id}/pin")
    people["learner"].sends(f"/learners/{hodan.id}/erase")

    assert 403 == people["learner"].status
    assert box.people.is_secret(box.people.person(hodan.id), Secret("pin", "8350"))


def test_a_form_without_the_word_of_its_session_changes_nothing(app: Flask, box: Box, amina: Person) -> None:
    client = app.test_client()

    answer = client.post("/guest", headers={"Origin": "http://localhost"})

    assert 403 == answer.status_code


def _let_in(app: Flask, page: str, people: dict[str, Any], amina: Person, grade: Classroom) -> frozenset[str]:
    """Who gets past the door; a wrong or harmless form is used, so that nothing is changed on the way."""
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == page)
    nowhere = {"classroom": "gone", "learner": "gone", "teacher": "gone", "person": "gone", "course": "gone", "proposal": "gone"}
    path = rule.rule
    for name, value in nowhere.items():
        path = path.replace(f"<{name}>", value)
    is_form = rule.methods is not None and "POST" in rule.methods
    let_in = set()
    for kind, phone in people.items():
        if is_form:
            phone.sends(path)
        else:
            phone.opens(path)
        if phone.status != 403 and not phone.path.startswith("/sign-in"):
            let_in.add(kind)
    return frozenset(let_in)
