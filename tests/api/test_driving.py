"""Whoever comes to a box or a hub, with whatever they send: no page fails, and each answers as the document says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from tests.api.driving import REQUESTS_EACH, Driver
from tests.api.prepared import Prepared

pytestmark = pytest.mark.slow

PARTS = 6
"""One pass in parts, so that all the machine's cores can take one."""

SHELF = "GET /library"


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_anybody_sends_makes_a_page_fail(driver: Driver, part: int) -> None:
    asked = [one for number in range(part, driver.turns, PARTS) for one in driver.turn(number)]

    assert [] == [one.complaint for one in asked if one.complaint]
    assert len(asked) >= driver.turns // PARTS * REQUESTS_EACH
    assert {200, 303, 403, 404} <= {one.status for one in asked}


def test_a_turn_is_the_same_whenever_it_is_run(driver: Driver) -> None:
    number = driver.turn_of("GET /library/{course}/{activity}")

    first, again = driver.turn(number), driver.turn(number)

    assert first == again
    assert {200, 303} <= {one.status for one in first}


# ---- planted mistakes: each must be found ----


def test_a_page_that_raises_is_found(folder: Path, prepared: Prepared) -> None:
    found = _complaints(folder, prepared, lambda: str(1 // 0))

    assert "500" in found[0]


def test_a_page_that_stumbles_over_one_word_of_a_known_person_is_found(folder: Path, prepared: Prepared) -> None:
    """A view that takes any name but one that is really there: only who sends what is there comes so far."""

    place = "learning.learner_progress"

    def meddle(app: Flask) -> None:
        shown = app.view_functions.get(place)

        def stumbling(learner: str) -> object:
            assert shown is not None
            page = shown(learner=learner)
            assert "Amina" not in str(page)
            return page

        _replace(app, place, stumbling)

    driver = Driver(folder, prepared, meddle)
    number = driver.turn_of("GET /learners/{learner}/progress")

    asked = [one for passed in range(3) for one in driver.turn(number + passed * driver.turns)]

    assert [one.complaint for one in asked if one.status == 500]


def test_a_field_that_nobody_declared_is_found(folder: Path, prepared: Prepared) -> None:
    found = _complaints(folder, prepared, lambda: f"shelf {request.args.get('shelf', 1)}")

    assert "read without being declared: {'library.shelf': {('query', 'shelf')}}" in found[0]


def test_an_answer_of_another_kind_than_declared_is_found(folder: Path, prepared: Prepared) -> None:
    found = _complaints(folder, prepared, lambda: Response("1,2", content_type="text/csv"))

    assert "Undocumented Content-Type" in found[0]


def test_an_end_that_is_busy_and_says_until_when_has_not_failed(folder: Path, prepared: Prepared) -> None:
    assert [] == _complaints(folder, prepared, lambda: Response("later", 503, {"Retry-After": "5"}))


def test_an_end_that_is_busy_without_saying_until_when_has(folder: Path, prepared: Prepared) -> None:
    assert _complaints(folder, prepared, lambda: Response("later", 503))


def _complaints(folder: Path, prepared: Prepared, view: Callable[..., Any]) -> list[str]:
    """What is found when the box's shelf is this view."""
    driver = Driver(folder, prepared, lambda app: _replace(app, "library.shelf", view))
    return [one.complaint for one in driver.turn(driver.turn_of(SHELF)) if one.complaint]


def _replace(app: Flask, endpoint: str, view: Callable[..., Any]) -> None:
    if endpoint in app.view_functions:
        app.view_functions[endpoint] = view
