"""What packages get wrong: names in old alphabets, links that miss, files that are not what their names say."""

import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.importers.course import Imported
from catalog.importers.repairs import kinds, references
from catalog.importers.repairs.names import alphabet_of
from catalog.importers.report import Report
from catalog.store import Store

Read = Callable[..., Imported]
Zips = Callable[[str, Mapping[str, bytes | str]], Path]

NAMES = {
    "gb18030": ["水的故事.html", "图片/河流.jpg", "第一课 水循环.html"],
    "cp932": ["水の話.html", "画像/川.jpg", "レッスン１.html"],
    "cp1256": ["الماء.html", "صور/نهر.jpg", "الدرس الأول.html"],
    "cp866": ["Урок.html", "Вода и жизнь.htm"],
    "cp437": ["leçon.html", "élève.jpg", "Übung.html"],
}
PAGE = "<!doctype html><title>Water</title>"


def paths(imported: Imported) -> list[str]:
    return [entry.path for layer in imported.layers for entry in layer.entries]


def text(imported: Imported, files: Store, path: str) -> str:
    entry = next(entry for layer in imported.layers for entry in layer.entries if entry.path == path)
    return files.path(entry.digest).read_text("utf-8")


@pytest.mark.parametrize("encoding", NAMES)
def test_names_of_an_old_alphabet_are_read_in_it(encoding: str) -> None:
    alphabet = alphabet_of([name.encode(encoding) for name in NAMES[encoding]])

    assert alphabet is not None
    assert encoding == alphabet.encoding


@pytest.mark.parametrize("encoding", ["gb18030", "cp932", "cp1256"])
def test_an_archive_of_another_country_comes_with_its_names_and_its_links(
    reading: Read, zipped: Zips, files: Store, encoding: str
) -> None:
    name = NAMES[encoding][0]
    raw = name.encode(encoding)
    links = f'<a href="{name}">'.encode(encoding)
    path = zipped("course.zip", {"index.html": PAGE.encode() + links, "X" * len(raw): PAGE})
    path.write_bytes(path.read_bytes().replace(b"X" * len(raw), raw))
    imported = reading(path)

    assert {"site/index.html", f"site/{name}"} == set(paths(imported))
    assert ["course.zip: 1 name in an old alphabet"] == [
        line[:37] for line in imported.report.repaired if "old" in line
    ]
    assert [] == imported.report.left_out


def test_a_name_that_is_told_twice_is_taken_as_unicode(reading: Read, zipped: Zips) -> None:
    """Info-ZIP writes the old name, and beside it the right one with the checksum of the old."""
    old, name = "水.html".encode("gbk"), "水.html".encode()
    field = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, zlib.crc32(old)) + name
    path = zipped("course.zip", {"index.html": PAGE, "XX.html": PAGE})
    data = path.read_bytes()
    at = data.rfind(b"PK\x01\x02")
    entry = bytearray(data[at : data.rfind(b"PK\x05\x06")])
    struct.pack_into("<H", entry, 30, len(field))
    end = bytearray(data[data.rfind(b"PK\x05\x06") :])
    struct.pack_into("<L", end, 12, struct.unpack_from("<L", end, 12)[0] + len(field))
    path.write_bytes((data[:at] + bytes(entry) + field + bytes(end)).replace(b"XX", old.removesuffix(b".html")))

    imported = reading(path)

    assert ["site/index.html", "site/水.html"] == paths(imported)
    assert [] == imported.report.repaired


def mended(page: str, data: bytes, *files: str, piece_bytes: int = 1 << 20, **more: object) -> tuple[bytes, Report]:
    report = Report()
    links = references.References({page, *files}, report, **more)  # type: ignore[arg-type]
    pieces = [data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes)]
    done = b"".join(links.mended(page, pieces))
    links.finish()
    return done, report


@pytest.mark.parametrize(
    ("link", "new"),
    [
        (b'<img src="IMG/A.PNG">', b'<img src="img/a.png">'),
        (b"<img src=Img/A.png>", b"<img src=img/a.png>"),
        (b"<a href='/Unit/../img/a.png?x=1#top'>", b"<a href='img/a.png?x=1#top'>"),
        (b'<div style="background: url(IMG/a.png)">', b'<div style="background: url(img/a.png)">'),
        (b'<img src="img\\A.png">', b'<img src="img/a.png">'),
        (b'<img src="img/a.png">', b'<img src="img/a.png">'),
        (b'<img src="https://example.org/IMG/A.PNG">', b'<img src="https://example.org/IMG/A.PNG">'),
        (b'<script>x.src = "IMG/A.PNG"</script>', b'<script>x.src = "IMG/A.PNG"</script>'),
        (b'<base href="/unit"><img src="IMG/A.PNG">', b'<base href="/unit"><img src="IMG/A.PNG">'),
        (b'<base href="./"><img src="IMG/A.PNG">', b'<base href="./"><img src="img/a.png">'),
        (b'<base href="/"><img src="IMG/A.PNG">', b'<base href="./"><img src="img/a.png">'),
        (b'<img data-src="IMG/A.PNG">', b'<img data-src="img/a.png">'),
        (b'<use xlink:href="IMG/A.PNG"/>', b'<use xlink:href="img/a.png"/>'),
        (b'<img ng-src="IMG/A.PNG">', b'<img ng-src="IMG/A.PNG">'),
    ],
)
def test_links_are_mended_where_one_file_is_meant(link: bytes, new: bytes) -> None:
    done, _ = mended("index.html", link, "img/a.png")

    assert new == done


def test_the_top_of_a_server_is_the_top_of_the_package() -> None:
    done, report = mended("unit/two.html", b'<base href="/"><img src="Unit/a.png">', "unit/a.png")

    assert b'<base href="../"><img src="unit/a.png">' == done
    assert ["unit/two.html: 2 links mended (such as / -> ../)."] == report.repaired


def test_a_path_from_the_top_stays_and_is_not_missed() -> None:
    """Courses put their pages into the one at the top, by a program: there it is right."""
    page = b'<img src="img/a.png"><a href="gone.html">'

    done, report = mended("unit/part.html", page, "img/a.png")

    assert page == done
    assert ["unit/gone.html: not in the package, though unit/part.html asks for it."] == report.left_out


@pytest.mark.parametrize("piece_bytes", [1, 7, 4096, 5000])
def test_a_link_is_mended_wherever_the_stream_cuts_it(piece_bytes: int) -> None:
    data = (b"<p>water</p>" * 500 + b'<img alt="x" src="../IMG/A.PNG">') * 4

    done, report = mended("unit/page.html", data, "img/a.png", piece_bytes=piece_bytes)

    assert data.replace(b"../IMG/A.PNG", b"../img/a.png") == done
    assert ["unit/page.html: 4 links mended (such as ../IMG/A.PNG -> ../img/a.png)."] == report.repaired


def test_what_is_missing_is_said_once_with_who_asks_for_it(reading: Read, zipped: Zips) -> None:
    page = PAGE + '<img src="img/b.png"><a href="two.html#x"><a href="#here"><a href="mailto:a@b.c">{{x}}'
    path = zipped("course.zip", {"index.html": page, "two.html": PAGE + '<img src="img/b.png"><img src="{{ a }}.png">'})

    assert ["img/b.png: not in the package, though index.html and 1 more asks for it."] == reading(path).report.left_out


def test_what_only_looks_like_a_link_is_not_missed() -> None:
    _, report = mended(
        "index.html",
        b'<svg enable-background="new 0 0 41 74"><suica background="linen"><p data-json-data="{a: \'b.png\'}">'
        b'<object data="film.swf"><img :src="picture" data-src="later">',
    )

    assert ["film.swf: not in the package, though index.html asks for it."] == report.left_out


def test_a_style_may_ask_for_what_lies_beside_it() -> None:
    done, report = mended(
        "css/a.css", b'@import "B.css"; p { background: url("../Img/x y.png") }', "css/b.css", "img/x y.png"
    )

    assert b'@import "b.css"; p { background: url("../img/x%20y.png") }' == done
    assert [] == report.left_out


def test_a_page_no_browser_opens_gets_a_name_that_one_does(reading: Read, zipped: Zips, files: Store) -> None:
    path = zipped("course.zip", {"index.html": PAGE + '<a href="lesson.php">', "lesson.php": PAGE})
    imported = reading(path)

    assert ["site/index.html", "site/lesson.php.html"] == paths(imported)
    assert PAGE + '<a href="lesson.php.html">' == text(imported, files, "site/index.html")
    assert (
        "lesson.php: a page that no browser would open; it is called lesson.php.html now."
        == imported.report.repaired[0]
    )


def test_an_error_page_saved_in_place_of_a_script_is_said(reading: Read, zipped: Zips) -> None:
    path = zipped("course.zip", {"index.html": PAGE, "js/a.js": "<!DOCTYPE html><title>404</title>", "b.js": "x()"})

    assert ["js/a.js: holds a web page in place of a .js file"] == [
        line.partition(",")[0] for line in reading(path).report.noted
    ]


def test_a_picture_is_told_by_what_it_is(reading: Read, zipped: Zips) -> None:
    path = zipped("course.zip", {"index.html": PAGE, "a.png": b"\xff\xd8\xff\xe0" + bytes(50)})

    assert "image/jpeg" == reading(path).layers[0].entries[0].media_type


def test_what_is_too_heavy_for_phones_is_said(reading: Read, zipped: Zips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "PICTURE_BYTES_MAX", 1_000)
    path = zipped("course.zip", {"index.html": PAGE, "a.bmp": b"BM" + bytes(3 << 20)})

    assert ["a.bmp: 3 MiB in one file; phones load it slowly. Make it smaller if you can."] == reading(
        path
    ).report.noted
