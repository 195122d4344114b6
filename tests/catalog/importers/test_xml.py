"""XML from strangers: every encoding that people store, and nothing that a document may do to its reader."""

import tracemalloc

import pytest

from catalog.fault import ContentFault
from catalog.importers.xml import DEPTH_MAX, ELEMENTS_MAX, child, children, namespaces, parse_xml, text_of

WATER = "ماء 水"


def declared(encoding: str, text: str) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'.encode(encoding)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (declared("utf-8", WATER), WATER),
        (declared("utf-16", WATER), WATER),
        (declared("utf-16", WATER).decode("utf-16").encode("utf-16-be"), WATER),
        (declared("utf-16", WATER).decode("utf-16").encode(), WATER),
        (declared("utf-32", WATER), WATER),
        (declared("gbk", "水"), "水"),
        (declared("shift_jis", "水"), "水"),
        (declared("iso-2022-jp", "水"), "水"),
        (declared("windows-1256", "ماء"), "ماء"),
        (declared("koi8-r", "вода"), "вода"),
        ('<?xml version="1.0" encoding="utf-8"?><a>eau de Créteil</a>'.encode("cp1252"), "eau de Créteil"),
        ('<?xml version="1.0" encoding="windows-1252"?><a>ماء</a>'.encode(), "ماء"),
        ('\n  <?xml version="1.0"?><a>é</a>'.encode(), "é"),
        (b"\xef\xbb\xbf" + "<a>é</a>".encode(), "é"),
    ],
)
def test_a_document_is_read_as_its_bytes_are_whatever_it_says(data: bytes, expected: str) -> None:
    assert text_of(parse_xml(data, "a.xml")) == expected


def test_a_slow_codec_that_no_text_is_stored_in_is_not_run() -> None:
    data = b'<?xml version="1.0" encoding="punycode"?><a>' + b"\xe9" * 100_000 + b"</a>"

    assert text_of(parse_xml(data, "a.xml")).count("é") == 100_000


def test_a_doctype_is_passed_over_and_letters_of_html_are_letters() -> None:
    doctype = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1.dtd">'

    assert "".join(parse_xml(doctype + b"<html>a&nbsp;b&eacute;</html>", "a").itertext()) == "a\xa0bé"
    assert "".join(parse_xml(b"<p>a&nbsp;b&unknown;</p>", "a").itertext()) == "a\xa0b&unknown;"


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://192.0.2.1/x">%x;]><a/>',
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "long">]><a/>',
        b"<a>" * (DEPTH_MAX + 1),
        b"<a>" + b"<b/>" * ELEMENTS_MAX + b"</a>",
        b"<a " + b"x" * 1000 + b'="1"/>',
        b"<a><b></a>",
        b"<a>\x01</a>",
        b"",
    ],
)
def test_what_may_harm_its_reader_is_refused(data: bytes) -> None:
    with pytest.raises(ContentFault):
        parse_xml(data, "a.xml")


def test_a_document_is_refused_before_it_is_read_when_it_is_too_long() -> None:
    with pytest.raises(ContentFault, match="more than 10 bytes"):
        parse_xml(b"<a>12345</a>", "a.xml", bytes_max=10)


@pytest.mark.parametrize(
    "data",
    [
        b'<a b="' + b"x" * (15 << 20) + b'"/>',
        b'<a xmlns:x="' + b"u" * 1_000_000 + b'">' + b"".join(b"<x:n%d/>" % n for n in range(90_000)) + b"</a>",
        b"<a>" + b'<b c="d"/>' * (ELEMENTS_MAX - 1) + b"</a>",
    ],
    ids=["a long attribute", "a long namespace and many names", "many elements"],
)
def test_the_memory_that_a_document_takes_is_bounded(data: bytes) -> None:
    tracemalloc.start()
    try:
        parse_xml(data, "a.xml")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 96 << 20


def test_names_are_local_and_namespaces_are_told() -> None:
    root = parse_xml(b'<m:a xmlns:m="urn:m" m:x="1" x="2"><m:b><c y="3">T <i>w</i></c><c/></m:b></m:a>', "a")

    assert root.tag == "a"
    assert root.get("x") == "2"
    assert namespaces(root) == {"urn:m"}
    assert text_of(root, "b", "c") == "T w"
    assert len(children(root, "b", "c")) == 2
    assert child(root, "b", "d") is None
