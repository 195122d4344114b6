"""The role matrix: every page of the box, asked for by everybody; and what people of one class may do to another.

On one campus every teacher may teach every class, so a teacher's own and other classes are alike to the box.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from edge.app import create_app
from edge.box import Box
from edge.people.people import Classroom, Person, Secret
from sync.web.takes import PAGE, taken_by
from tests.edge.conftest import SAMPLES, Shelves

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
    "quiz.page": SIGNED_IN,
    "quiz.keep": SIGNED_IN,
    "quiz.file": SIGNED_IN,
    "essays.waiting": TEACHING,
    "essays.read": TEACHING,
    "learning.class_progress": TEACHING,
    "learning.class_course": TEACHING,
    "learning.learner_progress": TEACHING,
    "lrs.about": ANYBODY,
    "lrs.statements": ANYBODY,
    "lrs.agents": ANYBODY,
    "lrs.activities": ANYBODY,
    "lrs.activities_state": ANYBODY,
    "lrs.activities_profile": ANYBODY,
    "lrs.agents_profile": ANYBODY,
    "staff.claim": ANYBODY,
    "staff.take": ANYBODY,
    "staff.adopt": ANYBODY,
    "staff.take_place": ANYBODY,
    "staff.status": STAFF,
    "staff.nights": STAFF,
    "staff.session_now": STAFF,
    "staff.set_clock": STAFF,
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
    "keeping.settle": STAFF,
    "keeping.ask_reset": STAFF,
    "keeping.reset": STAFF,
    "keeping.export": TEACHING,
    "doctor.examine": STAFF,
    "doctor.report": STAFF,
    "birth_facts.birth": ANYBODY,
    "carrying.carry": STAFF,
    "carrying.letter": STAFF,
    "carrying.bring": STAFF,
    "portal.welcome": ANYBODY,
    "library.home": SIGNED_IN,
    "library.shelf": SIGNED_IN,
    "library.course": SIGNED_IN,
    "library.activity": SIGNED_IN,
    "library.file": SIGNED_IN,
    "library.captions": SIGNED_IN,
    "search.search": SIGNED_IN,
    "copy.fetch": SIGNED_IN,
    "asking.ask": SIGNED_IN - {"guest"},
    "asking.asked": STAFF,
    "asking.decide": STAFF,
    "opds.start": ANYBODY,
    "opds.books": ANYBODY,
    "opds.search": ANYBODY,
    "opds.description": ANYBODY,
    "opds.file": ANYBODY,
    "library.poster": SIGNED_IN,
    "openapi.read": STAFF,
    "styleguide.ping": ANYBODY,
    "styleguide.show": ANYBODY,
    "static_file": ANYBODY,
    "choose_language": ANYBODY,
    "choose_look": ANYBODY,
    "mirror.fetch": ANYBODY,
}
"""Who may use which page. A page that is not named here fails the test below.

What the mirror gives is named by its digest and signed: whoever knows the name may have it. The learning record store
asks nobody for a session, and everybody for a key (tests/edge/learning/lrs/test_http.py).
"""

OF_SOMEBODY = re.compile(r"<(?:classroom|learner)>")


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
    assert MATRIX.keys() == pages_of(app)


def test_each_page_lets_in_whom_it_should(app: Flask, people: dict[str, Any]) -> None:
    guarded = {page: kinds for page, kinds in MATRIX.items() if kinds != ANYBODY}

    found = {page: _let_in(app, page, people) for page in guarded}

    assert guarded == found


def test_the_pages_for_anybody_have_no_guard_and_the_others_have_one(app: Flask) -> None:
    guarded = {page for page in pages_of(app) if hasattr(app.view_functions[page], "kinds")}

    assert {page for page, kinds in MATRIX.items() if kinds != ANYBODY} == guarded


def test_a_route_without_a_row_is_found(app: Flask) -> None:
    app.add_url_rule("/planted", "planted", lambda: "Everything of everybody.")

    assert {"planted"} == pages_of(app) - MATRIX.keys()


def test_a_page_that_lost_its_guard_is_found(app: Flask, people: dict[str, Any]) -> None:
    guarded: Any = app.view_functions["people.teachers"]
    for phone in people.values():
        phone.application.view_functions["people.teachers"] = guarded.__wrapped__

    assert MATRIX["people.teachers"] < _let_in(app, "people.teachers", people)


# ---- the own class and another ----


@pytest.mark.parametrize("page", ["own", "other"])
def test_a_teacher_may_see_every_class_and_a_learner_none(
    app: Flask, people: dict[str, Any], box: Box, grade: Classroom, amina: Person, page: str
) -> None:
    other = box.people.add_classroom("Grade 9 A")
    hodan = box.people.enrol_learner(other.id, "Hodan Said", Secret("pin", "8350"))
    classroom, learner = (grade.id, amina.id) if page == "own" else (other.id, hodan.id)
    rules = [
        rule for rule in app.url_map.iter_rules() if OF_SOMEBODY.search(rule.rule) and "GET" in (rule.methods or ())
    ]
    paths = [_path(rule, {"classroom": classroom, "learner": learner}) for rule in rules if "<course>" not in rule.rule]

    seen = {
        kind: {people[kind].is_answered(path) for path in paths} for kind in ("teacher", "learner", "guest", "nobody")
    }

    assert len(paths) >= 7
    assert {"teacher": {200}, "learner": {403}, "guest": {303}, "nobody": {303}} == seen


def test_only_a_phone_of_the_class_is_asked_for_a_secret_of_it(
    phones: Callable[..., Any], box: Box, grade: Classroom, amina: Person
) -> None:
    other = box.people.add_classroom("Grade 9 A")
    hodan = box.people.enrol_learner(other.id, "Hodan Said", Secret("pin", "8350"))
    phone = phones()
    phone.sends("/sign-in/class", code=grade.code)

    own, foreign = (phone.opens(f"/sign-in/as/{person.id}") for person in (amina, hodan))
    phone.sends(f"/sign-in/as/{hodan.id}", pin="8350")

    assert ("Amina Warsame" in own, "Hodan" in foreign) == (True, False)
    assert "/sign-in" == phone.path


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


# ---- what every page has ----


@pytest.mark.parametrize("kind", ["teacher", "staff"])
def test_every_page_has_the_whole_of_its_header(
    app: Flask, people: dict[str, Any], box: Box, grade: Classroom, amina: Person, shelve: Shelves, kind: str
) -> None:
    """A page named something of its own `settings`, and lost the box's name, the way out and the languages."""
    course = shelve(box, "water", [SAMPLES / "lesson"], title="Water", language="en")
    teacher = box.people.teachers()[0]
    there = {
        "classroom": grade.id, "learner": amina.id, "course": "water", "activity": course.activities[0].id,
        "person": teacher.id, "teacher": teacher.id,
    }  # fmt: skip
    pages = {page for page, kinds in MATRIX.items() if kinds != ANYBODY and kind in kinds}
    rules = [_rule(app, page) for page in sorted(pages) if taken_by(app.view_functions[page]).gives == PAGE]
    shown = {}
    for rule in rules:
        path = _path(rule, there)
        if "GET" in (rule.methods or ()) and people[kind].is_answered(path) == 200:
            people[kind].opens(path)
            shown[path] = people[kind].page

    lacking = {path: _lacking(page, box) for path, page in shown.items()}

    assert len(lacking) > 8
    assert {} == {path: parts for path, parts in lacking.items() if parts}


def _lacking(page: str, box: Box) -> list[str]:
    parts = {
        "name": f"<span>{box.config.name}<small>",
        "title": f"– {box.config.name}</title>",
        "sign out": 'action="/sign-out"',
        "language": 'href="/language/fr?next=',
        "tabs": 'href="/classes"',
    }
    return [name for name, part in parts.items() if part not in page]


def pages_of(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules()}


def _let_in(app: Flask, page: str, people: dict[str, Any]) -> frozenset[str]:
    """Who gets past the door; a wrong or harmless form is used, so that nothing is changed on the way."""
    rule = _rule(app, page)
    path = _path(rule, {})
    let_in = set()
    for kind, phone in people.items():
        if "POST" in (rule.methods or ()):
            phone.sends(path)
        else:
            phone.opens(path)
        if phone.status != 403 and not phone.path.startswith("/sign-in"):
            let_in.add(kind)
    return frozenset(let_in)


def _rule(app: Flask, page: str) -> Rule:
    return next(rule for rule in app.url_map.iter_rules() if rule.endpoint == page)


def _path(rule: Rule, there: dict[str, str]) -> str:
    """The address of a page: about somebody who is there, or about nobody."""

    def filled(variable: re.Match[str]) -> str:
        return {"any(pin, pictures)": "pin", "int": "0"}.get(variable[1] or "", there.get(variable[2], "gone"))

    return re.sub(r"<(?:([^>]+):)?(\w+)>", filled, rule.rule)
