"""Reading sources of several kinds, and what is none."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import durable
from catalog.fault import CallerFault, ContentFault, DiskFull
from catalog.importers import intake
from catalog.importers.course import Imported, read
from catalog.store import Store

Read = Callable[..., Imported]


def test_several_sources_make_one_course(
    reading: Read, zipped: Callable[..., Path], film: Path, captions: Path, document: Path
) -> None:
    packed = zipped("lessons.zip", {"index.html": "<title>Water</title>"})
    imported = reading(packed, film, captions, document)

    assert ["site", "the-water", "le-sol"] == [activity.id for activity in imported.activities]
    assert ("Water", "html-zip+video+pdf") == (imported.title, imported.report.format)


def test_a_site_keeps_its_names_when_a_film_joins_it(reading: Read, site: Path, film: Path) -> None:
    alone, together = reading(site), reading(film, site)

    assert alone.activities[0] == together.activities[1]
    assert alone.layers[0] == together.layers[0]


def test_two_sources_of_one_name_get_two_ids(reading: Read, film: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / film.name).write_bytes(film.read_bytes())

    assert ["the-water", "the-water-2"] == [one.id for one in reading(film, tmp_path / "other" / film.name).activities]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"MZ\x90\0...", "not a kind of file"),
        (b"\xff" * 5000, "not a kind of file"),
        (b'<?xml version="1.0"?><manifest identifier="m"/>', "names files of a package, and comes without one"),
    ],
)
def test_what_is_no_course_is_refused(reading: Read, tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "course.zip").write_bytes(data)

    with pytest.raises(ContentFault, match=words):
        reading(tmp_path / "course.zip")


def test_a_pipe_is_no_source(reading: Read, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(CallerFault, match="not a file or a folder"):
        reading(tmp_path / "pipe")


def test_nothing_is_no_source(reading: Read) -> None:
    with pytest.raises(CallerFault, match="nothing to import"):
        reading()


def test_progress_goes_from_nothing_to_all(files: Store, site: Path, film: Path) -> None:
    steps: list[tuple[int, int]] = []
    with files.batch() as batch:
        read([site, film], batch, "en", None, lambda done_bytes, total_bytes: steps.append((done_bytes, total_bytes)))
    total_bytes = sum(path.stat().st_size for path in [*site.rglob("*.*"), film])

    assert steps == sorted(steps)
    assert (total_bytes, total_bytes) == steps[-1]


def test_a_course_that_does_not_fit_is_refused_before_the_first_byte(
    reading: Read, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.importers.course.free_bytes", lambda folder: 100)

    with pytest.raises(DiskFull, match="0 MiB free"):
        reading(film)


def test_a_course_beyond_the_limits_is_refused_while_it_streams(
    reading: Read, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "COURSE_BYTES_MAX", 1000)

    with pytest.raises(ContentFault, match="unpacks to more"):
        reading(film)


def test_slugs_are_plain_stable_and_short() -> None:
    names = ["Élan vital (2)", "L'eau   et nous", "水", "水", "النص", "x" * 99, "2026"]
    slugs = [intake.slug(name, "course") for name in names]

    assert ["elan-vital-2", "l-eau-et-nous"] == slugs[:2]
    assert slugs[2] == slugs[3] != slugs[4]
    assert [True] * 7 == [len(one) <= intake.SLUG_LETTERS_MAX and one.isascii() for one in slugs]


def test_there_is_room_for_a_small_course(files: Store) -> None:
    assert durable.free_bytes(files.folder) > 1 << 20


def test_a_package_that_was_packed_once_more_is_that_package(
    reading: Read, zipped: Callable[..., Path], tmp_path: Path
) -> None:
    manifest = (
        "<manifest xmlns='http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1'><metadata><lom><general><title><string>Wells"
        "</string></title></general></lom></metadata><organizations/><resources><resource identifier='a' "
        "type='webcontent' href='a.html'/></resources></manifest>"
    )
    inner = zipped("course.imscc", {"imsmanifest.xml": manifest, "a.html": "<p>Deep</p>"})

    imported = reading(zipped("send.zip", {"course.imscc": inner.read_bytes(), "__MACOSX/._course.imscc": b"x"}))

    assert ("common-cartridge", "Wells") == (imported.report.format, imported.title)


def test_a_zip_of_documents_and_films_is_each_of_them(
    reading: Read, zipped: Callable[..., Path], film: Path, document: Path
) -> None:
    members = {
        "Week 1/Le sol.pdf": document.read_bytes(),
        "a.mp4": film.read_bytes(),
        "x.dat": b"\0",
        "bad.pdf": b"%PDF-",
    }

    imported = reading(zipped("Materials.zip", members))

    assert [("video", None), ("pdf", "Week 1")] == [
        (one.kind, one.attributes.get("section")) for one in imported.activities
    ]
    assert "video+pdf" == imported.report.format
    assert [
        "x.dat: not a kind of file that can be imported.",
        "bad.pdf: The document bad.pdf ends too early: part of it is missing.",
    ] == imported.report.left_out


def test_packages_in_packages_are_read_so_often_and_no_more(
    reading: Read, zipped: Callable[..., Path], document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "INNER_TOTAL_MAX", 2)
    items = "".join(f"<item identifier='i{n}' identifierref='r{n}'><title>{n}</title></item>" for n in range(3))
    files = "".join(
        f"<resource identifier='r{n}' type='webcontent' href='{n}.pdf'><file href='{n}.pdf'/></resource>"
        for n in range(3)
    )
    manifest = (
        "<manifest xmlns='http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1'><organizations><organization>"
        f"<item identifier='root'>{items}</item></organization></organizations><resources>{files}</resources>"
        "</manifest>"
    )
    members = {f"{n}.pdf": document.read_bytes() for n in range(3)}

    imported = reading(zipped("many.imscc", {"imsmanifest.xml": manifest, **members}))

    assert ["pdf", "pdf", "download"] == [one.kind for one in imported.activities]
    assert "more than 2 packages lie in it" in imported.report.repaired[0]


def test_a_zip_of_what_cannot_be_taken_is_refused_with_the_reason(reading: Read, zipped: Callable[..., Path]) -> None:
    with pytest.raises(ContentFault, match=r"bad\.pdf ends too early"):
        reading(zipped("Materials.zip", {"bad.pdf": b"%PDF-"}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x1f\x8b\x08\0" + bytes(50), "packed with gzip and no backup of Moodle"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
    ],
)
def test_an_archive_of_another_kind_is_called_what_it_is(
    reading: Read, tmp_path: Path, data: bytes, words: str
) -> None:
    (tmp_path / "course.zip").write_bytes(data)

    with pytest.raises(ContentFault, match=words):
        reading(tmp_path / "course.zip")


def test_a_tar_archive_is_called_what_it_is(reading: Read, tmp_path: Path) -> None:
    (tmp_path / "course.mbz").write_bytes(b"a.pdf".ljust(257, b"\0") + b"ustar\0" + b"\0" * 300 + b"%PDF-1.4")

    with pytest.raises(ContentFault, match="is a tar archive"):
        reading(tmp_path / "course.mbz")
