"""cmi5 courses: taken as their structure says, refused by the rule that they break."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.store import Store
from tests.made_packages import au, cmi5, structure, words_of, zipped

Read = Callable[..., Imported]
SHARED = Path(__file__).parents[5] / "shared" / "fixtures" / "cmi5"
TOLD = words_of("title", "Unit 1") + words_of("description", "d")
OBJECTIVES = f'<objectives><objective id="https://example.org/o">{TOLD}</objective></objectives>'


def block(inside: str, name: str = "b") -> str:
    return f'<block id="https://example.org/{name}">{TOLD}{inside}</block>'


def test_each_unit_is_an_activity_under_the_titles_of_its_blocks(reading: Read, files: Store, tmp_path: Path) -> None:
    inside = au("well") + block(au("canal", 'moveOn="Passed" masteryScore="0.8"') + block(au("mill"), "inner"))

    found = reading(cmi5(tmp_path / "a.zip", inside, "well", "canal", "mill"))

    sections = [one.attributes.get("section") for one in found.activities]
    entry = next(one for one in found.layers[0].entries if one.path.endswith("qanat-play.json"))
    play = json.loads(files.path(entry.digest).read_bytes())
    canal = play["units"][found.activities[1].id]
    assert [None, "Unit 1", "Unit 1 · Unit 1"] == sections
    assert ("https://example.org/course/canal", "Passed", "0.8") == (canal["id"], canal["move_on"], canal["mastery"])
    assert ["https://example.org/b"] == [one["id"] for one in play["course"]["blocks"]]
    assert ("Water", "Where it comes from.") == (found.about.title, found.about.description)


def test_ids_are_the_same_whatever_else_a_later_version_brings(reading: Read, tmp_path: Path) -> None:
    first = reading(cmi5(tmp_path / "a.zip", au("well") + au("canal"), "well", "canal")).activities
    later = reading(cmi5(tmp_path / "b.zip", au("mill") + au("canal") + au("well"), "well", "canal", "mill")).activities

    assert {one.id for one in first} < {one.id for one in later}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (structure(au("well"), course="example.org/course"), "is no IRI"),
        (structure(au("well").replace("https://example.org/course/well", "")), "has no id"),
        (structure(au("well") + au("well")), "is there twice"),
        (structure(au("well", url="http://example.org/a b")), "is none"),
        (structure(au("well", url="ftp://example.org/a")), "is none"),
        (structure(au("well", url="well.html?endpoint=x")), "has what a launch adds"),
        (structure(au("well", 'moveOn="Sometimes"')), "unknown moveOn"),
        (structure(au("well", 'masteryScore="1.5"')), "masteryScore"),
        (structure(au("well", 'masteryScore="high"')), "masteryScore"),
        (structure(au("well", 'launchMethod="NewTab"')), "unknown launchMethod"),
        (structure(au("well").replace("<url>", '<objectives><objective idref="x"/></objectives><url>')), "described"),
        (structure(au("well").replace("<title>", "<url>well.html</url><title>", 1)), "stands in the wrong place"),
        (structure(au("well").replace("<url>", "<url>a.html</url><url>")), "twice in au"),
        (structure(au("well").replace("<title>", "<name>").replace("</title>", "</name>")), "has no title"),
        (structure(block("")), "is empty"),
        (structure(""), "no unit"),
        (structure(au("well")).replace(b"cmi5/v1", b"cmi5/v9"), "no course structure"),
        (structure(au("gone")), "is not in it"),
        (structure(au("well", url="https://example.org/well.html")), "lie on the internet"),
        (b"<courseStructure", "not readable"),
    ],
)
def test_a_broken_rule_refuses_the_course_and_is_named(
    reading: Read, tmp_path: Path, document: bytes, why: str
) -> None:
    package = zipped(tmp_path / "a.zip", {"cmi5.xml": document, "well.html": b"<p>", "index.html": b"<p>"})

    with pytest.raises(ContentFault, match=why):
        reading(package)


def test_what_the_schema_allows_is_taken(reading: Read, tmp_path: Path) -> None:
    full = au("well", 'moveOn="CompletedOrPassed" masteryScore="0.75" launchMethod="OwnWindow" activityType="x:y"')
    full = full.replace("<url>", '<objectives><objective idref="https://example.org/o"/></objectives><url>')
    full = full.replace("</url>", "</url><launchParameters>a=b</launchParameters><extra xmlns='urn:x'/>")

    package = zipped(tmp_path / "a.zip", {"cmi5.xml": structure(full, objectives=OBJECTIVES), "well.html": b"<p>"})

    assert "cmi5" == reading(package).report.format


def test_a_unit_that_lies_elsewhere_is_told_and_the_others_are_taken(reading: Read, tmp_path: Path) -> None:
    inside = au("well") + au("far", url="https://example.org/far.html")

    found = reading(cmi5(tmp_path / "a.zip", inside, "well"))

    assert 1 == len(found.activities)
    assert ["Far: it lies on the internet (https://example.org/far.html)."] == found.report.left_out


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
@pytest.mark.parametrize("path", sorted((SHARED / "lts_src").glob("*.xml")), ids=lambda one: one.stem)
def test_the_structures_that_must_be_refused_are(reading: Read, tmp_path: Path, path: Path) -> None:
    """CATAPULT's test courses, alone and in a package."""
    package = zipped(tmp_path / "a.zip", {"cmi5.xml": path.read_bytes(), "other.html": b"<p>"})

    with pytest.raises(ContentFault):
        reading(path)
    with pytest.raises(ContentFault):
        reading(package)


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
def test_the_course_of_others_is_taken(reading: Read) -> None:
    (activity,) = reading(SHARED / "single_au_basic_responsive.zip").activities

    assert ("cmi5", "Introduction to Geology - Responsive Style") == (activity.kind, activity.title["en"])
