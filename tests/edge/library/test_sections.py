"""A course of many parts under headings; links and files to keep."""

import gzip
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Release
from edge.box import Box
from edge.people.people import Person

Signed = Callable[..., FlaskClient]
LATER_PAGE_BYTES_MAX = 12_000


def cartridge(path: Path, pages: int, per_unit: int) -> Path:
    """A cartridge of so many pages, and a link and a text of an office program at its end."""
    items, resources = [], []
    for number in range(pages):
        if number % per_unit == 0:
            items.append(
                f"{'</item>' if number else ''}<item identifier='u{number}'><title>Unit {number // per_unit}</title>"
            )
        items.append(
            f"<item identifier='i{number}' identifierref='R{number}'><title>Lesson {number} of water</title></item>"
        )
        resources.append(f"<resource identifier='R{number}' type='webcontent' href='p{number}.html'/>")
    items.append("<item identifier='il' identifierref='L'><title>A well</title></item></item>")
    resources += [
        "<resource identifier='L' type='imswl_xmlv1p1' href='l.xml'/>",
        "<resource identifier='D' type='webcontent' href='plan.docx'/>",
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "imsmanifest.xml",
            "<manifest xmlns='http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1'><organizations><organization><item>"
            f"{''.join(items)}</item></organization></organizations><resources>{''.join(resources)}</resources></manifest>",
        )
        archive.writestr(
            "l.xml", "<webLink><title>W</title><url href='https://example.org/well?a=1&amp;b=2'/></webLink>"
        )
        archive.writestr("plan.docx", b"a plan")
        for number in range(pages):
            archive.writestr(f"p{number}.html", f"<p>{number}</p>")
    return path


@pytest.fixture
def units(box: Box, shelve: Callable[..., Release], tmp_path: Path) -> Callable[[int, int], Release]:
    return lambda pages, per_unit: shelve(box, "wells", [cartridge(tmp_path / "wells.imscc", pages, per_unit)])


def test_parts_stand_under_their_headings(units: Callable[[int, int], Release], signed: Signed) -> None:
    units(4, 2)

    page = signed().get("/library/wells").text

    assert ["Unit 0", "Unit 1", "More"] == re.findall(r'<h2 id="s\d">([^<]+)</h2>', page)
    assert page.index("Unit 0") < page.index("Lesson 1 of") < page.index("Unit 1") < page.index("Lesson 2 of")


def test_a_course_of_two_hundred_parts_is_a_small_page(
    units: Callable[[int, int], Release], signed: Signed, amina: Person
) -> None:
    units(200, 10)

    page = signed("learner", amina.id).get("/library/wells").text

    assert 202 == page.count('class="well"')
    assert 20 == page.count("<summary>Unit ")
    assert LATER_PAGE_BYTES_MAX >= len(gzip.compress(page.encode(), 6))


def test_only_the_section_where_the_learner_is_stands_open(
    box: Box, units: Callable[[int, int], Release], signed: Signed, amina: Person
) -> None:
    release = units(50, 10)
    box.learning.opened(amina.id, "wells", release.version, "r25")

    page = signed("learner", amina.id).get("/library/wells").text

    assert ["Unit 2"] == re.findall(r'<details class="card" open><summary>(Unit \d)', page)


def test_a_link_says_where_it_leads(units: Callable[[int, int], Release], signed: Signed) -> None:
    units(2, 2)

    page = signed().get("/library/wells/l").text

    assert "This leads to the internet." in page
    assert 'href="https://example.org/well?a=1&amp;b=2"' in page
    assert 'rel="noopener noreferrer"' in page


def test_a_file_to_keep_is_saved_and_never_shown(units: Callable[[int, int], Release], signed: Signed) -> None:
    units(2, 2)
    client = signed()
    assert "plan.docx" in client.get("/library/wells/d").text

    answer = client.get("/library/wells/d/file")

    assert "attachment; filename*=UTF-8''plan.docx" == answer.headers["Content-Disposition"]
    assert answer.headers["X-Sendfile"].endswith("/d/plan.docx")
