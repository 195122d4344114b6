"""A quiz in a real browser, at phone size, in English and in Arabic, with scripts and without.

Every page that is passed is asked by axe-core, and none is wider than the phone.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from catalog.publish import Catalog, publish
from catalog.questions.bank import Bank
from catalog.questions.marking import right_answer
from edge.box import Box
from edge.config import Config
from edge.people.people import Person, Secret
from edge.serve import sites
from sync.web.front import Front
from tests.edge.conftest import WoundClock, no_way
from tests.edge.learning.quiz.conftest import ESSAY, WATER
from tests.phones import Phones, assert_welcoming, watched
from tests.ports import free_ports

pytestmark = pytest.mark.system

ARABIC = {
    "Which capital?": "ما عاصمة كل بلد؟", "What comes first?": "ما الذي يأتي أولا؟", "How deep?": "كم العمق؟",
    "Water as air?": "ما اسم الماء في الهواء؟", "What is wet?": "ما هو المبتل؟",
    "Water runs uphill.": "الماء يجري إلى أعلى.", "Rain</text>": "المطر</text>", "The sea": "البحر", "Sand": "الرمل",
    "Cloud": "سحاب", "River": "نهر", "Oman": "عمان", "Qatar": "قطر", "Muscat": "مسقط", "Doha": "الدوحة",
    "Near the top": "قرب السطح", "Near the floor": "قرب القاع", "<p>From which hole\ndoes the water push out hardest?":
    "<p>من أي ثقب يندفع الماء بأشد قوة؟",
}  # fmt: skip


@dataclass
class School:
    """A box that is served, and who learns at it."""

    box: Box
    address: str
    port: int

    def page(self, phones: Phones, person: Person, kind: str, language: str, *, scripts: bool) -> Page:
        """A phone that is signed in."""
        context = phones.context(language, scripts=scripts)
        cookie, _ = self.box.sessions.begin(person.id, kind, {})
        context.add_cookies([{"name": f"qanat-box-{self.port}", "value": cookie, "url": self.address}])
        return watched(context)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("school")
    port, content_port = free_ports(2)
    config = Config(host="127.0.0.1", port=port, content_port=content_port, content_ports=1)
    usual: dict[str, Any] = {"clock": WoundClock(), "random_bytes": random.Random("school").randbytes}
    box = Box.open(folder / "box", config, open_link=no_way, **usual)
    box.start()
    arabic = WATER
    for words, other in ARABIC.items():
        arabic = arabic.replace(words, other)
    for course, language, text in (("en", "en", WATER), ("ar", "ar", arabic), ("essay", "en", ESSAY)):
        (folder / "quiz.txt").write_text(text)
        at = Catalog(box.data, box.database, box.store, box.releases)
        title = "اختبار الماء" if course == "ar" else "Water quiz"
        made = publish([folder / "quiz.txt"], at, course=course, language=language, title=title, now_seconds=0).release
        box.database.write(lambda connection, made=made: box.shelf.switch(connection, made, list(made.layers)))
        box.shelf.ensure_trees()
    try:
        with Front(sites(box), box.clock).serving():
            yield School(box, f"http://127.0.0.1:{port}", port)
    finally:
        box.close()


def learner(school: School, name: str) -> Person:
    classrooms = school.box.people.classrooms() or [school.box.people.add_classroom("8 B")]
    return school.box.people.enrol_learner(classrooms[0].id, name, Secret("pin", "4071"))


def answer(page: Page, bank: Bank, number: int) -> None:
    """Fill in the right answer, as a hand would."""
    question = bank.questions[number - 1]
    right = {"number": ["1234,5"], "gaps": ["boils", "100", "vapour"]}.get(question.id) or right_answer(question)
    match question.kind:
        case "choice" | "truefalse":
            for value in right:
                page.check(f"input[value='{value}']")
        case "match":
            for at, value in enumerate(right):
                page.locator("select[name^=answer]").nth(at).select_option(value)
        case "order":
            for at, value in enumerate(right, 1):
                page.select_option(f"select:has(option[value='{value}.{at}'])", f"{value}.{at}")
        case "gaps":
            for at, value in enumerate(right):
                field = page.locator(f"[name=answer-{number}-{at}]")
                field.select_option(value) if field.evaluate("one => one.tagName") == "SELECT" else field.fill(value)
        case _:
            page.fill(f"[name=answer-{number}]", right[0])


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_quiz_from_its_first_page_to_its_result(
    school: School, phones: Phones, language: str, scripts: bool, tmp_path: Path
) -> None:
    amina = learner(school, f"Amina {language} {scripts}")
    page = school.page(phones, amina, "learner", language, scripts=scripts)
    activity = school.box.shelf.release(language).activities[0]  # type: ignore[union-attr]
    bank = Bank.from_bytes((school.box.shelf.tree(language) / activity.path).read_bytes())

    page.goto(f"{school.address}/library/{language}/{activity.id}")
    assert_welcoming(page, tmp_path / "start.png", scripts=scripts)
    page.click("main a.btn.block")
    for number in range(1, len(bank.questions) + 1):
        answer(page, bank, number)
        assert_welcoming(page, tmp_path / f"question-{number}.png", scripts=scripts)
        page.locator("main form .btn").first.click()
        following = number + 1 if number < len(bank.questions) else "check"
        expect(page).to_have_url(re.compile(rf"show={following}$"))
    assert_welcoming(page, tmp_path / "check.png", scripts=scripts)
    expect(page.locator(".steps .ok")).to_have_count(len(bank.questions))
    page.click("button[value=hand-in]")

    expect(page).to_have_url(re.compile(r"show=result$"))
    assert_welcoming(page, tmp_path / "result.png", scripts=scripts)
    result = school.box.results.of(amina.id)[language][activity.id]
    assert (1000, 1) == (result.best_permille, result.attempts)


def test_an_answer_stays_on_the_page_while_the_box_is_away(school: School, phones: Phones) -> None:
    amina = learner(school, "Safia")
    page = school.page(phones, amina, "learner", "en", scripts=True)
    activity = school.box.shelf.release("essay").activities[0]  # type: ignore[union-attr]
    page.goto(f"{school.address}/quiz/essay/{activity.id}?show=1")
    page.fill("textarea", "Because the sun lifts the sea.")
    page.context.set_offline(True)

    page.click("button[value='2']")

    expect(page.locator("[data-lost]")).to_be_visible()
    expect(page.locator("textarea")).to_have_value("Because the sun lifts the sea.")
    page.context.set_offline(False)
    page.click("button[value='2']")
    expect(page.locator("h1")).to_have_text("Question 2")
    assert ["Because the sun lifts the sea."] == [one.answer for one in school.box.learning.answers(amina.id, "essay")]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_all_on_one_page(school: School, phones: Phones, language: str, tmp_path: Path) -> None:
    amina = learner(school, f"Badr {language}")
    page = school.page(phones, amina, "learner", language, scripts=True)
    activity = school.box.shelf.release(language).activities[0]  # type: ignore[union-attr]

    page.goto(f"{school.address}/quiz/{language}/{activity.id}?show=all")

    assert_welcoming(page, tmp_path / "all.png")
    expect(page.locator("main section")).to_have_count(8)
    assert page.locator("img[alt='A tall tank']").evaluate("one => one.complete && one.naturalWidth > 0")


def test_a_teacher_reads_an_essay(school: School, phones: Phones, tmp_path: Path) -> None:
    amina = learner(school, "Hodan")
    page = school.page(phones, amina, "learner", "en", scripts=False)
    activity = school.box.shelf.release("essay").activities[0]  # type: ignore[union-attr]
    page.goto(f"{school.address}/quiz/essay/{activity.id}?show=1")
    page.fill("textarea", "Because the sun lifts the sea.")
    page.click("button[value=check]")
    page.click("button[value=hand-in]")
    expect(page.locator("h1")).to_contain_text("Your teacher reads it")

    teacher = school.box.people.add_teacher("Kadra Ismail")
    desk = school.page(phones, teacher, "teacher", "en", scripts=True)
    desk.goto(f"{school.address}/classes/{amina.classroom}/essays")
    assert_welcoming(desk, tmp_path / "essays.png")
    expect(desk.locator("pre")).to_have_text(re.compile("the sun lifts the sea"))
    desk.fill("[name=points]", "1")
    desk.click("main form .btn")

    expect(desk.locator("main")).to_contain_text("Nothing waits to be read.")
    assert [500] == [one.best_permille for one in school.box.results.of(amina.id)["essay"].values()]
