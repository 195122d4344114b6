"""Moodle's backups: what learners study comes, what they did is never read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.questions.bank import Bank
from catalog.questions.marking import mark
from catalog.store import Store
from tests.catalog.importers.moodle.backups import (
    QUESTIONS_OF_2,
    activity,
    as_tar,
    as_zip,
    digest,
    escaped,
    file,
    members,
)
from tests.catalog.importers.test_vendored import JQUERY
from tests.catalog.importers.test_zawgyi import UNICODE, ZAWGYI

Read = Callable[..., Imported]
FIXTURE = Path(__file__).parents[5] / "shared" / "fixtures" / "mbz" / "intro_to_stats.mbz"


@pytest.fixture(params=[as_zip, as_tar], ids=["zip", "tar.gz"])
def imported(request: pytest.FixtureRequest, reading: Read, tmp_path: Path) -> Imported:
    found: Imported = reading(request.param(tmp_path / "course.mbz", members()))
    return found


def texts(imported: Imported, files: Store) -> dict[str, str]:
    return {
        one.path: files.place_of(one.digest).read_bytes().decode("utf-8", "replace")
        for layer in imported.layers
        for one in layer.entries
    }


def bank_of(imported: Imported, files: Store) -> Bank:
    return Bank.from_bytes(texts(imported, files)["quiz-15/~quiz.json"].encode())


def test_parts_stand_in_their_order_under_their_headings(imported: Imported) -> None:
    assert [
        ("section-1", "html", "Unit 1", "Unit 1"),
        ("page-11", "html", "Wells", "Unit 1"),
        ("book-12", "html", "A book", "Unit 1"),
        ("folder-13", "html", "Files", "Unit 1"),
        ("url-14", "link", "Out", "Unit 1"),
        ("quiz-15", "quiz", "Quiz", "Unit 1 · Practice"),
        ("resource-19", "download", "Plan", "Unit 1 · Practice"),
        ("site", "html", "Package", "Unit 1 · Practice"),
        ("glossary-21", "html", "Words", "Unit 1 · Practice"),
        ("label-22", "html", "Long", "Unit 1 · Practice"),
    ] == [(one.id, one.kind, one.title["en"], one.attributes.get("section")) for one in imported.activities]
    assert ("Water and life", "Of wells", "en", "moodle-backup") == (
        imported.title, imported.about.description, imported.about.language, imported.report.format
    )  # fmt: skip


def test_pages_show_their_files_and_lead_to_each_other(imported: Imported, files: Store) -> None:
    page = texts(imported, files)

    assert '<img src="files/pics/we%20ll.png"><img >' in page["page-11/index.html"]
    assert (
        '<a href="../book-12/index.html">book</a><a >quiz</a><img src="../files/old/tap.png">'
        in page["page-11/index.html"]
    )
    assert "\x89PNG a well".encode("latin-1").decode("utf-8", "replace") == page["page-11/files/pics/we ll.png"]
    assert '<img src="files/s.png">' in page["section-1/index.html"]
    assert '<a href="files/deep/notes.txt">deep/notes.txt</a>' in page["folder-13/index.html"]


def test_a_book_has_its_chapters_in_their_order(imported: Imported, files: Store) -> None:
    page = texts(imported, files)

    assert '<a href="chapter-1.html">One</a></li><li><a href="chapter-2.html">Two</a>' in page["book-12/index.html"]
    assert '<img src="files-1/a.png">' in page["book-12/chapter-1.html"]
    assert "Hidden" not in page["book-12/index.html"]


def test_a_quiz_asks_the_newest_questions_and_draws_from_a_category(imported: Imported, files: Store) -> None:
    bank = bank_of(imported, files)

    assert [("choice", 3000, ""), ("truefalse", 1000, "category-9"), ("essay", 1000, "category-9")] == [
        (one.kind, one.points, one.pool) for one in bank.questions
    ]
    assert ({"category-9": 1}, 2, "Think") == (bank.draws, bank.attempts, bank.intro)
    assert '<img src="q.png">' == bank.questions[0].text
    assert 1000 == mark(bank.questions[0], [bank.questions[0].options[1].id]).share
    assert 1000 == mark(bank.questions[1], ["false"]).share


def test_nothing_of_the_people_is_read(imported: Imported, files: Store) -> None:
    assert [] == [path for path, text in texts(imported, files).items() if "SECRET" in text or "No" in text]


def test_what_is_not_taken_is_said(imported: Imported) -> None:
    assert {
        "Hand in: assignments are handed in to a teacher of that Moodle; this one has no words.",
        "“Not yet” is hidden in the course it came from.",
        "The section “Later” is hidden in the course it came from.",
        "gone.png: not in the package, though Wells asks for it.",
    } == set(imported.report.left_out)


def test_nothing_is_left_of_what_lay_open(reading: Read, tmp_path: Path, files: Store) -> None:
    reading(as_tar(tmp_path / "course.mbz", members()))

    assert [] == [one for one in tmp_path.rglob("tmp*") if one.is_dir()]


def test_an_older_backup_has_its_questions_otherwise(reading: Read, tmp_path: Path, files: Store) -> None:
    backup = members(questions=QUESTIONS_OF_2)
    backup["activities/quiz_15/quiz.xml"] = (
        b"<activity contextid='15'><quiz><name>Quiz</name><questions>2,0,5,6,7,0</questions><question_instances>"
        b"<question_instance><question>2</question><grade>2.0</grade></question_instance></question_instances></quiz></activity>"
    )

    imported = reading(as_zip(tmp_path / "old.mbz", backup))

    bank = bank_of(imported, files)
    assert [("2", "choice", 2000), ("7", "gaps", 1000)] == [(one.id, one.kind, one.points) for one in bank.questions]
    assert ("A [[1]] b", 1000) == (bank.questions[1].text, mark(bank.questions[1], ["word"]).share)
    assert "a question drawn at random" in "\n".join(imported.report.left_out)
    assert "drawn anew" in "\n".join(imported.report.left_out)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"moodle_backup.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, "entities"),
        ({"moodle_backup.xml": b"<moodle_backup/>"}, "holds nothing that can be taken"),
        ({"moodle_backup.xml": b"<a>" * 200}, "deep"),
    ],
)
def test_a_hostile_or_empty_backup_is_refused(
    reading: Read, tmp_path: Path, changes: dict[str, bytes], words: str
) -> None:
    with pytest.raises(ContentFault, match=words):
        reading(as_zip(tmp_path / "x.mbz", {**members(), **changes}))


def test_a_backup_of_moodle_1_is_refused_with_its_reason(reading: Read, tmp_path: Path) -> None:
    with pytest.raises(ContentFault, match=r"older than 2\.0"):
        reading(as_zip(tmp_path / "x.mbz", {"moodle.xml": b"<MOODLE_BACKUP/>"}))


@pytest.mark.parametrize(
    ("path", "kind"),
    [("scorm/RuntimeBasicCalls_SCORM12.zip", "scorm"), ("h5p/h5p-test.h5p", "h5p"), ("epub/testdocument.epub", "epub")],
)
def test_a_package_inside_is_what_it_is(reading: Read, tmp_path: Path, path: str, kind: str) -> None:
    fixture = FIXTURE.parents[1] / path
    if not fixture.exists():
        pytest.skip(f"{fixture} is not here")
    data = fixture.read_bytes()
    backup = members()
    backup["files.xml"] = f"<files>{file(20, 'mod_scorm', 'package', fixture.name, data)}</files>".encode()
    backup[f"files/{digest(data)[:2]}/{digest(data)}"] = data

    imported = reading(as_tar(tmp_path / "course.mbz", backup))

    found = [one for one in imported.activities if one.title["en"] == "Package"]
    assert [(kind, "Unit 1 · Practice")] == [(one.kind, one.attributes["section"]) for one in found]


def test_a_real_backup_is_imported(reading: Read) -> None:
    if not FIXTURE.exists():
        pytest.skip(f"{FIXTURE} is not here")

    imported = reading(FIXTURE)

    kinds = [one.kind for one in imported.activities]
    assert ("Introduction to Statistics", 47, 1, 1) == (
        imported.title, len(kinds), kinds.count("quiz"), kinds.count("link")
    )  # fmt: skip
    assert 9 == sum("its task can be read here" in line for line in imported.report.noted)


def test_a_lesson_is_its_pages_and_an_assignment_its_task(reading: Read, tmp_path: Path, files: Store) -> None:
    changed = members()
    lesson = (
        "<lesson><intro></intro><pages><page id='3'><prevpageid>1</prevpageid><qtype>20</qtype><title>End</title>"
        "<contents>last</contents></page><page id='1'><prevpageid>0</prevpageid><qtype>20</qtype><title>Start</title>"
        "<contents>first</contents></page><page id='4'><prevpageid>3</prevpageid><qtype>3</qtype><title>Why</title>"
        "</page></pages></lesson>"
    )
    task = f"<assign><intro>{escaped('<p>Draw a well</p>')}</intro><introformat>1</introformat></assign>"
    changed["activities/assign_17/assign.xml"] = activity("assign", 17, task)
    outline = changed["moodle_backup.xml"]
    changed["moodle_backup.xml"] = outline.replace(
        b"<modulename>label</modulename>", b"<modulename>lesson</modulename>", 1
    )
    changed["activities/label_16/lesson.xml"] = activity("lesson", 16, lesson)

    imported = reading(as_zip(tmp_path / "course.mbz", changed))

    page = texts(imported, files)
    assert '<a href="chapter-1.html">Start</a></li><li><a href="chapter-2.html">End</a>' in page["lesson-16/index.html"]
    assert "<p>Draw a well</p>" in page["assign-17/index.html"]
    assert "Practice: “Why”: a question between the pages of a lesson." in imported.report.left_out
    assert ["Hand in: its task can be read here; it was handed in on that Moodle."] == [
        line for line in imported.report.noted if "Hand in" in line
    ]


def test_pages_of_a_backup_are_mended_as_any_sites_are(reading: Read, tmp_path: Path, files: Store) -> None:
    changed = members()
    words = (
        f'<script src="{JQUERY}"></script><img src="@@PLUGINFILE@@/Pics/We%20LL.png"><img src="https://example.org/x.png">'
        f"<p>{ZAWGYI}</p>"
    )
    page = f"<page><content>{escaped(words)}</content><contentformat>1</contentformat></page>"
    changed["activities/page_11/page.xml"] = activity("page", 11, page)
    site = f'<link rel=stylesheet href="LOOK.css"><img src="gone.png"><script src="{JQUERY}"></script>'.encode()
    beside = file(19, "mod_resource", "content", "look.css", b"p{}").replace("<sortorder>1", "<sortorder>0")
    old = file(19, "mod_resource", "content", "plan.docx", b"a plan").encode()
    start = file(19, "mod_resource", "content", "start.html", site)
    changed["files.xml"] = changed["files.xml"].replace(old, f"{beside}{start}".encode())
    for data in (site, b"p{}"):
        changed[f"files/{digest(data)[:2]}/{digest(data)}"] = data

    imported = reading(as_zip(tmp_path / "course.mbz", changed))

    page = texts(imported, files)
    assert 'src="../files/vendored/jquery-3.7.1.min.js"' in page["page-11/index.html"]
    assert 'src="files/pics/we%20ll.png"' in page["page-11/index.html"]
    assert UNICODE in page["page-11/index.html"]
    assert 'href="look.css"' in page["resource-19/start.html"]
    assert {"files/vendored/jquery-3.7.1.min.js", "resource-19/vendored/jquery-3.7.1.min.js"} <= page.keys()
    repaired = "\n".join(imported.report.repaired)
    for said in ("Burmese text in Zawgyi", "start.html: 2 links mended", "was written otherwise: Pics/We%20LL.png"):
        assert said in repaired
    assert "gone.png: not in the package, though start.html asks for it." in imported.report.left_out
    assert ("page-11/index.html", "https://example.org/x.png", True) in [
        (one.file, one.address, one.is_needed) for one in imported.report.external_links
    ]


@pytest.mark.parametrize("damage", [b"<a>" * 200, b"", b"\0\xff", None])
def test_a_damaged_or_missing_section_keeps_its_parts(reading: Read, tmp_path: Path, damage: bytes | None) -> None:
    changed = {**members(), "activities/label_22/label.xml": b"<", "activities/page_11/module.xml": b"<"}
    del changed["sections/section_1/section.xml"]
    if damage is not None:
        changed["sections/section_1/section.xml"] = damage

    imported = reading(as_zip(tmp_path / "course.mbz", changed))

    assert {"page-11", "book-12", "quiz-15", "site"} <= {one.id for one in imported.activities}
    assert "sections/section_1/section.xml" in "".join(imported.report.left_out) or damage is None


def test_the_backup_of_one_activity_is_that_activity(reading: Read, tmp_path: Path) -> None:
    changed = {path: data for path, data in members().items() if not path.startswith(("sections/", "course/"))}
    outline = changed["moodle_backup.xml"]
    changed["moodle_backup.xml"] = (
        outline[: outline.index(b"<sections>")] + b"</contents></information></moodle_backup>"
    )

    imported = reading(as_zip(tmp_path / "activity.mbz", changed))

    assert "page-11" in [one.id for one in imported.activities]


def test_a_section_inside_a_section_stands_where_it_is_named(reading: Read, tmp_path: Path) -> None:
    changed = members()
    outline = changed["moodle_backup.xml"]
    changed["moodle_backup.xml"] = outline.replace(
        b"<modulename>label</modulename>", b"<modulename>subsection</modulename>", 1
    )
    changed["activities/label_16/subsection.xml"] = activity(
        "subsection", 16, "<subsection><name>In</name></subsection>"
    )
    changed["sections/section_2/section.xml"] = (
        b"<section id='2'><number>2</number><name>Deeper</name><summary></summary><sequence>11</sequence><visible>1"
        b"</visible><component>mod_subsection</component><itemid>1</itemid></section>"
    )
    first = changed["sections/section_1/section.xml"]
    changed["sections/section_1/section.xml"] = first.replace(b"<sequence>11,", b"<sequence>")

    imported = reading(as_zip(tmp_path / "course.mbz", changed))

    told = [(one.id, one.attributes["section"]) for one in imported.activities]
    assert ("page-11", "Unit 1 · Deeper") in told
    assert [one for one, _ in told].index("page-11") < [one for one, _ in told].index("quiz-15")
    assert "subsection" not in "".join(imported.report.left_out)
