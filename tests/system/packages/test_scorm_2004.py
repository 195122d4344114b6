"""SCORM 2004 in a real browser: one part and several, the order of which is the package's own affair."""

from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, expect

from catalog.manifest import Release
from tests.made_packages import Item, scorm
from tests.system.packages.conftest import SHARED, Campus, eventually, kept

pytestmark = pytest.mark.system

FLOW = '<imsss:sequencing><imsss:controlMode choice="false" flow="true"/></imsss:sequencing>'
BOTH = '<imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>'
AFTER_ONE = (
    '<imsss:sequencing><imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions conditionCombination="any">'
    '<imsss:ruleCondition referencedObjective="seen" operator="not" condition="satisfied"/>'
    '<imsss:ruleCondition referencedObjective="seen" operator="not" condition="objectiveStatusKnown"/>'
    '</imsss:ruleConditions><imsss:ruleAction action="disabled"/></imsss:preConditionRule></imsss:sequencingRules>'
    '<imsss:objectives><imsss:primaryObjective/><imsss:objective objectiveID="seen"><imsss:mapInfo '
    'targetObjectiveID="one-seen" readSatisfiedStatus="true"/></imsss:objective></imsss:objectives></imsss:sequencing>'
)
SAYS_SEEN = (
    '<imsss:sequencing><imsss:objectives><imsss:primaryObjective objectiveID="own"><imsss:mapInfo '
    'targetObjectiveID="one-seen" writeSatisfiedStatus="true"/></imsss:primaryObjective></imsss:objectives>'
    "</imsss:sequencing>"
)


@pytest.fixture
def single(campus: Campus, tmp_path: Path) -> Release:
    more = "<adlcp:dataFromLMS>seed=7</adlcp:dataFromLMS>"
    return campus.shelves("water", scorm(tmp_path / "water.zip", [Item("one", "The well", more)], is_2004=True))


@pytest.fixture
def flowing(campus: Campus, tmp_path: Path) -> Release:
    """Three parts, one after the other, no choice."""
    items = [Item("one", "The well"), Item("two", "The canal"), Item("three", "The garden")]
    return campus.shelves("water", scorm(tmp_path / "flow.zip", items, is_2004=True, sequencing=FLOW))


@pytest.fixture
def guarded(campus: Campus, tmp_path: Path) -> Release:
    """Two parts to choose from, the second when the first was passed."""
    items = [Item("one", "The well", SAYS_SEEN), Item("two", "The canal", AFTER_ONE)]
    return campus.shelves("water", scorm(tmp_path / "guarded.zip", items, is_2004=True, sequencing=BOTH))


def test_one_part_is_kept_and_goes_on_where_it_was(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    expect(sco.locator("#entry")).to_have_text("ab-initio")
    expect(sco.locator("#data")).to_have_text("seed=7")
    with kept(page, "answered"):
        sco.locator("#answer").click()
    page.close()

    again = inside(campus.opens(campus.phone(), single))

    expect(again.locator("#entry")).to_have_text("resume")
    expect(again.locator("#suspended")).to_have_text("answered (8)")
    expect(again.locator("#location")).to_have_text("page-2")
    answers = campus.box.learning.answers(campus.amina.id, "water")
    assert [("question-1", "b · correct")] == [(one.item, one.answer) for one in answers]


def test_sixty_four_thousand_letters_are_suspended(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    with kept(page, "xxxx"):
        sco.locator("#long").click()
    page.close()

    expect(inside(campus.opens(campus.phone(), single)).locator("#suspended")).to_contain_text("(64000)")


def test_score_success_and_progress_come_to_the_box(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    activity = single.activities[0].id
    sco.locator("#half").click()
    eventually(lambda: permille(campus, activity) == 500, campus)

    sco.locator("#pass").click()

    eventually(lambda: permille(campus, activity) == 1000, campus)
    result = campus.box.results.of(campus.amina.id)["water"][activity]
    assert (850, True, 600) == (result.best_permille, result.is_passed, result.seconds)


def test_parts_flow_one_after_the_other(campus: Campus, flowing: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, flowing)
    expect(inside(stage).locator("h1")).to_have_text("The well")
    stage.locator("[data-list]").click()
    expect(stage.get_by_role("button", name="The garden")).to_be_disabled()
    stage.locator("[data-list]").click()

    inside(stage).locator("#goon").click()
    expect(inside(stage).locator("h1")).to_have_text("The canal")
    inside(stage).locator("#finish").click()
    stage.locator("[data-next]").click()

    expect(inside(stage).locator("h1")).to_have_text("The garden")
    stage.locator("[data-next]").click()
    expect(stage.locator("[data-line]")).to_have_text("You have come to the end. What you did is kept.")
    stage.locator("[data-next]").click()
    expect(inside(stage).locator("h1")).to_have_text("The well")


def test_a_sitting_that_breaks_off_goes_on_in_the_same_part(campus: Campus, flowing: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, flowing)
    inside(stage).locator("#goon").click()
    expect(inside(stage).locator("h1")).to_have_text("The canal")
    with kept(page, "answered"):
        inside(stage).locator("#answer").click()
    page.close()

    page = campus.phone()
    stage = campus.opens(page, flowing)

    expect(inside(stage).locator("h1")).to_have_text("The canal")
    expect(inside(stage).locator("#suspended")).to_have_text("answered (8)")
    inside(stage).locator("#goon").click()
    expect(inside(stage).locator("h1")).to_have_text("The garden")


def test_the_package_is_finished_when_its_own_rules_say_so(campus: Campus, flowing: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, flowing)
    for title in ("The well", "The canal"):
        expect(inside(stage).locator("h1")).to_have_text(title)
        inside(stage).locator("#goon").click()
    expect(inside(stage).locator("h1")).to_have_text("The garden")
    inside(stage).locator("#finish").click()

    eventually(lambda: permille(campus, flowing.activities[0].id) == 1000, campus)
    place = campus.box.learning.place(campus.amina.id, "water", flowing.activities[0].id)
    assert place is not None
    assert place.is_completed


def test_a_rule_keeps_a_part_closed_until_another_was_passed(campus: Campus, guarded: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, guarded)
    if inside(stage).locator("h1").count() == 0:
        stage.get_by_role("button", name="The well").click()
    expect(inside(stage).locator("h1")).to_have_text("The well")
    stage.locator("[data-list]").click()
    expect(stage.get_by_role("button", name="The canal")).to_be_disabled()
    stage.locator("[data-list]").click()

    inside(stage).locator("#pass").click()
    stage.locator("[data-list]").click()

    expect(stage.get_by_role("button", name="The canal")).to_be_enabled()
    stage.get_by_role("button", name="The canal").click()
    expect(inside(stage).locator("h1")).to_have_text("The canal")


def test_a_new_version_of_another_kind_and_with_other_parts_begins_anew_and_keeps_the_place(
    campus: Campus, flowing: Release, tmp_path: Path
) -> None:
    """The course was of 1.2 once, then had other parts: nothing of that may keep it from opening."""
    page = campus.phone()
    inside(campus.opens(page, flowing)).locator("#goon").click()
    eventually(lambda: permille(campus, flowing.activities[0].id) > 0, campus)
    before = permille(campus, flowing.activities[0].id)
    page.close()
    kinds = [
        {"items": [Item("one", "The well"), Item("five", "The hill")], "is_2004": True, "sequencing": FLOW},
        {"items": [Item("one", "The well"), Item("four", "The mill")]},
    ]

    for kind in kinds:
        release = campus.shelves("water", scorm(tmp_path / "flow.zip", **kind))
        sco = inside(campus.opens(campus.phone(), release))
        expect(sco.locator("#said")).to_have_text("true")

    assert before <= permille(campus, flowing.activities[0].id)


@pytest.mark.parametrize(
    "rule",
    [
        '<imsss:limitConditions attemptLimit="2" attemptAbsoluteDurationLimit="PT10M"/>',
        '<imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition="always"/>'
        '</imsss:ruleConditions><imsss:ruleAction action="disabled"/></imsss:preConditionRule></imsss:sequencingRules>',
    ],
    ids=["a limit of time", "closed to everybody"],
)
def test_rules_that_would_let_nobody_begin_do_not(campus: Campus, tmp_path: Path, rule: str) -> None:
    items = [Item(name, name, f"<imsss:sequencing>{rule}</imsss:sequencing>") for name in ("one", "two")]
    release = campus.shelves("water", scorm(tmp_path / "a.zip", items, is_2004=True, sequencing=BOTH))

    sco = inside(campus.opens(campus.phone(), release))

    expect(sco.locator("h1")).to_have_text("one")
    expect(sco.locator("#said")).to_have_text("true")


def test_a_guest_goes_through_all_parts(campus: Campus, flowing: Release) -> None:
    stage = campus.opens(campus.phone("guest"), flowing)
    for title in ("The well", "The canal"):
        expect(inside(stage).locator("h1")).to_have_text(title)
        inside(stage).locator("#goon").click()
    expect(inside(stage).locator("h1")).to_have_text("The garden")

    assert [0, 0] == [campus.count("package_part"), campus.count("place")]


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
def test_the_golf_course_of_the_third_edition_remembers_its_page(campus: Campus) -> None:
    release = campus.shelves("golf", SHARED / "scorm" / "RuntimeBasicCalls_SCORM20043rdEdition.zip")
    page = campus.phone()
    sco = inside(campus.opens(page, release))
    heading = sco.frame_locator("#contentFrame").locator("h1")
    expect(heading).to_have_text("Play of the game")
    sco.locator("#butNext").click()
    expect(heading).not_to_have_text("Play of the game")
    there = heading.inner_text()
    eventually(lambda: '"location":"1"' in str(campus.box.packages.states_of(campus.amina.id)), campus)
    page.close()
    page = campus.phone()
    page.on("dialog", lambda dialog: dialog.accept())

    again = inside(campus.opens(page, release))

    expect(again.frame_locator("#contentFrame").locator("h1")).to_have_text(there)


def inside(stage: FrameLocator) -> FrameLocator:
    return stage.frame_locator("[data-room]")


def permille(campus: Campus, activity: str) -> int:
    place = campus.box.learning.place(campus.amina.id, "water", activity)
    return place.permille if place else 0
