"""SCORM 1.2 in a real browser: what a learner did is there whatever happens to the tab, the phone or the Wi-Fi."""

from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, expect

from catalog.manifest import Release
from edge.learning.learning import Answer
from tests.made_packages import Item, scorm
from tests.system.packages.conftest import SHARED, Campus, eventually, kept

pytestmark = pytest.mark.system

PREREQUISITE = '<adlcp:prerequisites type="aicc_script">one</adlcp:prerequisites>'
SUSPENDED = "#suspended"


@pytest.fixture
def single(campus: Campus, tmp_path: Path) -> Release:
    more = "<adlcp:datafromlms>seed=7</adlcp:datafromlms>"
    return campus.shelves("water", scorm(tmp_path / "water.zip", [Item("one", "The well", more)]))


@pytest.fixture
def several(campus: Campus, tmp_path: Path) -> Release:
    items = [
        Item("unit", "Unit 1", inner=[Item("one", "The well"), Item("two", "The canal", PREREQUISITE)]),
        Item("three", "To read", is_sco=False),
    ]
    return campus.shelves("water", scorm(tmp_path / "several.zip", items))


def test_a_part_finds_its_runtime_and_who_is_there(campus: Campus, single: Release) -> None:
    sco = inside(campus.opens(campus.phone(), single))

    expect(sco.locator("#entry")).to_have_text("ab-initio")
    expect(sco.locator("#who")).to_have_text("Amina")
    expect(sco.locator("#data")).to_have_text("seed=7")


def test_an_answer_is_on_the_disk_when_it_is_acknowledged(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))

    with kept(page, "answered"):
        sco.locator("#answer").click()

    assert [("question-1", "b · correct")] == answered(campus, single)


def test_the_same_answers_said_again_are_told_once(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    for button in ("#answer", "#half", "#half"):
        with kept(page, "answered"):
            sco.locator(button).click()

    assert 1 == len(campus.events("answered"))


def test_a_score_is_the_result_of_the_sitting_that_ends_with_it(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))

    with kept(page, '"is_last":true'):
        sco.locator("#pass").click()

    result = campus.box.results.of(campus.amina.id)["water"][single.activities[0].id]
    place = campus.box.learning.place(campus.amina.id, "water", single.activities[0].id)
    assert (850, True, 1, 600) == (result.best_permille, result.is_passed, result.attempts, result.seconds)
    assert place is not None
    assert place.is_completed


def test_a_tab_that_closes_in_the_middle_loses_nothing(campus: Campus, single: Release) -> None:
    """The part wrote something and never asked for it to be kept; then the tab was gone."""
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    sco.locator("#write").click()
    page.close()
    eventually(lambda: "never committed" in states(campus, single), campus)

    again = inside(campus.opens(campus.phone(), single))

    expect(again.locator(SUSPENDED)).to_have_text("written, never committed (24)")
    expect(again.locator("#entry")).to_have_text("resume")


def test_what_is_written_after_a_commit_is_kept_without_another(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    with kept(page, "answered"):
        sco.locator("#answer").click()

    with kept(page, "never committed"):
        sco.locator("#write").click()


def test_what_a_part_suspends_is_there_the_next_day_to_its_last_letter(campus: Campus, single: Release) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    with kept(page, "xxxx"):
        sco.locator("#long").click()
    expect(sco.locator("#said")).to_have_text("true")
    page.close()

    again = inside(campus.opens(campus.phone(), single))

    expect(again.locator(SUSPENDED)).to_contain_text("(64000)")


def test_time_adds_up_over_sittings(campus: Campus, single: Release) -> None:
    for expected in ("00:00:00", "00:10:00", "00:20:00"):
        page = campus.phone()
        sco = inside(campus.opens(page, single))
        expect(sco.locator("#time")).to_contain_text(expected)
        with kept(page, '"is_last":true'):
            sco.locator("#pass").click()
        page.close()


def test_without_wifi_work_waits_in_the_phone_and_says_so(campus: Campus, single: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, single)
    sco = inside(stage)
    expect(sco.locator("#entry")).to_have_text("ab-initio")
    campus.wifi.cut()

    sco.locator("#answer").click()

    expect(stage.locator("[data-line]")).to_have_text(
        "Your work is kept in this phone; it is sent when the box is near again."
    )
    campus.wifi.back()
    expect(stage.locator("[data-line]")).to_be_hidden()
    assert [("question-1", "b · correct")] == answered(campus, single)


def test_a_phone_that_dies_without_wifi_sends_its_work_when_the_lesson_is_opened_again(
    campus: Campus, single: Release
) -> None:
    page = campus.phone()
    sco = inside(campus.opens(page, single))
    expect(sco.locator("#entry")).to_have_text("ab-initio")
    campus.wifi.cut()
    sco.locator("#answer").click()
    expect(sco.locator("#said")).to_have_text("true")
    phone = page.context
    page.close()
    assert [] == answered(campus, single)

    campus.wifi.back()
    again = inside(campus.opens(campus.signs_in(phone), single))

    expect(again.locator(SUSPENDED)).to_have_text("answered (8)")
    expect(again.locator("#location")).to_have_text("page-2")
    eventually(lambda: answered(campus, single) == [("question-1", "b · correct")], campus)


def test_a_part_opens_when_what_it_needs_is_finished(campus: Campus, several: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, several)
    expect(stage.frame_locator("[data-room]").locator("h1")).to_have_text("The well")
    stage.locator("[data-list]").click()
    expect(stage.get_by_role("button", name="The canal")).to_be_disabled()
    stage.locator("[data-list]").click()

    inside(stage).locator("#finish").click()
    stage.locator("[data-next]").click()

    expect(inside(stage).locator("h1")).to_have_text("The canal")


def test_a_package_is_finished_when_all_its_parts_are(campus: Campus, several: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, several)
    activity = several.activities[0].id
    inside(stage).locator("#pass").click()
    stage.locator("[data-next]").click()
    expect(inside(stage).locator("h1")).to_have_text("The canal")
    inside(stage).locator("#finish").click()
    eventually(lambda: permille(campus, activity) == 666, campus)

    stage.locator("[data-next]").click()

    expect(inside(stage).locator("h1")).to_have_text("To read")
    eventually(lambda: permille(campus, activity) == 1000, campus)
    place = campus.box.learning.place(campus.amina.id, "water", activity)
    assert place is not None
    assert place.is_completed
    page.reload()
    expect(page.get_by_text("Finished")).to_be_visible()


def test_a_package_goes_on_at_the_part_where_the_learner_was(campus: Campus, several: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, several)
    inside(stage).locator("#finish").click()
    stage.locator("[data-next]").click()
    expect(inside(stage).locator("h1")).to_have_text("The canal")
    with kept(page, "answered"):
        inside(stage).locator("#answer").click()
    page.close()

    again = inside(campus.opens(campus.phone(), several))

    expect(again.locator("h1")).to_have_text("The canal")
    expect(again.locator(SUSPENDED)).to_have_text("answered (8)")


def test_a_guest_plays_everything_and_leaves_nothing_behind(campus: Campus, several: Release) -> None:
    page = campus.phone("guest")
    stage = campus.opens(page, several)
    expect(inside(stage).locator("#who")).to_have_text("Guest")
    inside(stage).locator("#answer").click()
    inside(stage).locator("#pass").click()
    stage.locator("[data-next]").click()
    expect(inside(stage).locator("h1")).to_have_text("The canal")
    phone = page.context
    page.close()
    campus.settled()

    counts = [campus.count(table) for table in ("package", "package_part", "place", "answer", "result")]
    assert [0] * len(counts) == counts
    again = inside(campus.opens(campus.signs_in(phone, "guest"), several))
    expect(again.locator("h1")).to_have_text("The well")
    expect(again.locator("#entry")).to_have_text("ab-initio")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_list_of_parts_is_for_a_phone_and_for_both_directions(
    campus: Campus, several: Release, language: str, tmp_path: Path
) -> None:
    page = campus.phone(language=language)
    stage = campus.opens(page, several)
    stage.locator("[data-list]").click()
    expect(stage.locator("#parts")).to_be_visible()
    page.screenshot(path=str(tmp_path / f"parts-{language}.png"))

    frame = next(frame for frame in page.frames if "~play" in frame.url)
    assert ("rtl" if language == "ar" else "ltr") == frame.evaluate("document.documentElement.dir")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert [0, 0] == [frame.evaluate(overflow), page.evaluate(overflow)]


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
def test_the_golf_course_is_played_to_its_end_and_remembers_the_page(campus: Campus) -> None:
    """Rustici's sample (CC BY 3.0): pages in a frame of its own, a bookmark, a quiz."""
    release = campus.shelves("golf", SHARED / "scorm" / "RuntimeBasicCalls_SCORM12.zip")
    page = campus.phone()
    sco = inside(campus.opens(page, release))
    heading = sco.frame_locator("#contentFrame").locator("h1")
    expect(heading).to_have_text("Play of the game")
    for _ in range(2):
        before = heading.inner_text()
        sco.locator("#butNext").click()
        expect(heading).not_to_have_text(before)
    there = heading.inner_text()
    eventually(lambda: '"lesson_location":"2"' in states(campus, release), campus)
    page.close()
    page = campus.phone()
    page.on("dialog", lambda dialog: dialog.accept())

    again = inside(campus.opens(page, release))

    expect(again.frame_locator("#contentFrame").locator("h1")).to_have_text(there)


def inside(stage: FrameLocator) -> FrameLocator:
    return stage.frame_locator("[data-room]")


def answered(campus: Campus, release: Release) -> list[tuple[str, str]]:
    campus.settled()
    answers: list[Answer] = campus.box.learning.answers(campus.amina.id, release.course)
    return [(one.item, one.answer) for one in answers]


def states(campus: Campus, release: Release) -> str:
    return "\n".join(state for *_, state in campus.box.packages.states_of(campus.amina.id))


def permille(campus: Campus, activity: str) -> int:
    place = campus.box.learning.place(campus.amina.id, "water", activity)
    return place.permille if place else 0
