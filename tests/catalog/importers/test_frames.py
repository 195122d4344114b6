"""Courses made of frames: each of their pages gets the script by which one frame may lead another; no others do."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.importers.course import Imported
from catalog.importers.repairs.frames import PLACE, led
from catalog.store import Store

Read = Callable[..., Imported]
Zips = Callable[[str, Mapping[str, bytes | str]], Path]

OUTER = (
    '<html><head><title>Wells</title></head><frameset cols="*,*"><frame src="menu.html"><frame name="main"></frameset>'
)
TAG = b'<script src="vendored/frames.js"></script>'


def test_every_page_of_a_course_made_of_frames_gets_the_script(reading: Read, zipped: Zips, files: Store) -> None:
    pages = {
        "index.html": OUTER,
        "menu.html": '<a href="unit/a.html" target="main">',
        "unit/a.html": "<body>",
        "a.css": "",
    }

    found = reading(zipped("course.zip", pages))

    held = {entry.path: files.path(entry.digest).read_bytes() for entry in found.layers[0].entries}
    assert f"site/{PLACE}" in held
    assert TAG in held["site/index.html"]
    assert b'<script src="../vendored/frames.js"></script><body>' == held["site/unit/a.html"]
    assert b"" == held["site/a.css"]
    assert [
        "index.html: made of frames; a script was put into the pages, so that menus lead them."
    ] == found.report.repaired


def test_a_course_without_frames_stays_as_it_is(reading: Read, zipped: Zips) -> None:
    found = reading(zipped("course.zip", {"index.html": '<title>x</title><iframe src="a.html">', "a.html": "<p>"}))

    assert ["site/a.html", "site/index.html"] == sorted(entry.path for entry in found.layers[0].entries)


@pytest.mark.parametrize("piece_bytes", [1, 7, 4096])
@pytest.mark.parametrize(
    ("page", "new"),
    [
        (b"<!DOCTYPE html><html><head lang=en><title>", b"<!DOCTYPE html><html><head lang=en>@<title>"),
        (b"<html><header>x</header><body class=a>", b"<html><header>x</header>@<body class=a>"),
        (b"<html><FRAMESET rows=a>", b"<html>@<FRAMESET rows=a>"),
        (b"\xef\xbb\xbf <!doctype html>\n<p>water", b"\xef\xbb\xbf <!doctype html>@\n<p>water"),
        (b"water", b"@water"),
        (b"\xff\xfe<\0h\0e\0a\0d\0>\0", b"\xff\xfe<\0h\0e\0a\0d\0>\0"),
    ],
)
def test_the_script_comes_before_what_the_page_does(page: bytes, new: bytes, piece_bytes: int) -> None:
    pieces = [page[at : at + piece_bytes] for at in range(0, len(page), piece_bytes)]

    assert new.replace(b"@", TAG) == b"".join(led("index.html", pieces))
