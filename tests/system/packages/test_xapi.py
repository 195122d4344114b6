"""xAPI packages and cmi5 in a real browser: launched, heard, satisfied, and kept to the rules."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from catalog.manifest import Release
from tests.made_packages import au, cmi5, tincan, words_of
from tests.system.packages.conftest import SHARED, Campus, eventually

pytestmark = pytest.mark.system


@pytest.fixture
def course(campus: Campus, tmp_path: Path) -> Release:
    """Two units in a block: one to be completed and passed, with a mastery score; one to be completed."""
    units = au("well", 'moveOn="CompletedAndPassed" masteryScore="0.5"') + au("canal", 'moveOn="Completed"')
    told = words_of("title", "Unit 1") + words_of("description", "d")
    block = f'<block id="https://example.org/block">{told}{units}</block>'
    return campus.shelves("water", cmi5(tmp_path / "water.zip", block, "well", "canal"))


@pytest.fixture
def package(campus: Campus, tmp_path: Path) -> Release:
    return campus.shelves("water", tincan(tmp_path / "water.zip", "well"))


def test_a_unit_is_satisfied_by_what_its_course_asks_for(campus: Campus, course: Release) -> None:
    page = campus.phone()
    unit = opened(campus, page, course)
    does(unit, "complete", "completed 200")
    assert not is_done(campus, course, 0)

    does(unit, "pass", "passed 200")

    eventually(lambda: is_done(campus, course, 0), campus)
    does(unit, "end", "terminated 200")
    eventually(lambda: bool(campus.box.results.of(campus.amina.id)), campus)
    result = campus.box.results.of(campus.amina.id)["water"][course.activities[0].id]
    assert (900, True) == (result.best_permille, result.is_passed)


@pytest.mark.parametrize(
    ("buttons", "refused"),
    [
        (["low"], "passed 403"),
        (["complete", "complete"], "completed 403"),
        (["pass", "fail"], "failed 403"),
        (["end", "complete"], "completed 403"),
        (["other"], "completed 403"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_nothing_of_it_stays(
    campus: Campus, course: Release, buttons: list[str], refused: str
) -> None:
    unit = opened(campus, campus.phone(), course)
    *before, last = buttons
    for button in before:
        does(unit, button, f"{VERBS[button]} 200")
    stated = len(campus.events("stated"))

    does(unit, last, refused)

    assert stated == len(campus.events("stated"))


VERBS = {"complete": "completed", "pass": "passed", "fail": "failed", "end": "terminated"}


def test_a_session_that_nobody_ended_is_abandoned_by_the_next(campus: Campus, course: Release) -> None:
    page = campus.phone()
    unit = opened(campus, page, course)
    does(unit, "complete", "completed 200")
    page.close()

    again = opened(campus, campus.phone(), course)
    does(again, "pass", "passed 200")

    verbs = [verb_of(one) for one in stated(campus)]
    assert ["launched", "initialized", "completed", "abandoned", "launched", "initialized", "passed"] == verbs
    assert is_done(campus, course, 0)


def test_a_block_and_a_course_are_satisfied_with_their_last_unit(campus: Campus, course: Release) -> None:
    first = opened(campus, campus.phone(), course)
    does(first, "complete", "completed 200")
    does(first, "pass", "passed 200")
    assert "satisfied" not in [verb_of(one) for one in stated(campus)]

    does(opened(campus, campus.phone(), course, 1), "complete", "completed 200")

    eventually(lambda: "satisfied" in [verb_of(one) for one in stated(campus)], campus)
    satisfied = [one["object"]["id"] for one in stated(campus) if verb_of(one) == "satisfied"]
    assert ["https://example.org/block", "https://example.org/course"] == satisfied


def test_the_word_of_a_launch_is_given_once(campus: Campus, course: Release) -> None:
    page = campus.phone()
    opened(campus, page, course)
    frame = next(frame for frame in page.frames if "well.html" in frame.url)

    again = frame.evaluate("fetch(at.get('fetch'), {method: 'POST'}).then(function (a) { return a.json(); })")
    without = frame.evaluate(
        "fetch(at.get('endpoint') + 'statements', {headers: {'X-Experience-API-Version': '1.0.3'}})"
        ".then(function (a) { return a.status; })"
    )

    assert ("1", 401) == (again["error-code"], without)


def test_an_xapi_package_finds_what_it_kept_and_what_it_says_is_the_learners(campus: Campus, package: Release) -> None:
    page = campus.phone()
    unit = opened(campus, page, package)
    does(unit, "keep", "kept 204")
    does(unit, "answer", "answered 200")
    does(unit, "pass", "passed 200")
    page.close()

    again = opened(campus, campus.phone(), package)

    expect(again.locator("#state")).to_have_text('{"page":3}')
    (answer,) = campus.box.learning.answers(campus.amina.id, "water")
    assert ("Where is the well?", "b · correct") == (answer.item, answer.answer)
    result = campus.box.results.of(campus.amina.id)["water"]["well"]
    assert (900, True) == (result.best_permille, result.is_passed)


def test_an_xapi_package_speaks_for_its_learner_only(campus: Campus, package: Release) -> None:
    unit = opened(campus, campus.phone(), package)

    does(unit, "other", "completed 403")

    assert [] == stated(campus)


@pytest.mark.parametrize("kind", ["course", "package"])
def test_a_guest_plays_it_and_leaves_nothing(campus: Campus, kind: str, request: pytest.FixtureRequest) -> None:
    release = request.getfixturevalue(kind)
    unit = opened(campus, campus.phone("guest"), release)
    does(unit, "keep", "kept 204")
    does(unit, "complete", "completed 200")
    campus.settled()

    assert [0] * 5 == [campus.count(table) for table in ("statement", "document", "package", "package_part", "place")]


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
def test_the_course_of_others_initialises_and_keeps_its_place(campus: Campus) -> None:
    """CATAPULT's responsive example (Apache-2.0), which speaks through Rustici's cmi5.js."""
    release = campus.shelves("geology", SHARED / "cmi5" / "single_au_basic_responsive.zip")
    page = campus.phone()
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    campus.opens(page, release)

    eventually(lambda: "initialized" in [verb_of(one) for one in stated(campus)], campus)
    eventually(lambda: campus.count("document") == 2, campus)

    assert [] == failed


def opened(campus: Campus, page: Page, release: Release, number: int = 0) -> FrameLocator:
    """A unit that has begun."""
    unit = campus.opens(page, release, number).frame_locator("[data-room]")
    if release.activities[number].kind == "cmi5":
        expect(unit.locator("#said")).to_have_text("initialized 200")
    else:
        expect(unit.locator("#state")).not_to_have_text("")
    return unit


def does(unit: FrameLocator, button: str, said: str) -> None:
    unit.locator("#said").evaluate("element => { element.textContent = ''; }")
    unit.locator(f"#{button}").click()
    expect(unit.locator("#said")).to_have_text(said)


def is_done(campus: Campus, release: Release, number: int) -> bool:
    place = campus.box.learning.place(campus.amina.id, release.course, release.activities[number].id)
    return place is not None and place.is_completed


def stated(campus: Campus) -> list[dict[str, Any]]:
    campus.settled()
    return [json.loads(json.loads(one)["statement"]) for one in campus.events("stated")]


def verb_of(statement: dict[str, Any]) -> str:
    return str(statement["verb"]["id"]).rpartition("/")[2]
