"""A book: its chapters framed one by one from their own origin, from the one where the reader was.

* Contents, next and previous, the size of letters and the search are plain links and a form: all of it works without
  a script, and on phones as old as their browser's frames.
* The place is the chapter that was seen, kept by the content origin (`edge/library/content.py`).
"""

from typing import Any
from urllib.parse import quote

from flask import request, url_for
from flask.typing import ResponseReturnValue

from edge.library.book_search import WORDS_LETTERS_MAX, found_in
from edge.library.house import House
from edge.library.opened import Opened, tree_of
from edge.library.players.html import launch
from edge.library.players.page import player_page
from sync.web.app import frame_content
from sync.web.language import whole_number

SIZES = ("", "large", "larger")


def show(house: House, opened: Opened) -> ResponseReturnValue:
    spine = opened.activity.attributes.get("spine") or [opened.activity.path]
    part = _part(opened, spine)
    size = request.args.get("size", "")
    size = size if size in SIZES else ""
    words = " ".join(request.args.get("q", "").split())[:WORDS_LETTERS_MAX]
    origin, token = launch(house, opened)
    frame_content(origin)
    fragment = request.args.get("to", "")
    address = f"{origin}/{token}/{quote(spine[part])}" + (f"#{quote(fragment)}" if fragment else "")

    def link(number: int, to: str = "") -> str:
        course, activity = opened.release.course, opened.activity.id
        return url_for(
            "library.activity", course=course, activity=activity, part=number, size=size or None, to=to or None
        )

    hits = found_in(tree_of(house, opened.release), spine, words) if words else []
    return player_page(
        "library/book.html",
        opened,
        address=address,
        part=part,
        parts=len(spine),
        size=size,
        words=words,
        contents=[{**line, "href": link(line["part"], to=line["fragment"])} for line in _toc(opened, spine)],
        sizes=_sizes(opened, part, size),
        previous_href=link(part - 1) if part else "",
        next_href=link(part + 1) if part + 1 < len(spine) else "",
        hits=[{"href": link(one.part), "before": one.before, "found": one.found, "after": one.after} for one in hits],
    )


def _part(opened: Opened, spine: list[str]) -> int:
    """The chapter that was asked for, else the one where the reader was, else the first."""
    asked = whole_number(request.args.get("part", ""))
    if asked is not None:
        return min(asked, len(spine) - 1)
    places = [opened.at, opened.place.path if opened.place else ""]
    return next((spine.index(place) for place in places if place in spine), 0)


def _toc(opened: Opened, spine: list[str]) -> list[dict[str, Any]]:
    """The headings of the book; of a book without any, its parts by number."""
    told = opened.activity.attributes.get("toc") or []
    numbered = [{"depth": 0, "fragment": "", "part": number, "title": str(number + 1)} for number in range(len(spine))]
    return [dict(line) for line in told if line["part"] < len(spine)] or numbered


def _sizes(opened: Opened, part: int, size: str) -> list[dict[str, Any]]:
    course, activity = opened.release.course, opened.activity.id
    return [
        {
            "name": one,
            "is_now": one == size,
            "href": url_for("library.activity", course=course, activity=activity, part=part, size=one or None),
        }
        for one in SIZES
    ]
