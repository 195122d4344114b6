"""One file or one address inside a course."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.importers.course import Imported
from tests.catalog.importers.moodle.backups import activity, as_zip, digest, file, members

Read = Callable[..., Imported]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://example.org/a#Monkey Island 2", "https://example.org/a#Monkey%20Island%202"),
        ("example.org/watch?v=1", "https://example.org/watch?v=1"),
        (" https://example.org/ ", "https://example.org/"),
    ],
)
def test_an_address_is_opened_as_its_writer_meant_it(reading: Read, tmp_path: Path, written: str, address: str) -> None:
    url = f"<url><externalurl>{written}</externalurl></url>"
    changed = {**members(), "activities/url_14/url.xml": activity("url", 14, url)}

    imported = reading(as_zip(tmp_path / "c.mbz", changed))

    [link] = [one for one in imported.activities if one.kind == "link"]
    assert address == link.attributes["address"]
    assert (address != written.strip()) == any(address in line for line in imported.report.repaired)


@pytest.mark.parametrize("written", ["notes.pdf", "/web-link", "javascript:alert(1)", "ftp://example.org/"])
def test_what_is_no_address_is_left_out(reading: Read, tmp_path: Path, written: str) -> None:
    url = f"<url><externalurl>{written}</externalurl></url>"
    changed = {**members(), "activities/url_14/url.xml": activity("url", 14, url)}

    imported = reading(as_zip(tmp_path / "c.mbz", changed))

    assert f"Out: it leads to no page of the web: {written}." in imported.report.left_out


def test_a_picture_is_shown(reading: Read, tmp_path: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n"
    changed = members()
    old = file(19, "mod_resource", "content", "plan.docx", b"a plan")
    new = file(19, "mod_resource", "content", "we#ll.png", picture)
    changed["files.xml"] = changed["files.xml"].replace(old.encode(), new.encode())
    changed[f"files/{digest(picture)[:2]}/{digest(picture)}"] = picture

    imported = reading(as_zip(tmp_path / "c.mbz", changed))

    assert ("html", "Plan") == next((one.kind, one.title["en"]) for one in imported.activities if one.id == "we-ll")
