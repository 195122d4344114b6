"""The hub's pages about a campus's roster and what is said to it, with forms only."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask

from sync.campus.ownership import Side
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import writing
from sync.hub.hub import Hub
from tests.sync.hub.conftest import CampusBox
from tests.sync.hub.test_pages import PASSWORD, Browser

pytestmark = pytest.mark.slow


@pytest.fixture
def app(hub: Hub) -> Flask:
    return create_app(hub)


@pytest.fixture
def staff(hub: Hub, app: Flask) -> Browser:
    browser = Browser(app)
    hub.staff.add("Rana", PASSWORD)
    assert browser.proves("/sign-in", name="Rana", password=PASSWORD).status_code == 303
    return browser


@pytest.fixture
def campus(hub: Hub) -> str:
    return hub.fleet.campus_called("Wadi").id


def names(hub: Hub, campus: str) -> list[tuple[str, list[str]]]:
    return [(group.name, [one.name for one in group.learners]) for group in hub.roster.classes(campus)]


def seen(staff: Browser, campus: str) -> str:
    """What the page says that it shows as it is."""
    found = re.search(r'name="seen" value="([^"]*)"', staff.reads(f"/campuses/{campus}/roster"))
    assert found is not None
    return found[1]


def beside(page: str, field: str) -> str:
    """What is said to be wrong beside a field, as those who listen are told too."""
    described = re.search(rf'id="{field}"[^>]*aria-describedby="([^"]*)" aria-invalid="true"', page)
    assert described is not None, f"{field} is not said to be wrong"
    said = re.search(rf'<p class="wrong" id="{described[1].split()[-1]}">([^<]*)</p>', page)
    assert said is not None
    return said[1]


def test_staff_make_a_class_and_a_learner(hub: Hub, staff: Browser, campus: str) -> None:
    roster = f"/campuses/{campus}/roster"
    staff.sends(f"/campuses/{campus}/classes", page=roster, name="Grade 9 A")
    (group,) = hub.roster.classes(campus)
    staff.sends(f"/campuses/{campus}/learners", page=roster, **{"class": group.id}, name="Amina Daher", number="1007")

    page = staff.reads(roster)

    assert names(hub, campus) == [("Grade 9 A", ["Amina Daher"])]
    assert "Amina Daher" in page
    assert "made here" in page


def test_what_cannot_be_is_said_with_its_next_step(hub: Hub, staff: Browser, campus: str) -> None:
    hub.roster.add_class(campus, "Grade 9 A")

    refused = staff.sends(f"/campuses/{campus}/classes", page=f"/campuses/{campus}/roster", name="grade 9 a")

    assert refused.status_code == 422
    assert "This name is taken." in beside(refused.text, "f-name-new")
    assert 'value="grade 9 a"' in refused.text
    assert len(hub.roster.classes(campus)) == 1


def test_a_change_of_what_the_campus_made_is_shown_with_both_values(
    hub: Hub, staff: Browser, campus: str, new_box: Callable[[], CampusBox]
) -> None:
    box = new_box()
    box.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    box.writes("class", class_="c1", name="Grade 8 B")
    box.sends()
    roster = f"/campuses/{campus}/roster"

    staff.sends(f"/campuses/{campus}/classes/c1", page=roster, name="Grade 9 B")
    page = staff.reads(roster)

    assert names(hub, campus) == [("Grade 8 B", [])]
    assert all(words in page for words in ("You propose", "Grade 8 B", "Grade 9 B", "made at the campus"))


def test_what_a_campus_proposes_is_decided_with_one_tap(
    hub: Hub, staff: Browser, campus: str, new_box: Callable[[], CampusBox]
) -> None:
    classroom = hub.roster.add_class(campus, "Grade 9 A")
    box = new_box()
    box.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    box.writes(
        "proposed", proposal="p1", about="class", id=classroom, field="name", was="Grade 9 A", value="Grade 10 A"
    )
    box.sends()
    waits = "1 proposal waits." in staff.reads(f"/campuses/{campus}")

    staff.sends(
        f"/campuses/{campus}/proposals/p1", page=f"/campuses/{campus}/roster", accept="1",
        seen=seen(staff, campus),
    )  # fmt: skip

    assert waits
    assert names(hub, campus) == [("Grade 10 A", [])]
    assert hub.roster.proposals(campus) == []


def test_staff_announce_and_take_it_back(hub: Hub, staff: Browser, campus: str) -> None:
    notices = f"/campuses/{campus}/notices"
    staff.sends(f"/campuses/{campus}/announcements", page=notices, text="Exam on Monday.\r\nBring a pen.", days="٣")
    (one,) = hub.notices.announcements(campus)
    shown = staff.reads(notices)

    staff.sends(f"/campuses/{campus}/announcements/{one.id}/withdraw", page=notices)

    assert (one.text, one.until_seconds > 0) == ("Exam on Monday.\nBring a pen.", True)
    assert "Bring a pen." in shown
    assert hub.notices.announcements(campus) == []


def test_an_empty_announcement_says_what_is_missing(hub: Hub, staff: Browser, campus: str) -> None:
    refused = staff.sends(f"/campuses/{campus}/announcements", page=f"/campuses/{campus}/notices", text="  ")

    assert refused.status_code == 422
    assert "Write what the campus should read." in beside(refused.text, "f-text")


def test_staff_assign_a_course_to_a_class(hub: Hub, staff: Browser, campus: str) -> None:
    with writing(hub.engine) as connection:
        connection.execute(schema.want.insert().values(campus=campus, course="water"))
    classroom = hub.roster.add_class(campus, "9 A")
    notices = f"/campuses/{campus}/notices"

    staff.sends(f"/campuses/{campus}/assignments", page=notices, course="water", days="7", **{"class": classroom})
    (one,) = hub.notices.assignments(campus)
    staff.sends(f"/campuses/{campus}/assignments/{one.id}/withdraw", page=notices)

    assert (one.classroom, one.course, one.due_seconds > 0) == (classroom, "water", True)
    assert hub.notices.assignments(campus) == []


def test_a_course_that_the_campus_does_not_get_is_not_assigned(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    notices = f"/campuses/{campus}/notices"

    refused = staff.sends(f"/campuses/{campus}/assignments", page=notices, course="x", **{"class": classroom})

    assert refused.status_code == 422


def test_a_budget_is_proposed_with_what_was_written_alone(hub: Hub, staff: Browser, campus: str) -> None:
    staff.sends(f"/campuses/{campus}/budget", page=f"/campuses/{campus}/notices", night_mb="300", window="01:00-04:00")

    sent = hub.notices.budget_sent(campus)

    assert sent is not None
    assert (dict(sent.settings), sent.is_accepted) == ({"night_mb": 300, "window": "01:00-04:00"}, None)


@pytest.mark.parametrize("field", ["night_mb", "month_mb", "rate_kbit", "window"])
@pytest.mark.parametrize("typed", ["40 MB", "99999999999", "-3", "nonsense", "1.5"])
def test_a_slip_of_the_pen_is_no_budget(hub: Hub, staff: Browser, campus: str, field: str, typed: str) -> None:
    """What was no number became no limit, and a box would have used it."""
    fields = {"night_mb": "300", field: typed}

    refused = staff.sends(f"/campuses/{campus}/budget", page=f"/campuses/{campus}/notices", **fields)

    words = "Write two times" if field == "window" else "Write a whole number from 0 to 100,000,000, or nothing."
    assert refused.status_code == 422
    assert words in beside(refused.text, f"f-{field}")
    assert f'value="{typed}"' in refused.text
    assert hub.notices.budget_sent(campus) is None


def test_nothing_at_all_is_no_proposal(hub: Hub, staff: Browser, campus: str) -> None:
    refused = staff.sends(f"/campuses/{campus}/budget", page=f"/campuses/{campus}/notices")

    assert (422, True) == (refused.status_code, "There is nothing to propose yet." in refused.text)
    assert hub.notices.budget_sent(campus) is None


def test_0_is_no_limit_where_somebody_wrote_it(hub: Hub, staff: Browser, campus: str) -> None:
    staff.sends(f"/campuses/{campus}/budget", page=f"/campuses/{campus}/notices", night_mb="٠", month_mb="٣٠٠")

    sent = hub.notices.budget_sent(campus)

    assert sent is not None
    assert {"night_mb": 0, "month_mb": 300} == dict(sent.settings)


@pytest.mark.parametrize("typed", ["3 days", "-3", "0", "3651", "99999999999999999999"])
def test_days_that_are_no_number_are_not_taken_for_no_day(hub: Hub, staff: Browser, campus: str, typed: str) -> None:
    with writing(hub.engine) as connection:
        connection.execute(schema.want.insert().values(campus=campus, course="water"))
    classroom = hub.roster.add_class(campus, "9 A")
    notices = f"/campuses/{campus}/notices"

    announced = staff.sends(f"/campuses/{campus}/announcements", page=notices, text="The exam.", days=typed)
    assigned = staff.sends(
        f"/campuses/{campus}/assignments", page=notices, course="water", days=typed, **{"class": classroom}
    )

    words = "Write a whole number from 1 to 3,650, or nothing."
    assert [422, 422] == [announced.status_code, assigned.status_code]
    assert words in beside(announced.text, "f-announce-days")
    assert words in beside(assigned.text, "f-assign-days")
    assert "The exam.</textarea>" in announced.text
    assert [[], []] == [hub.notices.announcements(campus), hub.notices.assignments(campus)]


def test_what_cannot_be_is_said_in_the_readers_language(hub: Hub, staff: Browser, campus: str) -> None:
    hub.roster.add_class(campus, "9 A")
    staff.opens("/language/fr?next=/")

    refused = staff.sends(f"/campuses/{campus}/classes", page=f"/campuses/{campus}/roster", name="9 a")

    assert "Ce nom est déjà pris." in unescape(refused.text)


def test_a_number_that_is_taken_is_said_in_its_form_and_the_rest_stays_written(
    hub: Hub, staff: Browser, campus: str
) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    hub.roster.add_learner(campus, classroom, "Amina Daher", "1007")

    refused = staff.sends(
        f"/campuses/{campus}/learners", page=f"/campuses/{campus}/roster", name="Badr Omar", number="1007",
        **{"class": classroom},
    )  # fmt: skip

    assert refused.status_code == 422
    assert "Another learner has this number." in beside(refused.text, "f-number")
    assert 'value="Badr Omar"' in refused.text
    assert f'action="/campuses/{campus}/learners#add-learner"' in refused.text


def test_a_name_that_is_taken_is_said_in_the_card_of_its_class(hub: Hub, staff: Browser, campus: str) -> None:
    hub.roster.add_class(campus, "9 A")
    other = hub.roster.add_class(campus, "9 B")

    refused = staff.sends(f"/campuses/{campus}/classes/{other}", page=f"/campuses/{campus}/roster", name="9 A")

    assert "This name is taken." in beside(refused.text, f"f-name-{other}")
    assert "<details open>" in refused.text


def test_of_a_learner_nothing_is_changed_where_a_part_cannot_be(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    hub.roster.add_learner(campus, classroom, "Amina Daher", "1007")
    badr = hub.roster.add_learner(campus, classroom, "Badr Omar")
    at = f"/campuses/{campus}/learners/{badr}"

    refused = staff.sends(at, page=at, name="Badr Ali", number="1007", **{"class": classroom})

    assert refused.status_code == 422
    assert "Another learner has this number." in beside(refused.text, "f-number")
    assert 'value="Badr Ali"' in refused.text
    assert names(hub, campus) == [("9 A", ["Amina Daher", "Badr Omar"])]


def test_a_proposal_shows_what_is_now_and_what_was_when_it_was_made(
    hub: Hub, staff: Browser, campus: str, new_box: Callable[[], CampusBox]
) -> None:
    """Accepting is a knowing choice: the name that would give way is the one on the page."""
    classroom = hub.roster.add_class(campus, "9 A")
    learner = hub.roster.add_learner(campus, classroom, "Sahra Ali")
    box = new_box()
    box.enrols(hub.fleet.make_token(hub.fleet.campus_called("Wadi")))
    box.writes(
        "proposed", proposal="p1", about="learner", id=learner, field="name", was="Sahra Ali", value="Sahra Ali Farah"
    )
    box.sends()
    before = seen(staff, campus)
    hub.roster.change(campus, "learner", learner, {"name": "Sahra Abdi"})

    decided = staff.sends(
        f"/campuses/{campus}/proposals/p1", page=f"/campuses/{campus}/roster", accept="1", seen=before
    )
    page = staff.reads(f"/campuses/{campus}/roster")

    assert (422, "Sahra Ali") == (decided.status_code, before)
    assert "changed meanwhile" in decided.text
    assert "Sahra Abdi<small>as it is</small>" in page
    assert "Changed since: it was Sahra Ali when this was proposed." in page
    assert names(hub, campus) == [("9 A", ["Sahra Abdi"])]


def test_a_learner_of_the_hub_is_changed_at_once(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    learner = hub.roster.add_learner(campus, classroom, "Amina Dahir")
    at = f"/campuses/{campus}/learners/{learner}"

    staff.sends(at, page=at, name="Amina Daher", number="", **{"class": classroom})

    (group,) = hub.roster.classes(campus)
    assert [(one.name, one.owner) for one in group.learners] == [("Amina Daher", Side.HUB)]


def test_a_learner_is_made_known_at_another_campus(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    learner = hub.roster.add_learner(campus, classroom, "Amina Daher")
    other = hub.fleet.campus_called("Hill").id
    there = hub.roster.add_class(other, "9 H")
    at = f"/campuses/{campus}/learners/{learner}"

    staff.sends(f"{at}/elsewhere", page=at, place=f"{other}/{there}")

    assert names(hub, other) == [("9 H", ["Amina Daher"])]
    assert "Also studies at Hill." in staff.reads(at)


def test_everything_of_a_learner_is_handed_out_and_that_is_written_down(hub: Hub, staff: Browser, campus: str) -> None:
    learner = hub.roster.add_learner(campus, hub.roster.add_class(campus, "9 A"), "Amina Daher")
    at = f"/campuses/{campus}/learners/{learner}"

    given = staff.sends(f"{at}/export.zip", page=at)

    assert ("application/zip", "no-store") == (given.content_type, given.headers["Cache-Control"])
    with zipfile.ZipFile(io.BytesIO(given.data)) as zipped:
        assert "Amina Daher" == json.loads(zipped.read("learner.json"))["person"]["name"]
    (line, *_) = hub.keeping.audit.lines()
    assert ("Rana", "exported-learner", learner) == (line.who, line.act, line.about["learner"])


def test_a_learner_is_erased_after_a_question_and_that_is_written_down(hub: Hub, staff: Browser, campus: str) -> None:
    classroom = hub.roster.add_class(campus, "9 A")
    learner = hub.roster.add_learner(campus, classroom, "Amina Daher")
    at = f"/campuses/{campus}/learners/{learner}"
    asked = staff.reads(f"{at}/erase")

    done = staff.sends(f"{at}/erase", page=f"{at}/erase")

    assert "Erase Amina Daher for ever?" in asked
    assert (303, f"/campuses/{campus}/roster") == (done.status_code, done.location)
    assert names(hub, campus) == [("9 A", [])]
    (line, *_) = hub.keeping.audit.lines()
    assert ("Rana", "erased", learner) == (line.who, line.act, line.about["learner"])
    assert 404 == staff.opens(f"{at}/erase").status_code


@pytest.mark.parametrize("path", ["roster", "notices", "learners/nobody"])
def test_a_campus_that_is_not_there_has_no_pages(staff: Browser, path: str) -> None:
    answer: Any = staff.opens(f"/campuses/gone/{path}")

    assert (404, True) == (answer.status_code, "There is no such campus here." in answer.text)


def test_these_pages_are_for_staff_alone(app: Flask, campus: str) -> None:
    stranger = Browser(app)

    answers = [stranger.opens(f"/campuses/{campus}/{path}") for path in ("roster", "notices")]

    assert [answer.status_code for answer in answers] == [303, 303]


@pytest.mark.parametrize("page", ["", "/elsewhere"])
def test_a_learner_of_a_campus_that_is_none_is_said_in_words(staff: Browser, page: str) -> None:
    """An address with a line break in it once made the page fail, for it led back to itself: found at random."""
    refused = staff.sends(f"/campuses/wadi%0Aeast/learners/nobody{page}", page="/", name="Amina")

    assert (404, True) == (refused.status_code, "There is no such campus" in refused.text)


def test_how_long_steps_stay_is_ruled_and_taken_back(hub: Hub, staff: Browser, campus: str) -> None:
    notices = f"/campuses/{campus}/notices"

    staff.sends(f"/campuses/{campus}/rules", page=notices, journal_days="90")
    ruled = hub.notices.days_ruled(campus)
    refused = staff.sends(f"/campuses/{campus}/rules", page=notices, journal_days="9999")
    staff.sends(f"/campuses/{campus}/rules", page=notices, journal_days="")

    assert (90, 422, None) == (ruled, refused.status_code, hub.notices.days_ruled(campus))
