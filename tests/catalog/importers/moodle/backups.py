"""A small backup as Moodle writes it, file by file; tests change what they are about."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

PIXEL = b"\x89PNG a well"
Members = Mapping[str, bytes]


def digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def site_zip() -> bytes:
    """A package inside: a site in a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.html"), "<title>Inside</title>")
    return out.getvalue()


def file(context: int, component: str, area: str, name: str, data: bytes, item: int = 0, path: str = "/") -> str:
    return (
        f"<file id='1'><contenthash>{digest(data)}</contenthash><contextid>{context}</contextid><component>{component}"
        f"</component><filearea>{area}</filearea><itemid>{item}</itemid><filepath>{path}</filepath><filename>{name}"
        f"</filename><userid>3</userid><filesize>{len(data)}</filesize><sortorder>1</sortorder></file>"
    )


def escaped(markup: str) -> str:
    return markup.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def activity(kind: str, module: int, inside: str) -> bytes:
    return f"<activity id='1' moduleid='{module}' modulename='{kind}' contextid='{module}'>{inside}</activity>".encode()


PAGE = (
    '<p><img src="@@PLUGINFILE@@/pics/we%20ll.png"><img src="@@PLUGINFILE@@/gone.png">'
    '<a href="$@BOOKVIEWBYID*12@$">book</a><a href="$@QUIZVIEWBYID*15@$">quiz</a>'
    '<img src="$@FILEPHP@$$@SLASH@$old$@SLASH@$tap.png"></p>'
)
MODULES = {
    11: ("page", "Wells", f"<page><content>{escaped(PAGE)}</content><contentformat>1</contentformat></page>"),
    12: (
        "book",
        "A book",
        "<book><intro></intro><chapters>"
        "<chapter id='7'><pagenum>2</pagenum><title>Two</title><content>second</content></chapter>"
        f"<chapter id='6'><pagenum>1</pagenum><title>One</title><content>{escaped('<img src=@@PLUGINFILE@@/a.png>')}"
        "</content></chapter><chapter id='8'><pagenum>3</pagenum><title>Hidden</title><content>x</content>"
        "<hidden>1</hidden></chapter></chapters></book>",
    ),
    13: ("folder", "Files", "<folder><intro>All of them</intro></folder>"),
    14: ("url", "Out", "<url><externalurl>https://example.org/</externalurl></url>"),
    15: (
        "quiz",
        "Quiz",
        "<quiz><name>Quiz</name><intro>Think</intro><attempts_number>2</attempts_number><question_instances>"
        "<question_instance id='2'><slot>2</slot><maxmark>1.0</maxmark><question_set_reference><filtercondition>"
        '{"questioncategoryid":"9"}</filtercondition></question_set_reference></question_instance>'
        "<question_instance id='1'><slot>1</slot><maxmark>3.0</maxmark><question_reference><questionbankentryid>100"
        "</questionbankentryid><version>$@NULL@$</version></question_reference></question_instance>"
        "</question_instances><attempts><attempt id='1'><userid>SECRET</userid></attempt></attempts></quiz>",
    ),
    16: ("label", "Practice", "<label><intro>Practice</intro><introformat>1</introformat></label>"),
    17: ("assign", "Hand in", "<assign/>"),
    18: ("page", "Not yet", "<page><content>x</content></page>"),
    19: ("resource", "Plan", "<resource/>"),
    20: ("scorm", "Package", "<scorm/>"),
    21: (
        "glossary",
        "Words",
        "<glossary><entries><entry id='1'><userid>SECRET</userid><concept>Well</concept><definition>a hole</definition>"
        "<approved>1</approved></entry><entry id='2'><concept>No</concept><approved>0</approved></entry></entries>"
        "</glossary>",
    ),
    22: ("label", "Long", f"<label><intro>{escaped('<p>' + 'Water is life. ' * 10 + '</p>')}</intro></label>"),
}


def answer(name: int, text: str, fraction: str) -> str:
    return (
        f"<answer id='{name}'><answertext>{text}</answertext><answerformat>1</answerformat><fraction>{fraction}"
        "</fraction><feedback>said</feedback><feedbackformat>1</feedbackformat></answer>"
    )


def question(name: int, kind: str, plugin: str, text: str = "What?", parent: int = 0) -> str:
    return (
        f'<question id="{name}"><parent>{parent}</parent><name>Q{name}</name>'
        f"<questiontext>{escaped(text)}</questiontext>"
        "<questiontextformat>1</questiontextformat><generalfeedback></generalfeedback><defaultmark>1.0000000</defaultmark>"
        f"<qtype>{kind}</qtype><plugin_qtype_{kind}_question>{plugin}</plugin_qtype_{kind}_question></question>"
    )


CHOICE = (
    f"<answers>{answer(1, 'Ice', '0.0000000')}{answer(2, 'Steam', '1.0000000')}</answers>"
    "<multichoice id='1'><single>1</single><shuffleanswers>1</shuffleanswers></multichoice>"
)
TRUTH = (
    f"<answers>{answer(3, 'Wahr', '0.0')}{answer(4, 'Falsch', '1.0')}</answers>"
    "<truefalse id='1'><trueanswer>3</trueanswer><falseanswer>4</falseanswer></truefalse>"
)


def entry(name: int, *versions: str) -> str:
    listed = "".join(
        f'<question_versions id="{at}"><version>{at}</version><status>ready</status><questions>{one}</questions>'
        "</question_versions>"
        for at, one in enumerate(versions, 1)
    )
    return f'<question_bank_entry id="{name}"><question_version>{listed}</question_version></question_bank_entry>'


QUESTIONS = (
    '<question_categories><question_category id="8"><name>Own</name><question_bank_entries>'
    + entry(100, question(1, "essay", ""), question(2, "multichoice", CHOICE, '<img src="@@PLUGINFILE@@/q.png">'))
    + '</question_bank_entries></question_category><question_category id="9"><name>Drawn</name><question_bank_entries>'
    + entry(101, question(3, "truefalse", TRUTH))
    + entry(102, question(4, "essay", ""))
    + "</question_bank_entries></question_category></question_categories>"
).encode()
QUESTIONS_OF_2 = (
    '<question_categories><question_category id="8"><questions>'
    + question(2, "multichoice", CHOICE)
    + question(5, "random", "")
    + question(6, "calculated", "")
    + '<question id="7"><name>Gaps</name><questiontext>A {#1} b</questiontext>'
    "<defaultmark>1</defaultmark><qtype>multianswer</qtype><plugin_qtype_multianswer_question><multianswer id='1'>"
    "<question>7</question><sequence>8</sequence></multianswer></plugin_qtype_multianswer_question></question>"
    + question(8, "shortanswer", f"<answers>{answer(9, 'word', '1.0')}</answers>", parent=7)
    + "</questions></question_category></question_categories>"
).encode()


def members(**changed: bytes) -> dict[str, bytes]:
    """The backup's files by their paths; `questions=` stands in for another bank."""
    listed = "".join(
        f"<activity><moduleid>{module}</moduleid><sectionid>1</sectionid><modulename>{kind}</modulename><title>{title}"
        f"</title><directory>activities/{kind}_{module}</directory></activity>"
        for module, (kind, title, _) in MODULES.items()
    )
    sections = "".join(
        f"<section><sectionid>{one}</sectionid><title>{one}</title><directory>sections/section_{one}</directory></section>"
        for one in (1, 2)
    )
    found = {
        "moodle_backup.xml": (
            "<moodle_backup><information><moodle_release>4.2</moodle_release><original_course_fullname>Water"
            "</original_course_fullname><original_course_contextid>5</original_course_contextid><contents><activities>"
            f"{listed}</activities><sections>{sections}</sections></contents></information></moodle_backup>"
        ).encode(),
        "course/course.xml": (
            b"<course><fullname>Water and life</fullname><summary>Of wells</summary><lang>en_us</lang></course>"
        ),
        "sections/section_1/section.xml": (
            "<section id='1'><number>1</number><name>Unit 1</name><summary>"
            + escaped('<p>Begin here <img src="@@PLUGINFILE@@/s.png"></p>')
            + "</summary><sequence>11,12,13,14,16,15,17,18,19,20,21,22</sequence><visible>1</visible></section>"
        ).encode(),
        "sections/section_2/section.xml": (
            b"<section id='2'><number>2</number><name>Later</name><summary></summary><sequence>11</sequence>"
            b"<visible>0</visible></section>"
        ),
        "questions.xml": changed.get("questions", QUESTIONS),
        "users.xml": b"<users><user>SECRET</user></not-even-xml>",
        "files.xml": (
            "<files>"
            + file(11, "mod_page", "content", "we ll.png", PIXEL, path="/pics/")
            + file(12, "mod_book", "chapter", "a.png", PIXEL, item=6)
            + file(13, "mod_folder", "content", "notes.txt", b"notes", path="/deep/")
            + file(19, "mod_resource", "content", "plan.docx", b"a plan")
            + file(20, "mod_scorm", "package", "package.zip", site_zip())
            + file(5, "course", "legacy", "tap.png", b"tap", path="/old/")
            + file(5, "course", "section", "s.png", b"section", item=1)
            + file(99, "question", "questiontext", "q.png", b"question", item=2)
            + file(17, "assignsubmission_file", "submission_files", "secret.txt", b"SECRET")
            + "</files>"
        ).encode(),
    }
    for module, (kind, _, inside) in MODULES.items():
        found[f"activities/{kind}_{module}/{kind}.xml"] = activity(kind, module, inside)
        is_seen = int(module != 18)
        found[f"activities/{kind}_{module}/module.xml"] = (
            f"<module id='{module}'><visible>{is_seen}</visible></module>".encode()
        )
    for data in (PIXEL, b"notes", b"a plan", site_zip(), b"tap", b"section", b"question", b"SECRET"):
        found[f"files/{digest(data)[:2]}/{digest(data)}"] = data
    return found


def as_zip(path: Path, files: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def as_tar(path: Path, files: Members) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in {".ARCHIVE_INDEX": b"Moodle archive file index.", **files}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path
