"""H5P in a real browser: an exercise of somebody else's is played, and what came of it is the learner's."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, expect

from catalog.manifest import Release
from tests.made_packages import as_json, zipped
from tests.system.packages.conftest import SHARED, Campus, eventually

pytestmark = pytest.mark.system

BESIDE = """H5P.Beside = function (said, id) {
  this.attach = function (box) { box.html('<iframe class="beside" src="' + H5P.getContentPath(id) + '/well.html">'); };
};"""
"""A library that asks for a page which lies beside its exercise."""


@pytest.fixture
def exercise(campus: Campus) -> Release:
    """True or false (tunapanda/h5p-standalone, MIT): "Is this false?", and it is."""
    if not SHARED.exists():
        pytest.skip("the packages of others are not beside this checkout")
    return campus.shelves("quiz", SHARED / "h5p" / "h5p-test.h5p")


def inside(stage: FrameLocator) -> FrameLocator:
    return stage.frame_locator("iframe.h5p-iframe")


def test_an_exercise_is_answered_and_the_result_is_the_learners(campus: Campus, exercise: Release) -> None:
    page = campus.phone()
    h5p = inside(campus.opens(page, exercise))
    expect(h5p.get_by_text("Is this false?")).to_be_visible()

    h5p.get_by_role("radio", name="False").click()
    h5p.get_by_role("button", name="Check").click()

    eventually(lambda: bool(campus.box.results.of(campus.amina.id)), campus)
    result = campus.box.results.of(campus.amina.id)["quiz"][exercise.activities[0].id]
    place = campus.box.learning.place(campus.amina.id, "quiz", exercise.activities[0].id)
    (answer,) = campus.box.learning.answers(campus.amina.id, "quiz")
    assert (1000, True) == (result.best_permille, result.is_passed)
    assert place is not None
    assert place.is_completed
    assert "false · correct" == answer.answer


def test_its_statements_are_records_of_the_learner_alone(campus: Campus, exercise: Release) -> None:
    page = campus.phone()
    h5p = inside(campus.opens(page, exercise))
    h5p.get_by_role("radio", name="False").click()
    h5p.get_by_role("button", name="Check").click()

    eventually(lambda: any("answered" in one for one in campus.events("stated")), campus)
    stated: list[dict[str, Any]] = [json.loads(json.loads(one)["statement"]) for one in campus.events("stated")]
    assert {campus.amina.id} == {one["actor"]["account"]["name"] for one in stated}
    assert len({one["id"] for one in stated}) == len(stated)


def test_what_was_chosen_is_there_the_next_time(campus: Campus, exercise: Release) -> None:
    page = campus.phone()
    h5p = inside(campus.opens(page, exercise))
    h5p.get_by_role("radio", name="False").click()
    page.close()
    eventually(lambda: "answer" in str(campus.box.packages.states_of(campus.amina.id)), campus)

    again = inside(campus.opens(campus.phone(), exercise))

    expect(again.get_by_role("radio", name="False")).to_have_attribute("aria-checked", "true")


def test_a_guest_answers_and_leaves_nothing(campus: Campus, exercise: Release) -> None:
    page = campus.phone("guest")
    h5p = inside(campus.opens(page, exercise))
    h5p.get_by_role("radio", name="False").click()
    h5p.get_by_role("button", name="Check").click()
    expect(h5p.get_by_text("You got 1 of 1 points", exact=True)).to_be_visible()
    page.close()
    campus.settled()

    assert [0] * 4 == [campus.count(table) for table in ("package_part", "place", "result", "statement")]


def test_nothing_is_asked_of_the_internet(campus: Campus, exercise: Release) -> None:
    page = campus.phone()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(inside(campus.opens(page, exercise)).get_by_text("Is this false?")).to_be_visible()

    assert [] == [url for url in asked if "127.0.0.1" not in url and not url.startswith(("data:", "blob:"))]


def test_a_library_finds_what_lies_beside_the_exercise(campus: Campus, tmp_path: Path) -> None:
    one = {"machineName": "H5P.Beside", "majorVersion": 1, "minorVersion": 0}
    files = {
        "h5p.json": as_json({"title": "Beside", "mainLibrary": "H5P.Beside", "preloadedDependencies": [one]}),
        "content/content.json": b"{}",
        "content/well.html": b"<!doctype html><title>Well</title><p>The well is deep.</p>",
        "H5P.Beside-1.0/library.json": as_json({**one, "preloadedJs": [{"path": "beside.js"}]}),
        "H5P.Beside-1.0/beside.js": BESIDE.encode(),
    }
    release = campus.shelves("beside", zipped(tmp_path / "beside.h5p", files))

    h5p = inside(campus.opens(campus.phone(), release))

    expect(h5p.frame_locator("iframe.beside").get_by_text("The well is deep.")).to_be_visible()
