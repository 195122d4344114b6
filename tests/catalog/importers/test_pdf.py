import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfWriter

from catalog.fault import ContentFault
from catalog.importers.course import Imported

Read = Callable[..., Imported]


def test_a_document_becomes_one_activity(reading: Read, document: Path) -> None:
    imported = reading(document)

    assert [("le-sol", "pdf", "le-sol/Le sol.pdf")] == [(one.id, one.kind, one.path) for one in imported.activities]
    assert ("Le sol", "pdf", "application/pdf") == (
        imported.title, imported.report.format, imported.layers[0].entries[0].media_type,
    )  # fmt: skip


def test_the_title_may_be_given(reading: Read, document: Path) -> None:
    imported = reading(document, title="التربة", language="ar")

    assert ("التربة", {"ar": "التربة"}) == (imported.title, imported.activities[0].title)


@pytest.mark.parametrize("kept_bytes", [5, 60, -1, -6, -15])
def test_a_document_that_was_cut_is_refused(reading: Read, document: Path, kept_bytes: int) -> None:
    document.write_bytes(document.read_bytes().rstrip()[:kept_bytes])

    with pytest.raises(ContentFault, match=r"Le sol\.pdf ends too early"):
        reading(document)


def test_a_document_made_for_the_web_that_was_cut_after_its_first_page_is_refused(
    reading: Read, document: Path
) -> None:
    data = document.read_bytes()
    document.write_bytes(data.replace(b"%PDF-1.4\n", b"%PDF-1.4\n1 0 obj<</Linearized 1/L 900000>>endobj\n"))

    with pytest.raises(ContentFault, match="ends too early"):
        reading(document)


@pytest.mark.parametrize(
    "changed",
    [
        lambda data: re.sub(rb"startxref\n\d+", b"startxref\n999999", data),
        lambda data: data.replace(b"startxref\n", b""),
        lambda data: data.partition(b"xref")[0] + b"trailer\n<</Root 1 0 R>>\n",
    ],
    ids=["wrong", "missing", "no end"],
)
def test_a_document_whose_list_is_damaged_is_taken_and_said(
    reading: Read, document: Path, changed: Callable[[bytes], bytes]
) -> None:
    document.write_bytes(changed(document.read_bytes()))

    assert [
        "Le sol.pdf: its list of objects is damaged; most programs mend it as they read. Look whether it opens."
    ] == (reading(document).report.noted)


def test_what_a_program_appended_is_no_matter(reading: Read, document: Path) -> None:
    document.write_bytes(document.read_bytes() + b"<!-- sent by a server -->" * 400)

    assert [] == reading(document).report.noted


@pytest.mark.parametrize(
    ("user", "algorithm"), [("", "RC4-128"), ("", "AES-256"), ("secret", "AES-128"), ("secret", "AES-256")]
)
def test_a_document_with_a_password_is_refused_and_one_that_opens_without_is_taken(
    reading: Read, tmp_path: Path, user: str, algorithm: str
) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt(user_password=user, owner_password="owner", algorithm=algorithm)
    writer.write(tmp_path / "Lesson.pdf")

    if not user:
        assert ["pdf"] == [one.kind for one in reading(tmp_path / "Lesson.pdf").activities]
        return
    with pytest.raises(ContentFault, match=r"Lesson\.pdf is locked with a password"):
        reading(tmp_path / "Lesson.pdf")


def test_a_document_is_known_by_its_content(reading: Read, document: Path) -> None:
    other = document.rename(document.with_name("document.zip"))

    assert "pdf" == reading(other).report.format


def test_a_name_without_latin_letters_still_makes_a_stable_one(reading: Read, document: Path) -> None:
    arabic = document.rename(document.with_name("التربة.pdf"))
    first, second = reading(arabic).activities[0], reading(arabic).activities[0]

    assert first == second
    assert (True, f"{first.id}/التربة.pdf") == (first.id.startswith("pdf-"), first.path)
