"""SCORM packages: what their manifests say, mended where it can be, told where it cannot."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.importers.packages.scorm_manifest import with_parameters
from catalog.store import Store
from tests.made_packages import HEAD_12, HEAD_2004, Item, scorm, zipped

Read = Callable[..., Imported]
SHARED = Path(__file__).parents[5] / "shared" / "fixtures" / "scorm"


def manifest(inside: str, head: str = HEAD_12) -> bytes:
    return f'<?xml version="1.0"?><manifest identifier="course" {head}>{inside}</manifest>'.encode()


def organised(items: str, resources: str, more: str = "") -> str:
    return (
        f'{more}<organizations><organization identifier="o"><title>Water</title>{items}</organization></organizations>'
        f"<resources>{resources}</resources>"
    )


ONE = '<item identifier="a" identifierref="r"><title>The well</title></item>'


def resource(href: str, more: str = "") -> str:
    return f'<resource identifier="r" type="webcontent" adlcp:scormtype="sco" href="{href}" {more}/>'


def test_a_package_is_one_activity_with_its_tree_of_parts_beside_it(
    reading: Read, files: Store, tmp_path: Path
) -> None:
    items = [Item("u", "Unit", inner=[Item("one", "The well"), Item("two", "The canal")]), Item("three", "The garden")]

    found = reading(scorm(tmp_path / "water.zip", items))

    (activity,) = found.activities
    play = played(found, files)
    assert ("water", "scorm", "water/one/page.html") == (activity.id, activity.kind, activity.path)
    assert {"play": "water/qanat-play.json", "scorm": "1.2", "parts": 3} == dict(activity.attributes)
    assert ["u", "three"] == [part["id"] for part in play["parts"]]
    assert "one/page.html" == play["parts"][0]["parts"][0]["path"]
    assert "Water" == found.report.title


def test_an_unpacked_package_is_the_same_course(reading: Read, tmp_path: Path) -> None:
    packed = scorm(tmp_path / "water.zip", [Item("one", "The well")])
    folder = tmp_path / "water"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)

    assert reading(packed).layers == reading(folder).layers


def test_a_package_in_the_one_folder_of_its_archive_is_found(reading: Read, tmp_path: Path) -> None:
    package = zipped(
        tmp_path / "a.zip",
        {
            "export/imsmanifest.xml": manifest(organised(ONE, resource("start.html"))),
            "export/start.html": b"<p>",
            "__MACOSX/export/._start.html": b"x",
        },
    )

    assert "course/start.html" == reading(package).activities[0].path


@pytest.mark.parametrize(
    ("href", "more", "file"),
    [
        ("Start.HTML", "", "start.html"),
        ("unit%201/start.html", "", "unit 1/start.html"),
        ("start.html", 'xml:base="unit/"', "unit/start.html"),
        ("unit\\start.html", "", "unit/start.html"),
        ("./unit/../start.html?a=b", "", "start.html"),
        ("start.html", 'xml:base="unit%201/"', "unit 1/start.html"),
        ("%CB%AE.html", "", "水.html"),
        ("unit/", "", "unit/index.html"),
        ("start.html", "", "content/start.html"),
        ("course/start.html", "", "start.html"),
        ("start.html", 'xml:base="gone/"', "start.html"),
        ("START.html", 'xml:base="Unit/"', "unit/start.html"),
    ],
)
def test_a_link_means_the_file_that_it_nearly_names(
    reading: Read, tmp_path: Path, href: str, more: str, file: str
) -> None:
    package = zipped(
        tmp_path / "a.zip",
        {"imsmanifest.xml": manifest(organised(ONE, resource(href, more))), file: b"<p>"},
    )

    assert f"course/{file}" == reading(package).activities[0].path


def test_mended_links_are_told(reading: Read, tmp_path: Path) -> None:
    package = zipped(
        tmp_path / "a.zip",
        {"imsmanifest.xml": manifest(organised(ONE, resource("Start.HTML"))), "start.html": b"<p>"},
    )

    assert ["Start.HTML: the file is called start.html."] == reading(package).report.repaired


def test_a_part_without_its_file_is_told_and_the_others_are_played(reading: Read, files: Store, tmp_path: Path) -> None:
    items = ONE + '<item identifier="b" identifierref="gone"><title>The mill</title></item>'
    more = '<resource identifier="gone" type="webcontent" href="mill.html"/>'
    package = zipped(
        tmp_path / "a.zip",
        {"imsmanifest.xml": manifest(organised(items, resource("a.html") + more)), "a.html": b"<p>"},
    )

    found = reading(package)

    assert ["The mill: its file 'mill.html' is not in the package."] == found.report.left_out
    assert ["a"] == [part["id"] for part in played(found, files)["parts"]]


@pytest.mark.parametrize("href", ["https://example.org/a.html", "../outside.html", "//example.org/a", "javascript:a()"])
def test_what_leads_out_of_a_package_is_never_opened(reading: Read, tmp_path: Path, href: str) -> None:
    package = zipped(
        tmp_path / "a.zip", {"imsmanifest.xml": manifest(organised(ONE, resource(href))), "index.html": b"<p>"}
    )

    with pytest.raises(ContentFault, match="nothing that could be opened"):
        reading(package)


@pytest.mark.parametrize(
    ("said", "head", "script", "version"),
    [
        ("1.2", HEAD_12, b"", "1.2"),
        ("2004 3rd Edition", HEAD_2004, b"", "2004"),
        ("CAM 1.3", HEAD_2004, b"", "2004"),
        ("1.3", HEAD_2004, b"", "2004"),
        ("", HEAD_12, b"API_1484_11", "1.2"),
        ("", HEAD_2004.upper().replace("XMLNS", "xmlns").replace("ADLCP=", "adlcp="), b"", "2004"),
        ("1.1.4", 'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"', b"API.LMSInitialize('')", "1.2"),
        ("", 'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"', b"win.API_1484_11", "2004"),
    ],
)
def test_the_version_is_what_the_manifest_says_or_declares_or_its_pages_call(
    reading: Read, tmp_path: Path, said: str, head: str, script: bytes, version: str
) -> None:
    more = f"<metadata><schemaversion>{said}</schemaversion></metadata>" if said else ""
    inside = organised(ONE, resource("a.html").replace("adlcp:", ""), more)

    found = reading(
        zipped(tmp_path / "a.zip", {"imsmanifest.xml": manifest(inside, head), "a.html": b"<p>", "a.js": script})
    )

    assert version == found.activities[0].attributes["scorm"]


@pytest.mark.parametrize(
    ("attribute", "script", "is_sco"),
    [
        ('adlcp:ScormType="SCO"', b"", True),
        ('adlcp:scormtype="asset"', b"LMSInitialize", False),
        ("", b"API.LMSInitialize('')", True),
        ("", b"", False),
    ],
)
def test_a_part_that_talks_to_a_runtime_gets_one(
    reading: Read, files: Store, tmp_path: Path, attribute: str, script: bytes, is_sco: bool
) -> None:
    one = resource("a.html").replace('adlcp:scormtype="sco"', attribute)
    inside = {"imsmanifest.xml": manifest(organised(ONE, one)), "a.html": b"<p>", "a.js": script}

    assert is_sco == played(reading(zipped(tmp_path / "a.zip", inside)), files)["parts"][0]["sco"]


def test_a_resource_that_names_no_start_is_opened_by_its_first_page(reading: Read, tmp_path: Path) -> None:
    one = '<resource identifier="r" type="webcontent"><file href="a.css"/><file href="a.html?x=1"/></resource>'

    found = reading(zipped(tmp_path / "a.zip", {"imsmanifest.xml": manifest(organised(ONE, one)), "a.html": b"<p>"}))

    assert "course/a.html" == found.activities[0].path
    assert ["The well: the manifest does not say what opens it; it is a.html?x=1."] == found.report.repaired


@pytest.mark.parametrize("organisations", ["", "<organizations/>", '<organizations><organization identifier="o"/>'
                                           "</organizations>"])  # fmt: skip
def test_a_package_that_names_no_parts_opens_its_scos(
    reading: Read, files: Store, tmp_path: Path, organisations: str
) -> None:
    more = '<resource identifier="x" type="webcontent"><file href="x.js"/></resource>'
    inside = f"{organisations}<resources>{resource('a.html')}{more}</resources>"
    package = zipped(tmp_path / "a.zip", {"imsmanifest.xml": manifest(inside), "a.html": b"<p>", "x.js": b"1"})

    assert ["r"] == [part["id"] for part in played(reading(package), files)["parts"]]


def test_a_manifest_in_the_manifest_is_the_parts_of_its_item(reading: Read, files: Store, tmp_path: Path) -> None:
    inner = f'<manifest identifier="inner" xml:base="in">{organised(ONE, resource("b.html"))}</manifest>'
    items = '<item identifier="x" identifierref="inner"><title>All of it</title></item>'
    package = zipped(
        tmp_path / "a.zip",
        {"imsmanifest.xml": manifest(organised(items, "") + inner), "in/b.html": b"<p>"},
    )

    (part,) = played(reading(package), files)["parts"]
    assert ("All of it", "in/b.html") == (part["title"], part["parts"][0]["path"])


def test_a_sign_that_stands_for_itself_is_mended(reading: Read, tmp_path: Path) -> None:
    inside = organised(ONE.replace("The well", "Wells & pumps &amp; more"), resource("a.html"))

    report = reading(zipped(tmp_path / "a.zip", {"imsmanifest.xml": manifest(inside), "a.html": b"<p>"})).report

    assert ["imsmanifest.xml: the sign & stands there for itself; mended."] == report.repaired


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_manifest_that_came_alone_is_refused_as_that(reading: Read, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "imsmanifest.xml").write_bytes(manifest(organised(ONE, "")).decode().encode(encoding))

    with pytest.raises(ContentFault, match="comes without one"):
        reading(tmp_path / "imsmanifest.xml")


@pytest.mark.parametrize(
    "inside",
    ["<organizations", '<!DOCTYPE m [<!ENTITY x "y">]><manifest>&x;</manifest>', organised("", "")],
    ids=["cut", "entities", "empty"],
)
def test_a_manifest_that_cannot_be_read_refuses_the_package(reading: Read, tmp_path: Path, inside: str) -> None:
    """It does not become a site, though there is a page to start with."""
    package = zipped(tmp_path / "a.zip", {"imsmanifest.xml": manifest(inside), "index.html": b"<p>"})

    with pytest.raises(ContentFault):
        reading(package)


def test_what_a_part_is_told_at_its_start_is_kept(reading: Read, files: Store, tmp_path: Path) -> None:
    more = (
        "<adlcp:masteryscore>80</adlcp:masteryscore><adlcp:datafromlms>seed=7</adlcp:datafromlms>"
        '<adlcp:prerequisites type="aicc_script">one</adlcp:prerequisites>'
        "<adlcp:maxtimeallowed>00:30:00</adlcp:maxtimeallowed><adlcp:timelimitaction>exit,message</adlcp:timelimitaction>"
    )

    found = reading(scorm(tmp_path / "a.zip", [Item("one", "The well", more)]))

    part = played(found, files)["parts"][0]
    assert ("80", "seed=7", "one", "00:30:00", "exit,message") == (
        part["mastery"], part["launch_data"], part["prerequisites"], part["max_time"], part["limit_action"],
    )  # fmt: skip


def test_the_order_of_a_2004_package_is_kept_for_its_runtime(reading: Read, files: Store, tmp_path: Path) -> None:
    sequencing = (
        '<imsss:sequencing><imsss:controlMode choice="false" flow="true"/><imsss:sequencingRules>'
        '<imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition operator="not" condition="satisfied"/>'
        '</imsss:ruleConditions><imsss:ruleAction action="disabled"/></imsss:preConditionRule></imsss:sequencingRules>'
        '<imsss:objectives><imsss:primaryObjective satisfiedByMeasure="true"><imsss:minNormalizedMeasure>0.6'
        "</imsss:minNormalizedMeasure></imsss:primaryObjective></imsss:objectives></imsss:sequencing>"
    )

    found = reading(scorm(tmp_path / "a.zip", [Item("one", "The well", sequencing)], is_2004=True))

    play = played(found, files)
    told = play["parts"][0]["sequencing"]
    assert ("2004", "4") == (play["version"], play["edition"])
    assert (False, True) == (told["sequencingControls"]["choice"], told["sequencingControls"]["flow"])
    assert [
        {
            "action": "disabled",
            "conditionCombination": "all",
            "conditions": [{"condition": "satisfied", "operator": "not"}],
        }
    ] == told["sequencingRules"]["preConditionRules"]
    assert 0.6 == told["primaryObjective"]["minNormalizedMeasure"]


@pytest.mark.parametrize(("organisation", "title"), [("Water", "Water"), ("", "Water for all")])
def test_what_a_package_says_of_itself_is_taken(reading: Read, tmp_path: Path, organisation: str, title: str) -> None:
    """Its title is the one that learners see, where it has one."""
    lom = (
        '<metadata><lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general><title><string>Water for all</string>'
        "</title><language>en-GB</language><description><string>Where it comes from.</string></description>"
        "<keyword><string>water</string></keyword></general><rights><description><string>CC BY 4.0</string>"
        "</description></rights></lom></metadata>"
    )
    inside = organised(ONE, resource("a.html"), lom).replace("<title>Water</title>", f"<title>{organisation}</title>")
    package = zipped(tmp_path / "a.zip", {"imsmanifest.xml": manifest(inside, HEAD_2004), "a.html": b"<p>"})

    about = reading(package).about

    assert (title, "Where it comes from.", "en", "CC BY 4.0", ["water"]) == (
        about.title, about.description, about.language, about.licence, about.subjects,
    )  # fmt: skip


def test_every_organisation_is_an_activity(reading: Read, tmp_path: Path) -> None:
    two = "".join(
        f'<organization identifier="{name}"><title>{name}</title>{ONE}</organization>' for name in ("long", "short")
    )
    inside = f'<organizations default="short">{two}</organizations><resources>{resource("a.html")}</resources>'
    package = zipped(tmp_path / "a.zip", {"imsmanifest.xml": manifest(inside), "a.html": b"<p>"})

    assert ["course", "course-long"] == [one.id for one in reading(package).activities]


def test_parameters_join_what_follows_a_file() -> None:
    assert ["?a=b", "?x=1&a=b", "#p", "?x#p"] == [
        with_parameters("", "?a=b"), with_parameters("?x=1", "a=b"), with_parameters("", "#p"),
        with_parameters("?x#p", "#q"),
    ]  # fmt: skip


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "version"), [("RuntimeBasicCalls_SCORM12", "1.2"), ("RuntimeBasicCalls_SCORM20043rdEdition", "2004")]
)
def test_the_packages_of_others_are_taken(reading: Read, name: str, version: str) -> None:
    (activity,) = reading(SHARED / f"{name}.zip").activities

    assert (version, 1) == (activity.attributes["scorm"], activity.attributes["parts"])


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
@pytest.mark.parametrize("path", sorted((SHARED / "adl2004_4ed_manifests").glob("*.xml")), ids=lambda one: one.stem)
def test_the_manifests_of_adls_test_suite_are_read_whole(
    reading: Read, files: Store, tmp_path: Path, path: Path
) -> None:
    """Their pages are not here: stand-ins take their places."""
    pages = {f"resources/{name}": b"<p>" for name in ("SequencingTest.htm", "AssetLaunchTest.htm", "APIRTETest1.htm",
                                                      "APIRTETest2.htm")}  # fmt: skip
    package = zipped(tmp_path / "suite.zip", {"imsmanifest.xml": path.read_bytes(), **pages})

    found = reading(package)

    assert [] == found.report.left_out
    assert "4" == played(found, files)["edition"]
    assert found.activities[0].attributes["parts"] >= 3


def played(found: Imported, files: Store) -> Any:
    """What the player reads of the first activity."""
    named = found.activities[0].attributes["play"]
    entry = next(entry for entry in found.layers[0].entries if entry.path == named)
    return json.loads(files.path(entry.digest).read_bytes())
