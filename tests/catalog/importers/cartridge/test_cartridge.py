"""Cartridges: their order, their pages' links, their quizzes, and what is said of the rest."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.questions.bank import Bank
from catalog.store import Store
from tests.catalog.importers.test_vendored import JQUERY
from tests.catalog.importers.test_zawgyi import UNICODE, ZAWGYI

Read = Callable[..., Imported]
FIXTURES = Path(__file__).parents[5] / "shared" / "fixtures" / "cc"

QTI = (
    "<questestinterop><assessment ident='a' title='Rain quiz'><section ident='root_section'>"
    "<item ident='i1' title='One'><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>cc_profile</fieldlabel>"
    "<fieldentry>cc.multiple_choice.v0p1</fieldentry></qtimetadatafield></qtimetadata></itemmetadata><presentation>"
    "<material><mattext texttype='text/html'>&lt;img src=\"$IMS-CC-FILEBASE$/img/well.png\"&gt; What?</mattext>"
    "</material>"
    "<response_lid ident='r' rcardinality='Single'><render_choice>"
    "<response_label ident='a'><material><mattext>Ice</mattext></material></response_label>"
    "<response_label ident='b'><material><mattext>Steam</mattext></material></response_label>"
    "</render_choice></response_lid></presentation><resprocessing><respcondition><conditionvar>"
    "<varequal respident='r'>b</varequal></conditionvar><setvar action='Set'>100</setvar></respcondition>"
    "</resprocessing>"
    "</item></section></assessment></questestinterop>"
)
TOPIC = (
    "<topic xmlns='http://www.imsglobal.org/xsd/imsccv1p1/imsdt_v1p1'><title>Talk</title><text texttype='text/html'>"
    '&lt;p&gt;Look at &lt;a href="$IMS-CC-FILEBASE$/img/Well.PNG"&gt;this&lt;/a&gt;&lt;/p&gt;</text></topic>'
)
LINK = "<webLink><title>Well</title><url href='https://example.org/well' target='_blank'/></webLink>"
LTI = "<cartridge_basiclti_link><title>Tool</title></cartridge_basiclti_link>"
PAGE = (
    "<html><head><title>One</title></head><body><img src='../img/well.png'><a href='two.html#x'>2</a>"
    "<a href='$CANVAS_OBJECT_REFERENCE$/quizzes/QUIZ'>quiz</a><a href='gone.pdf'>gone</a>"
    "<a href='https://example.org/'>out</a></body></html>"
)


def manifest(resources: str, items: str = "", version: str = "1.1.0", schema: str = "IMS Common Cartridge") -> str:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><manifest xmlns='http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1'>"
        f"<metadata><schema>{schema}</schema><schemaversion>{version}</schemaversion><lom><general><title><string>Rain"
        "</string></title><description><string>Of water</string></description><language>en-US</language></general>"
        "<rights><description><string>CC BY</string></description></rights></lom></metadata><organizations>"
        f"<organization structure='rooted-hierarchy'><item identifier='root'>{items}</item></organization>"
        f"</organizations><resources>{resources}</resources></manifest>"
    )


def resource(name: str, kind: str, *files: str, more: str = "") -> str:
    href = f" href='{files[0]}'" if files else ""
    listed = "".join(f"<file href='{one}'/>" for one in files)
    return f"<resource identifier='{name}' type='{kind}'{href}>{listed}{more}</resource>"


def item(ref: str, title: str, inside: str = "") -> str:
    to = f" identifierref='{ref}'" if ref else ""
    return f"<item identifier='i{ref}'{to}><title>{title}</title>{inside}</item>"


RESOURCES = (
    resource("ONE", "webcontent", "pages/one.html")
    + resource("TWO", "webcontent", "pages/two.html")
    + resource("TALK", "imsdt_xmlv1p1", "talk.xml")
    + resource("LINK", "imswl_xmlv1p1", "link.xml")
    + resource("QUIZ", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", "quiz/q.xml")
    + resource("TOOL", "imsbasiclti_xmlv1p0", "lti.xml")
    + resource("GONE", "webcontent", "pages/nowhere.html")
    + resource("BOOK", "webcontent", "docs/plan.docx")
    + resource("IMG", "webcontent", "img/well.png")
)
ITEMS = item(
    "", "Unit 1", item("ONE", "First") + item("TALK", "Talk on") + item("", "Practice", item("QUIZ", "Quiz"))
) + item("", "Unit 2", item("TWO", "Second") + item("LINK", "A well") + item("TOOL", "A tool") + item("GONE", "Lost"))
FILES: Mapping[str, Any] = {
    "imsmanifest.xml": manifest(RESOURCES, ITEMS),
    "pages/one.html": PAGE,
    "pages/two.html": "<p id=x>Two</p>",
    "talk.xml": TOPIC,
    "link.xml": LINK,
    "quiz/q.xml": QTI,
    "lti.xml": LTI,
    "docs/plan.docx": b"PK\x05\x06" + bytes(18),
    "img/well.png": b"\x89PNG",
}


def texts(imported: Imported, files: Store) -> dict[str, str]:
    return {
        one.path: files.place_of(one.digest).read_bytes().decode("utf-8", "replace")
        for layer in imported.layers
        for one in layer.entries
    }


def test_parts_stand_in_their_order_under_their_headings(reading: Read, zipped: Callable[..., Path]) -> None:
    imported = reading(zipped("c.imscc", FILES))

    assert [
        ("one", "html", "First", "Unit 1"),
        ("talk", "html", "Talk on", "Unit 1"),
        ("quiz", "quiz", "Quiz", "Unit 1 · Practice"),
        ("two", "html", "Second", "Unit 2"),
        ("link", "link", "A well", "Unit 2"),
        ("book", "download", "plan", None),
    ] == [(one.id, one.kind, one.title["en"], one.attributes.get("section")) for one in imported.activities]
    assert ("Rain", "Of water", "en", "CC BY", "common-cartridge") == (
        imported.title, imported.about.description, imported.about.language, imported.about.licence,
        imported.report.format,
    )  # fmt: skip


def test_pages_find_their_files_where_they_are_now(reading: Read, zipped: Callable[..., Path], files: Store) -> None:
    imported = reading(zipped("c.imscc", FILES))

    page = texts(imported, files)
    one = page["one/one.html"]
    assert '<img src="../files/img/well.png">' in one
    assert '<a href="../two/two.html#x">' in one
    assert "<a >quiz</a>" in one
    assert "<a href='https://example.org/'>" in one
    assert 'name="viewport"' in one
    assert {
        "one/one.html", "two/two.html", "talk/index.html", "link/index.html", "quiz/~quiz.json",
        "quiz/media/well.png", "files/img/well.png", "book/plan.docx",
    } == set(page)  # fmt: skip


def test_what_is_missing_mended_or_another_programs_is_said(reading: Read, zipped: Callable[..., Path]) -> None:
    report = reading(zipped("c.imscc", FILES)).report

    said = "\n".join(report.left_out)
    for words in (
        "pages/gone.pdf: not in the package, though First asks for it.",
        "A tool: a tool of another program",
        "Lost: its file",
    ):
        assert words in said
    mended = "Talk on: its link to img/well.png was written otherwise: $IMS-CC-FILEBASE$/img/Well.PNG."
    assert mended in report.repaired
    assert "https://example.org/well" in [one.address for one in report.external_links]


def test_a_quiz_of_a_cartridge_is_ours(reading: Read, zipped: Callable[..., Path], files: Store) -> None:
    bank = Bank.from_bytes(texts(reading(zipped("c.imscc", FILES)), files)["quiz/~quiz.json"].encode())

    assert ['<img src="well.png"> What?'] == [one.text for one in bank.questions]


def test_pages_of_a_cartridge_are_mended_as_any_sites_are(
    reading: Read, zipped: Callable[..., Path], files: Store
) -> None:
    page = (
        f'<html><head><title>One</title><meta charset="iso-8859-1"><script src="{JQUERY}"></script></head><body>'
        '<img src="IMG/a.png"><img src="https://example.org/b.png"><a href="notes/">n</a>'
        '<img src="no/where.png">水的故事和我们的生活</body></html>'
    )
    members = {
        "imsmanifest.xml": manifest(
            resource("one", "webcontent", "p/one.html")
            + resource("two", "webcontent", "p/two.html")
            + resource("t", "imsdt_xmlv1p1", "t.xml"),
            "".join(
                f"<item identifier='i{one}' identifierref='{one}'><title>{one}</title></item>"
                for one in ("one", "two", "t")
            ),
        ),
        "p/one.html": page.encode("gbk"),
        "p/two.html": f"<html><body><img src='no/where.png'>{ZAWGYI}</body></html>".encode(),
        "p/img/a.png": b"\x89PNG",
        "p/notes/index.html": "<html>notes</html>",
        "t.xml": TOPIC.replace("Look at", f'&lt;script src="{JQUERY}"&gt;&lt;/script&gt; Look at'),
    }

    imported = reading(zipped("c.imscc", members))

    found, report = texts(imported, files), imported.report
    assert 'src="../files/vendored/jquery-3.7.1.min.js"' in found["one/one.html"]
    assert 'src="../files/vendored/jquery-3.7.1.min.js"' in found["t/index.html"]
    assert "files/vendored/jquery-3.7.1.min.js" in found
    assert "files/p/notes/index.html" in found
    assert '<meta charset="utf-8">' in found["one/one.html"]
    assert "水的故事和我们的生活" in found["one/one.html"]
    assert UNICODE in found["two/two.html"]
    assert {
        "p/one.html: not UTF-8; read as Chinese (GBK). Look whether it is right.",
        "two/two.html: Burmese text in Zawgyi; it is Unicode now.",
        "one: its link to p/img/a.png was written otherwise: IMG/a.png.",
        f"{JQUERY}: loaded from the internet; a copy of it is in the course now.",
    } <= set(report.repaired)
    assert "p/no/where.png: not in the package, though one and 1 more asks for it." in report.left_out
    assert ("one/one.html", "https://example.org/b.png", True) in [
        (one.file, one.address, one.is_needed) for one in report.external_links
    ]


def test_places_of_pages_are_apart(reading: Read, zipped: Callable[..., Path]) -> None:
    """A page's place is counted in the folder of its activity: no other page may lie in it."""
    imported = reading(zipped("c.imscc", FILES))

    pages = [one.path for layer in imported.layers for one in layer.entries if one.media_type == "text/html"]
    folders = [path.partition("/")[0] for path in pages]
    assert len(folders) == len(set(folders))


def test_the_files_of_a_page_in_a_folder_of_its_own_go_with_it(
    reading: Read, zipped: Callable[..., Path], files: Store
) -> None:
    resources = resource("APP", "webcontent", "app/index.html", "app/js/a.js", "app/data.json")
    page = "<script src=js/a.js></script><p>App</p>"
    made = {
        "imsmanifest.xml": manifest(resources, item("APP", "App")),
        "app/index.html": page, "app/js/a.js": "fetch('data.json')", "app/data.json": "{}",
    }  # fmt: skip

    assert {"app/index.html", "app/js/a.js", "app/data.json"} == set(texts(reading(zipped("c.zip", made)), files))


def test_a_page_that_is_listed_twice_is_one_activity(reading: Read, zipped: Callable[..., Path]) -> None:
    twice = manifest(
        resource("a", "webcontent", "p.html") + resource("b", "webcontent", "p.html"),
        "<item identifier='i' identifierref='a'><title>One</title></item>"
        "<item identifier='j' identifierref='b'><title>Again</title></item>",
    )

    imported = reading(zipped("c.imscc", {"imsmanifest.xml": twice, "p.html": "<p>x</p>"}))

    assert (["One"], []) == ([one.title["en"] for one in imported.activities], imported.report.left_out)


def test_two_cartridges_make_one_course_that_is_called_as_the_first(
    reading: Read, zipped: Callable[..., Path], files: Store
) -> None:
    other = {**FILES, "imsmanifest.xml": FILES["imsmanifest.xml"].replace("Rain</string>", "Snow</string>")}

    imported = reading(zipped("one.imscc", FILES), zipped("two.imscc", other))

    assert ("Rain", "one/one.html", "one-2/one.html") == (
        imported.title, imported.activities[0].path, next(one.path for one in imported.activities if one.id == "one-2")
    )  # fmt: skip
    assert '<img src="../files-2/img/well.png">' in texts(imported, files)["one-2/one.html"]


def test_a_later_version_keeps_its_ids(reading: Read, zipped: Callable[..., Path]) -> None:
    more = manifest(RESOURCES + resource("NEW", "imswl_xmlv1p1", "link.xml"), item("NEW", "New") + ITEMS)
    before = reading(zipped("a.imscc", FILES))
    after = reading(zipped("b.imscc", {**FILES, "imsmanifest.xml": more}))

    assert {one.id for one in before.activities} | {"new"} == {one.id for one in after.activities}


def test_a_thin_cartridge_has_only_links(reading: Read, zipped: Callable[..., Path]) -> None:
    good, bad = (
        f"<resource identifier='{name}' type='imswl_xmlv1p3'>"
        f"<webLink><title>W</title><url href='{to}'/></webLink></resource>"
        for name, to in (("L", "https://e.org/"), ("B", "javascript:x"))
    )
    text = manifest(good + bad, item("L", "Water") + item("B", "Bad"), "1.3.0", "IMS Thin Common Cartridge")

    imported = reading(zipped("thin.imscc", {"imsmanifest.xml": text}))

    assert [("l", "link", "https://e.org/")] == [
        (one.id, one.kind, one.attributes["address"]) for one in imported.activities
    ]
    assert ["Bad: it leads to no page of the web: javascript:x."] == imported.report.left_out


OTHER = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
CANVAS = {
    "imsmanifest.xml": manifest(
        resource("P1", "webcontent", "wiki_content/water-page.html")
        + resource("P2", "webcontent", "wiki_content/hidden-page.html")
        + resource("P3", "webcontent", "wiki_content/draft.html")
        + resource("F1", "webcontent", "web_resources/Pics/a b.png")
        + resource("A1", OTHER, "a1/task.html", "a1/assignment_settings.xml")
        + resource("S", OTHER, "course_settings/canvas_export.txt"),
        item("", "Module", item("P1", "Water") + item("P2", "Hidden")),
        "1.3.0",
    ),
    "wiki_content/water-page.html": (
        '<html><head><meta name="identifier" content="P1"/><meta name="workflow_state" content="active"/></head><body>'
        '<img src="$IMS-CC-FILEBASE$/pics/a%20b.png?canvas_download=1">'
        '<img class="equation_image" src="https://c/eq" data-equation-content="x^2">'
        '<a href="$WIKI_REFERENCE$/pages/hidden-page">w</a><a href="$CANVAS_OBJECT_REFERENCE$/assignments/A1">a</a>'
        '<a href="$CANVAS_COURSE_REFERENCE$/file_contents/course%20files/Pics/a%20b.png">f</a>'
        '<a href="$CANVAS_COURSE_REFERENCE$/modules">m</a></body></html>'
    ),
    "wiki_content/hidden-page.html": "<p>Hidden</p>",
    "wiki_content/draft.html": '<meta name="workflow_state" content="unpublished"/>',
    "web_resources/Pics/a b.png": b"\x89PNG",
    "a1/task.html": "<title>Task</title>Do it",
    "a1/assignment_settings.xml": "<assignment/>",
    "course_settings/canvas_export.txt": "Q",
    "course_settings/course_settings.xml": "<course><title>Canvas water</title><license>cc_by_sa</license></course>",
    "course_settings/module_meta.xml": (
        "<modules><module identifier='m'><title>Module</title><workflow_state>active</workflow_state><items>"
        "<item identifier='iP2'><workflow_state>unpublished</workflow_state></item></items></module></modules>"
    ),
}  # fmt: skip


def test_canvas_has_words_of_its_own_for_links(reading: Read, zipped: Callable[..., Path], files: Store) -> None:
    imported = reading(zipped("canvas.imscc", CANVAS))

    page = texts(imported, files)["p1/water-page.html"]
    assert '<img src="../files/web_resources/Pics/a%20b.png">' in page
    assert "\\(x^2\\)" in page
    assert '<a href="../files/wiki_content/hidden-page.html">w</a><a href="../a1/task.html">a</a>' in page
    assert '<a href="../files/web_resources/Pics/a%20b.png">f</a><a >m</a>' in page
    assert ("Canvas water", "CC BY-SA") == (imported.title, imported.about.licence)


def test_canvas_hides_what_it_hides(reading: Read, zipped: Callable[..., Path]) -> None:
    imported = reading(zipped("canvas.imscc", CANVAS))

    assert ["p1", "a1"] == [one.id for one in imported.activities]
    assert "“Hidden” is hidden in the course it came from." in imported.report.left_out
    assert "wiki_content/draft.html: not published in the course it came from." in imported.report.left_out


def test_a_package_of_tests_alone_is_its_quizzes(reading: Read, zipped: Callable[..., Path]) -> None:
    resources = resource("T1", "imsqti_xmlv1p2", "t1/t1.xml") + resource("T2", "imsqti_xmlv1p1", "t2/t2.xml")
    made = {
        "imsmanifest.xml": f"<manifest><resources>{resources}</resources></manifest>",
        "t1/t1.xml": QTI,
        "t2/t2.xml": QTI.replace("Rain quiz", "Snow quiz"),
    }

    imported = reading(zipped("tests.zip", made))

    assert [("t1", "quiz", "Rain quiz"), ("t2", "quiz", "Snow quiz")] == [
        (one.id, one.kind, one.title["en"]) for one in imported.activities
    ]


@pytest.mark.parametrize("folder", ["", "Exam export/"])
def test_a_plain_package_of_tests_is_its_quizzes_and_not_a_site_to_launch(
    reading: Read, zipped: Callable[..., Path], files: Store, folder: str
) -> None:
    listed = (
        "<manifest xmlns='http://www.imsglobal.org/xsd/imscp_v1p1'><metadata><schema>IMS Content</schema></metadata>"
        "<organizations><organization identifier='o'><item identifier='i' identifierref='r'><title>Exam</title></item>"
        "</organization></organizations><resources><resource identifier='r' type='imsqti_xmlv1p2' href='quiz.xml'/>"
        "</resources></manifest>"
    )
    quiz = QTI.replace("$IMS-CC-FILEBASE$/img/well.png", "$IMS_CC_FILE_BASE$org0/well.png")
    members = {"imsmanifest.xml": listed, "quiz.xml": quiz, "exam1/org0/well.png": b"\x89PNG"}

    imported = reading(zipped("respondus.zip", {f"{folder}{name}": data for name, data in members.items()}))

    assert [("quiz", "Exam")] == [(one.kind, one.title["en"]) for one in imported.activities]
    assert ["r/media/well.png", "r/~quiz.json"] == sorted(one.path for one in imported.layers[0].entries)
    assert [] == imported.report.left_out


def test_a_course_that_is_hidden_as_a_whole_is_taken_and_said(reading: Read, zipped: Callable[..., Path]) -> None:
    modules = (
        "<modules><module identifier='m'><title>One</title><workflow_state>unpublished</workflow_state><items>"
        "<item identifier='i1'/></items></module></modules>"
    )
    members = {
        "imsmanifest.xml": manifest(
            resource("t", "imsdt_xmlv1p1", "t.xml"),
            "<item identifier='m'><title>One</title><item identifier='i1' identifierref='t'><title>Talk</title></item>"
            "</item>",
        ),
        "t.xml": TOPIC,
        "course_settings/canvas_export.txt": "x",
        "course_settings/module_meta.xml": modules,
    }

    imported = reading(zipped("c.imscc", members))

    assert ["Talk"] == [one.title["en"] for one in imported.activities]
    assert ["All modules are hidden in the course it came from; they are taken all the same."] == imported.report.noted


def test_canvas_writes_a_quiz_twice_and_hides_some(reading: Read, zipped: Callable[..., Path], files: Store) -> None:
    quizzes = "".join(
        resource(
            name, "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", f"{name}/assessment_qti.xml", f"{name}/assessment_meta.xml"
        )
        for name in ("q1", "q2")
    ) + resource("n1", "imsdt_xmlv1p1", "n1.xml", more="<dependency identifierref='n1m'/>")
    quizzes += resource("n1m", OTHER, "n1m.xml") + resource("S", OTHER, "course_settings/canvas_export.txt")
    meta = "<quiz><title>Q</title><allowed_attempts>3</allowed_attempts><workflow_state>{}</workflow_state></quiz>"
    made = {
        "imsmanifest.xml": manifest(quizzes), "course_settings/canvas_export.txt": "Q", "n1.xml": TOPIC,
        "n1m.xml": "<topicMeta><type>announcement</type></topicMeta>",
        "q1/assessment_qti.xml": QTI.replace("What?", "short"), "q1/assessment_meta.xml": meta.format("available"),
        "q2/assessment_qti.xml": QTI, "q2/assessment_meta.xml": meta.format("unpublished"),
        "non_cc_assessments/q1.xml.qti": QTI.replace("What?", "whole"), "web_resources/img/well.png": b"\x89PNG",
    }  # fmt: skip

    imported = reading(zipped("c.imscc", made))

    bank = Bank.from_bytes(texts(imported, files)["q1/~quiz.json"].encode())
    assert ([("q1", "quiz")], 3) == ([(one.id, one.kind) for one in imported.activities], bank.attempts)
    assert '<img src="well.png"> whole' == bank.questions[0].text
    assert {"n1.xml", "q2/assessment_qti.xml"} == {line.partition(":")[0] for line in imported.report.left_out}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"imsmanifest.xml": manifest("")}, "holds nothing that can be taken"),
        ({"imsmanifest.xml": "<!DOCTYPE m [<!ENTITY a 'imsccv1p1'>]><manifest>&a;</manifest>"}, "entities"),
        ({"imsmanifest.xml": manifest("<a>" * 150)}, "deep"),
    ],
)
def test_a_hostile_or_empty_cartridge_is_refused(
    reading: Read, zipped: Callable[..., Path], members: Mapping[str, Any], words: str
) -> None:
    with pytest.raises(ContentFault, match=words):
        reading(zipped("c.imscc", members))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("allyworkshop", {"html": 14, "pdf": 2, "download": 1}),
        ("canvas_cc_gem_course", {"html": 3}),
        ("latex", {"html": 2}),
        ("single-page", {"html": 1}),
    ],
)
def test_real_cartridges_are_imported(reading: Read, name: str, kinds: Mapping[str, int]) -> None:
    path = FIXTURES / f"{name}.imscc"
    if not path.exists():
        pytest.skip(f"{path} is not here")

    imported = reading(path)

    assert kinds == {kind: sum(one.kind == kind for one in imported.activities) for kind in kinds}
