"""Asking, through the real pages: what is listed, who may ask, what staff decide, what never comes through."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from edge.box import Box
from edge.campus import asking
from edge.campus.asking import AskedForMuch, NothingToAskFor
from edge.keeping import learner
from edge.people.people import Person
from sync.campus.asking import Listed
from tests.edge.campus.conftest import HubVoice
from tests.edge.conftest import Phone

Phones = Callable[..., Phone]


@pytest.fixture
def listing(voice: HubVoice) -> Callable[..., None]:
    """The hub lists courses."""

    def tell(*courses: str, **more: Any) -> None:
        for course in courses:
            titles = {"en": f"All about {course}", "ar": "كل شيء"}
            one = Listed(course, 1, titles, {"en": "From the hills."}, ("en", "ar"), ("Nature",), "8", 20, 34_000_000)
            voice.says("listed", {**one.says(), **more})
        voice.is_heard()

    return tell


@pytest.fixture
def learner_phone(phones: Phones, amina: Person) -> Phone:
    phone = phones("10.0.0.4")
    phone.sends("/sign-in/number", number="D-1042", pin="4719")
    return phone


def asked_events(box: Box) -> list[bytes]:
    rows = box.database.read().execute(
        "select payload from event where kind in ('asked', 'wanted') order by place, sequence"
    )
    return [bytes(row["payload"]) for row in rows.fetchall()]


def test_a_course_of_the_hub_is_found_with_its_size_and_can_be_asked_for(
    box: Box, listing: Callable[..., None], learner_phone: Phone
) -> None:
    listing("water")
    page = learner_phone.opens("/search?q=hills")

    learner_phone.sends("/search/ask", course="water", next="/search?q=hills")

    assert "Not here yet" in page
    assert "34" in page
    assert "Ask for it" in page
    assert "You asked for it" in learner_phone.page
    assert [b'{"askers":1,"course":"water","edit":1}'] == asked_events(box)


def test_the_list_is_chosen_from_as_the_shelf_is(listing: Callable[..., None], learner_phone: Phone) -> None:
    listing("water")

    shown = ["All about" in learner_phone.opens(f"/search?{query}") for query in
             ("language=ar", "mb=50", "minutes=30", "subject=Nature", "level=8")]  # fmt: skip
    hidden = [
        "All about" in learner_phone.opens(f"/search?{query}") for query in ("language=fr", "mb=20", "q=sand", "")
    ]

    assert ([True] * 5, [False] * 4) == (shown, hidden)


def test_a_guest_sees_the_list_and_asks_for_nothing(box: Box, listing: Callable[..., None], phones: Phones) -> None:
    listing("water")
    guest = phones("10.0.0.5")
    guest.sends("/guest")

    page = guest.opens("/search?q=water")
    guest.sends("/search/ask", course="water")

    assert "Not here yet" in page
    assert "Ask for it" not in page
    assert [] == asked_events(box)


def test_staff_let_a_course_come(box: Box, listing: Callable[..., None], learner_phone: Phone, staff: Phone) -> None:
    listing("water", "sand")
    learner_phone.sends("/search/ask", course="water")

    status = staff.opens("/staff")
    page = staff.opens("/staff/asked")
    after = staff.sends("/staff/asked/water", wanted="1")

    assert "1 course is asked for" in status
    assert page.index("All about water") < page.index("All about sand")
    assert "1 person asked" in page
    assert "Amina" not in page
    assert "It is coming" in after
    assert "asked for" not in staff.opens("/staff")
    assert b'{"course":"water","edit":1,"is_wanted":1}' == asked_events(box)[-1]
    assert "It is coming" in learner_phone.opens("/search?q=water")


def test_staff_say_not_now_and_may_change_their_mind(box: Box, listing: Callable[..., None], staff: Phone) -> None:
    listing("water")

    staff.sends("/staff/asked/water", wanted="0")
    staff.sends("/staff/asked/water", wanted="1")

    assert [True] == [one.is_wanted for one in box.asking.coming()]


def test_what_is_not_listed_is_not_asked_for(box: Box, listing: Callable[..., None], amina: Person) -> None:
    listing("water")
    listing("water", titles=[], edit=1)

    for course in ("water", "gold"):
        with pytest.raises(NothingToAskFor):
            box.asking.ask(amina.id, course)
    assert [] == box.asking.coming()
    assert [] == asked_events(box)


def test_nobody_asks_for_everything(
    box: Box, listing: Callable[..., None], amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASKED_MAX", 1)
    listing("water", "sand")
    box.asking.ask(amina.id, "water")

    with pytest.raises(AskedForMuch):
        box.asking.ask(amina.id, "sand")


def test_words_of_the_hub_are_shown_as_words(voice: HubVoice, learner_phone: Phone) -> None:
    evil = Listed("water", 1, {"en": "<script>x</script> water"}, {"en": "<b>bold</b> water"}, size_bytes=1)
    voice.says("listed", evil.says())
    voice.is_heard()

    page = learner_phone.opens("/search?q=water")

    assert "&lt;script&gt;" in page
    assert "<script>x" not in page
    assert "<b>bold" not in page


@pytest.mark.parametrize(
    "said",
    [
        {"titles": [[1, 2, 3], ["en"], []]},
        {"titles": [["en", "T"]], "languages": ["x" * 5000]},
        {"titles": [[]], "about": [["en"]]},
    ],
)
def test_a_list_that_is_not_as_we_write_it_breaks_no_page(
    voice: HubVoice, learner_phone: Phone, said: dict[str, Any]
) -> None:
    voice.says("listed", {"course": "water", **said})
    voice.is_heard()

    learner_phone.opens("/search?q=t&language=en")

    assert 200 == learner_phone.status


def test_what_has_come_is_asked_for_no_more(
    box: Box, listing: Callable[..., None], amina: Person, shelve: Callable[..., Any], tmp_path: Any
) -> None:
    listing("water")
    box.asking.ask(amina.id, "water")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "index.html").write_text("<p>Water")

    shelve(box, "water", [tmp_path / "s"], title="Water")
    box.asking.tidy()

    assert [] == box.asking.coming()
    assert set() == box.asking.asked_by(amina.id)


def test_what_somebody_asked_for_is_handed_out_with_all_else_of_them(
    box: Box, listing: Callable[..., None], amina: Person
) -> None:
    listing("water")
    box.asking.ask(amina.id, "water")
    written = io.BytesIO()

    learner.export(box, amina, written)

    document = json.loads(zipfile.ZipFile(written).read("learner.json"))
    assert ["water"] == document["asked_for"]
