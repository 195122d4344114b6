"""Samples: what is imported, opened and studied for the table of formats.

* Those of others lie beside the checkout (`SHARED`), with their licences. What none of them shows is made here, from
  our own words.
"""

import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlite_utils

from tests.edge.learning.quiz.conftest import ESSAY, WATER
from tests.made_packages import Item, au, cmi5, scorm, tincan, zipped
from tests.system.packages.conftest import SHARED

PAGE = "<!doctype html><html lang=en><title>Wells</title><h1>Where water waits</h1><p>Under a hill.</p></html>"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db000"
    "00000049454e44ae426082"
)
ONE_CHOICE = (
    '<questestinterop><assessment ident="a" title="Water"><section ident="s"><item ident="i" title="Wet"><presentation>'
    "<material><mattext>What is wet?</mattext></material>"
    '<response_lid ident="r" rcardinality="Single"><render_choice>'
    '<response_label ident="rain"><material><mattext>Rain</mattext></material></response_label>'
    '<response_label ident="sand"><material><mattext>Sand</mattext></material></response_label>'
    "</render_choice></response_lid></presentation><resprocessing><outcomes><decvar/></outcomes>"
    '<respcondition><conditionvar><varequal respident="r">rain</varequal></conditionvar>'
    '<setvar action="Set">100</setvar></respcondition></resprocessing></item></section></assessment></questestinterop>'
)
ITEM = (
    '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="wet" title="Wet" adaptive="false" '
    'timeDependent="false"><responseDeclaration identifier="R" cardinality="single" baseType="identifier">'
    "<correctResponse><value>rain</value></correctResponse></responseDeclaration>"
    '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/><itemBody>'
    '<choiceInteraction responseIdentifier="R" shuffle="false" maxChoices="1"><prompt>What is wet?</prompt>'
    '<simpleChoice identifier="rain">Rain</simpleChoice><simpleChoice identifier="sand">Sand</simpleChoice>'
    '</choiceInteraction></itemBody><responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/'
    'rptemplates/match_correct"/></assessmentItem>'
)
ITEM_3 = (
    '<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="wet" title="Wet" '
    'adaptive="false" time-dependent="false"><qti-response-declaration identifier="R" cardinality="single" '
    'base-type="identifier"><qti-correct-response><qti-value>rain</qti-value></qti-correct-response>'
    '</qti-response-declaration><qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
    '<qti-item-body><qti-choice-interaction response-identifier="R" shuffle="false" max-choices="1">'
    '<qti-prompt>What is wet?</qti-prompt><qti-simple-choice identifier="rain">Rain</qti-simple-choice>'
    '<qti-simple-choice identifier="sand">Sand</qti-simple-choice></qti-choice-interaction></qti-item-body>'
    '<qti-response-processing template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct"/>'
    "</qti-assessment-item>"
)
RADIO = {
    "question": {
        "content": "What is wet?\n\n[[☃ radio 1]]",
        "widgets": {
            "radio 1": {
                "type": "radio",
                "options": {"choices": [{"content": "Rain", "correct": True}, {"content": "Sand"}]},
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Something to import: its name in the table, and how its files come into an empty folder."""

    name: str
    lay: Callable[[Path], list[Path]]
    is_of_others: bool = False


def _shared(path: str, *beside: str) -> Sample:
    """A package of others, as it lies there."""
    return Sample(path, lambda folder: [SHARED / one for one in (path, *beside)], is_of_others=True)


def _named(path: str, name: str) -> Sample:
    """A manifest of others, under the name that manifests have."""

    def lay(folder: Path) -> list[Path]:
        (folder / "package").mkdir()
        shutil.copy(SHARED / path, folder / "package" / name)
        return [folder / "package"]

    return Sample(path, lay, is_of_others=True)


def _file(name: str, data: str | bytes) -> Callable[[Path], list[Path]]:
    def lay(folder: Path) -> list[Path]:
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return [folder / name]

    return lay


def _site(folder: Path) -> list[Path]:
    site = folder / "wells"
    site.mkdir()
    (site / "index.html").write_text(PAGE.replace("</h1>", "</h1><a href='deep.html'>Deeper</a>"))
    (site / "deep.html").write_text(PAGE)
    return [site]


def _sound(folder: Path) -> list[Path]:
    place = folder / "water.ogg"
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-c:a", "libvorbis"]
    subprocess.run(["ffmpeg", "-v", "error", *tone, str(place)], check=True)
    return [place]


def _film(folder: Path) -> list[Path]:
    place = folder / "water.mkv"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=854x480:rate=10:duration=3"]
    kind = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *kind, str(place)], check=True)
    (folder / "water.en.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nWater\n")
    return [place, folder / "water.en.srt"]


def _units(folder: Path) -> list[Path]:
    return [cmi5(folder / "units.zip", au("well", 'moveOn="Completed"') + au("canal"), "well", "canal")]


def _several_parts(is_2004: bool) -> Callable[[Path], list[Path]]:
    parts = [Item("well", "The well"), Item("canal", "The canal")]
    return lambda folder: [scorm(folder / "parts.zip", parts, is_2004=is_2004)]


def _channel(folder: Path) -> list[Path]:
    """A channel as Kolibri lays it on a disk: a page, and an exercise."""
    channel = "c" * 32
    place = folder / "channel"
    (place / "content" / "databases").mkdir(parents=True)
    rows = sqlite_utils.Database(place / "content" / "databases" / f"{channel}.sqlite3")
    rows["content_channelmetadata"].insert(
        {"id": channel, "name": "Wells", "description": "Water", "root_id": channel}, pk="id"
    )
    exercise = {"exercise.json": json.dumps({"all_assessment_items": ["wet"]}), "wet.json": json.dumps(RADIO)}
    nodes: list[tuple[str, str, str, Mapping[str, str], str]] = [
        (channel, "topic", "Wells", {}, ""),
        ("d" * 32, "html5", "A page", {"index.html": PAGE}, "zip"),
        ("e" * 32, "exercise", "Questions", exercise, "perseus"),
    ]
    for number, (name, kind, title, files, extension) in enumerate(nodes, 1):
        rows["content_contentnode"].insert(
            {"id": name, "parent_id": channel if number > 1 else "", "kind": kind, "title": title, "lft": number,
             "description": "", "license_name": "CC BY", "lang_id": "en", "channel_id": channel},
            pk="id",
        )  # fmt: skip
        if files:
            data = zipped(folder / "one.zip", {path: text.encode() for path, text in files.items()}).read_bytes()
            checksum = hashlib.md5(data).hexdigest()
            rows["content_localfile"].insert({"id": checksum, "extension": extension, "file_size": len(data)}, pk="id")
            rows["content_file"].insert(
                {"id": f"{name}1", "contentnode_id": name, "local_file_id": checksum,
                 "preset": "html5_zip" if kind == "html5" else "exercise", "lang_id": "en", "priority": 1,
                 "supplementary": 0, "thumbnail": 0},
                pk="id",
            )  # fmt: skip
            kept = place / "content" / "storage" / checksum[0] / checksum[1] / f"{checksum}.{extension}"
            kept.parent.mkdir(parents=True)
            kept.write_bytes(data)
    rows.close()
    return [place]


def _zim(folder: Path) -> list[Path]:
    from libzim.writer import Creator, Hint, Item, StringProvider

    class Written(Item):  # type: ignore[misc]
        def get_path(self) -> str:
            return "Wells"

        def get_title(self) -> str:
            return "Wells"

        def get_mimetype(self) -> str:
            return "text/html"

        def get_contentprovider(self) -> StringProvider:
            return StringProvider(PAGE)

        def get_hints(self) -> dict[Hint, int]:
            return {Hint.FRONT_ARTICLE: 1}

    with Creator(str(folder / "wells.zim")) as creator:
        creator.set_mainpath("Wells")
        creator.add_item(Written())
        creator.add_metadata("Title", "Wells")
    return [folder / "wells.zim"]


def _letter(folder: Path) -> list[Path]:
    """A text of an office program; LibreOffice prints it where it is."""
    with zipfile.ZipFile(folder / "wells.odt", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.text"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
            "<office:body><office:text><text:p>Where water waits</text:p></office:text></office:body>"
            "</office:document-content>",
        )
    return [folder / "wells.odt"]


OF_OTHERS = (
    _shared("scorm/RuntimeBasicCalls_SCORM12.zip"),
    _shared("scorm/RuntimeBasicCalls_SCORM20043rdEdition.zip"),
    *(
        _named(f"scorm/adl2004_4ed_manifests/LMSTestPackage_{name}.imsmanifest.xml", "imsmanifest.xml")
        for name in ("API", "CM-01", "CO-01", "OB-01a", "RU-01aa", "SX-02")
    ),
    _shared("cmi5/single_au_basic_responsive.zip"),
    *(
        _named(f"cmi5/lts_src/{name}.xml", "cmi5.xml")
        for name in (
            "201-1-iris-course-id", "202-1-relative-url-no-zip", "205-3-duplicated-au", "206-1-invalid-au-url",
            "207-1-invalid-courseStructure",
        )
    ),
    _shared("cc/allyworkshop.imscc"),
    _shared("cc/canvas_cc_gem_course.imscc"),
    _shared("cc/latex.imscc"),
    _shared("cc/pyslet_cc11_sample_1.imscc"),
    _shared("cc/single-page.imscc"),
    _shared("mbz/intro_to_stats.mbz"),
    _shared("h5p/h5p-test.h5p"),
    _shared("qti/qti21_q3.xml"),
    _shared("qti/qti21_q4.xml"),
    _shared("epub/testdocument.epub"),
    _shared("epub/ocf-filename-utf8-valid.epub"),
    _shared("epub/ocf-filename-not-utf8-error.epub"),
    _shared("epub/ocf-filename-duplicate-zip-entry-error.epub"),
    _shared("pdf/habibi-arabic.pdf"),
    _shared("pdf/pdflatex-4-pages.pdf"),
    _shared("media/high_res_sample.mp4", "media/basic.vtt"),
    _shared("media/high_res_sample.webm"),
    _shared("media/sample_html5app.zip"),
)  # fmt: skip
MADE = (
    Sample("a folder with two pages", _site),
    Sample("one page", _file("wells.html", PAGE)),
    Sample("a picture", _file("wells.png", PIXEL)),
    Sample("sound (Ogg)", _sound),
    Sample("a film (Matroska) with SubRip", _film),
    Sample("a text of LibreOffice", _letter),
    Sample("SCORM 1.2 of two parts", _several_parts(is_2004=False)),
    Sample("SCORM 2004 of two parts", _several_parts(is_2004=True)),
    Sample("cmi5 of two units", _units),
    Sample("an xAPI package", lambda folder: [tincan(folder / "well.zip", "well")]),
    Sample("a channel of Kolibri", _channel),
    Sample("a ZIM file", _zim),
    Sample("QTI 1.2", _file("water.xml", ONE_CHOICE)),
    Sample("an item of QTI 2.1", _file("wet.xml", ITEM)),
    Sample("an item of QTI 3.0", _file("wet.xml", ITEM_3)),
    Sample("Moodle XML, a question of each kind", _file("water.xml", WATER)),
    Sample("GIFT with an essay", _file("rain.txt", ESSAY)),
    Sample("Aiken", _file("wet.txt", "What is wet?\nA. Rain\nB. Sand\nANSWER: A\n")),
)
