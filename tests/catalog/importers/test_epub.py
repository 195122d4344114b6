"""Books: chapters in their order, contents, cover; what is broken or locked."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.store import Store

Read = Callable[..., Imported]
Zips = Callable[[str, Mapping[str, bytes | str]], Path]

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf" '
    'media-type="application/oebps-package+xml"/></rootfiles></container>'
)
NAV = (
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>n</title></head>'
    '<body><nav epub:type="landmarks"><ol><li><a href="x.xhtml">no</a></li></ol></nav><nav epub:type="toc"><ol>'
    '<li><a href="one.xhtml">The <b>well</b></a><ol><li><a href="two.xhtml#slope">The slope</a></li></ol></li>'
    "</ol></nav></body></html>"
)
NCX = (
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>The well</text></navLabel>'
    '<content src="one.xhtml"/><navPoint><navLabel><text>The slope</text></navLabel><content src="two.xhtml#slope"/>'
    "</navPoint></navPoint></navMap></ncx>"
)
CHAPTER = (
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>c</title></head>'
    '<body><p id="slope">Water</p></body></html>'
)


def package(navigation: str = "nav.xhtml", *, version: str = "3.0", more: str = "", spine: str = "") -> str:
    nav = (
        f'<item id="nav" href="{navigation}" properties="nav" media-type="application/xhtml+xml"/>'
        if navigation.endswith(".xhtml")
        else f'<item id="ncx" href="{navigation}" media-type="application/x-dtbncx+xml"/>'
    )
    return (
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Wells &amp; slopes</dc:title>'
        "<dc:creator>Amina</dc:creator>"
        "<dc:language>so</dc:language><dc:description>How water comes.</dc:description><dc:rights>CC BY 4.0</dc:rights>"
        '<dc:subject>Water</dc:subject><meta name="cover" content="pic"/></metadata><manifest>'
        '<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="two" href="two.xhtml" media-type="application/xhtml+xml"/>'
        f'<item id="pic" href="img/Cover.png" media-type="image/png"/>{nav}{more}</manifest><spine toc="ncx">'
        f'<itemref idref="one"/><itemref idref="two"/>{spine}</spine></package>'
    )


def book(**more: str | bytes) -> dict[str, str | bytes]:
    return {
        "mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OPS/book.opf": package(),
        "OPS/nav.xhtml": NAV, "OPS/one.xhtml": CHAPTER, "OPS/two.xhtml": CHAPTER,
        "OPS/img/Cover.png": b"\x89PNG", **more,
    }  # fmt: skip


def paths(imported: Imported) -> list[str]:
    return [entry.path for layer in imported.layers for entry in layer.entries]


def test_a_book_is_its_chapters_in_order_with_contents_and_cover(reading: Read, zipped: Zips) -> None:
    imported = reading(zipped("any.bin", book()))
    activity = imported.activities[0]

    assert ("wells-slopes", "epub", "wells-slopes/OPS/one.xhtml") == (activity.id, activity.kind, activity.path)
    assert {
        "spine": ["wells-slopes/OPS/one.xhtml", "wells-slopes/OPS/two.xhtml"],
        "toc": [
            {"depth": 0, "fragment": "", "part": 0, "title": "The well"},
            {"depth": 1, "fragment": "slope", "part": 1, "title": "The slope"},
        ],
        "author": "Amina",
        "cover": "wells-slopes/OPS/img/Cover.png",
    } == activity.attributes
    about = imported.about
    assert ("Wells & slopes", "How water comes.", "so", "CC BY 4.0", ["Water"]) == (
        about.title, about.description, about.language, about.licence, about.subjects,
    )  # fmt: skip
    assert not any(path.endswith((".opf", "mimetype", "container.xml")) for path in paths(imported))


def test_an_older_book_has_the_same_contents(reading: Read, zipped: Zips) -> None:
    older = book(**{"OPS/book.opf": package("toc.ncx", version="2.0"), "OPS/toc.ncx": NCX})
    new, old = reading(zipped("new.epub", book())), reading(zipped("old.epub", older))

    assert new.activities[0].attributes["toc"] == old.activities[0].attributes["toc"]


def test_an_unpacked_book_is_a_book(reading: Read, tmp_path: Path) -> None:
    for path, data in book().items():
        place = tmp_path / "book" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.encode() if isinstance(data, str) else data)

    assert "epub" == reading(tmp_path / "book").report.format


def test_a_chapter_fits_a_phone(reading: Read, zipped: Zips, files: Store) -> None:
    imported = reading(zipped("book.epub", book()))
    entry = next(entry for entry in imported.layers[0].entries if entry.path.endswith("one.xhtml"))

    assert (
        "max-width:100%;height:auto}body{overflow-wrap:break-word}</style></head>"
        in files.path(entry.digest).read_text()
    )


def test_a_chapter_that_is_not_well_formed_is_shown_as_a_plain_page(reading: Read, zipped: Zips) -> None:
    broken = "<html><head><title>c</title></head><body><p>Water<br></body></html>"
    imported = reading(zipped("book.epub", book(**{"OPS/two.xhtml": broken})))

    assert "wells-slopes/OPS/two.xhtml.html" == imported.activities[0].attributes["spine"][1]
    assert 1 == imported.activities[0].attributes["toc"][1]["part"]
    assert "OPS/two.xhtml: not well-formed; it is shown as a plain page." in imported.report.repaired


def test_a_book_whose_contents_are_damaged_is_read_without_them(reading: Read, zipped: Zips) -> None:
    imported = reading(zipped("book.epub", book(**{"OPS/nav.xhtml": "<html"})))

    assert [] == imported.activities[0].attributes["toc"]
    assert "The book's own contents: OPS/nav.xhtml is not readable XML" in imported.report.left_out[0]


def test_what_a_computer_left_in_a_book_stays_out(reading: Read, zipped: Zips) -> None:
    left = {"__MACOSX/OPS/._one.xhtml": "x", ".DS_Store": "x"}
    imported = reading(zipped("book.epub", {**{f"Book/{path}": data for path, data in book().items()}, **left}))

    assert not [path for path in paths(imported) if "MACOSX" in path or "DS_Store" in path]
    assert 2 == sum("left behind by the computer" in line for line in imported.report.left_out)


def test_a_chapter_that_is_missing_is_said(reading: Read, zipped: Zips) -> None:
    files = book()
    del files["OPS/two.xhtml"]
    imported = reading(zipped("book.epub", files))

    assert 1 == len(imported.activities[0].attributes["spine"])
    assert "OPS/two.xhtml: a chapter that is not in the book." in imported.report.left_out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"META-INF/container.xml": "<container/>", "two.opf": "<package/>"}, "list of its chapters is missing"),
        ({"OPS/book.opf": "<package/>"}, "none of its chapters"),
        ({"OPS/book.opf": "<package"}, "not readable XML"),
        ({"OPS/book.opf": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><package>&x;</package>'}, "entities"),
    ],
)
def test_a_broken_book_is_refused(reading: Read, zipped: Zips, more: dict[str, str], words: str) -> None:
    with pytest.raises(ContentFault, match=words):
        reading(zipped("book.epub", book(**more)))


def test_a_book_is_found_where_its_container_is_wrong_or_missing(reading: Read, zipped: Zips) -> None:
    wrong = book(**{"META-INF/container.xml": CONTAINER.replace("OPS/book.opf", "ops/Book.OPF")})
    silent = book(**{"META-INF/container.xml": "<container/>"})
    bare = {path: data for path, data in book().items() if "META-INF" not in path}
    inside = {f"My book/{path}": data for path, data in book().items()}

    for number, files in enumerate((wrong, silent, bare, inside)):
        assert "Wells & slopes" == reading(zipped(f"{number}.epub", files)).title


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("One.XHTML", "one.xhtml"),
        ("one%2Exhtml", "one.xhtml"),
        ("a%20b.xhtml", "a%20b.xhtml"),
        ("a b.xhtml", "a b.xhtml"),
    ],
)
def test_a_chapter_is_found_as_its_list_nearly_calls_it(reading: Read, zipped: Zips, href: str, path: str) -> None:
    files = book(**{"OPS/book.opf": package().replace('href="one.xhtml"', f'href="{href}"')})
    files[f"OPS/{path}"] = files.pop("OPS/one.xhtml")

    assert f"wells-slopes/OPS/{path}" == reading(zipped("book.epub", files)).activities[0].attributes["spine"][0]


def test_a_picture_among_the_chapters_gets_a_page_and_what_may_stand_for_a_chapter_does(
    reading: Read, zipped: Zips, files: Store
) -> None:
    more = '<item id="data" href="data.json" media-type="application/json" fallback="two"/>'
    listed = package(more=more, spine='<itemref idref="pic"/>').replace('idref="two"', 'idref="data"')
    listed = listed.replace('id="pic"', 'id="pic" fallback="one"')

    imported = reading(zipped("book.epub", book(**{"OPS/book.opf": listed, "OPS/data.json": "{}"})))

    assert ["OPS/one.xhtml", "OPS/two.xhtml", "OPS/img/Cover.png.xhtml"] == [
        path.partition("/")[2] for path in imported.activities[0].attributes["spine"]
    ]
    page = next(one for one in imported.layers[0].entries if one.path.endswith("Cover.png.xhtml"))
    assert '<img src="Cover.png" alt=""/>' in files.path(page.digest).read_text()


def encryption(algorithm: str) -> str:
    return (
        '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod '
        f'Algorithm="{algorithm}"/></enc:EncryptedData></encryption>'
    )


def test_a_locked_book_is_refused_with_what_to_do(reading: Read, zipped: Zips) -> None:
    locked = book(**{"META-INF/encryption.xml": encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc")})

    with pytest.raises(ContentFault, match="locked") as refused:
        reading(zipped("book.epub", locked))
    assert "without a lock" in refused.value.hint


def test_scrambled_fonts_lock_nothing(reading: Read, zipped: Zips) -> None:
    scrambled = book(**{"META-INF/encryption.xml": encryption("http://www.idpf.org/2008/embedding")})

    assert ["book.epub: its own fonts are scrambled; the phone's fonts are used."] == (
        reading(zipped("book.epub", scrambled)).report.noted
    )
