"""The OPDS catalogue of a box, for e-readers on the campus.

* Nobody signs in: e-readers cannot, and anybody may look around as a guest anyway (docs/decisions/0016). Only what its
  licence lets everybody keep is here, and `opds = false` in box.toml closes it.
* Nothing is kept of who fetched what.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from catalog.copying import copying
from catalog.manifest import Activity, Release, words
from catalog.media import media_type
from edge.box import Box
from edge.library.books import TEXT, WHOLE, books_of, part_of
from edge.library.copies import EPUB, PDF
from edge.library.copy_pages import copies_of, copy_answer
from sync.web.app import sessionless
from sync.web.language import gettext, language_name, language_now
from sync.web.takes import ANYTHING, takes

if TYPE_CHECKING:
    from edge.library.opds import Entry, Link

BOOK_TYPES = frozenset({EPUB, PDF})
PAGES_MAX = 2000
ATOM = "application/atom+xml"

Item = tuple[Release, Activity]


def blueprint(box: Box) -> Blueprint:
    """The catalogue for e-readers, for the box's application."""
    pages = Blueprint("opds", __name__)

    @pages.get("/opds")
    @sessionless
    @takes(gives=ATOM)
    def start() -> ResponseReturnValue:
        return _answer(box, "start", box.config.name, _ways(box), kind="navigation")

    @pages.get("/opds/books")
    @sessionless
    @takes(query=("language", "subject", "page"), gives=ATOM)
    def books() -> ResponseReturnValue:
        language, subject = request.args.get("language", ""), request.args.get("subject", "")
        items = (
            (release, activity)
            for release in box.shelf.courses()
            if (not language or language in release.languages) and (not subject or subject in release.subjects)
            for activity in _parts(release)
        )
        title = subject or (language_name(language) if language else gettext("All books"))
        return _list(box, f"books:{language}:{subject}", title, items)

    @pages.get("/opds/search")
    @sessionless
    @takes(query=("q", "page"), gives=ATOM)
    def search() -> ResponseReturnValue:
        from catalog.search.question import LETTERS_MAX, Question

        typed = request.args.get("q", "")[:LETTERS_MAX]
        releases = {release.course: release for release in box.shelf.courses()}
        rows = box.indexing.index.find(Question.of(typed))
        found = dict.fromkeys(
            (row.course, one.id)
            for row in rows
            if row.course in releases
            for one in _parts(releases[row.course])
            if row.activity in ("", one.id) or (one.id == WHOLE and _is_text(releases[row.course], row.activity))
        )
        items = ((releases[course], part_of(releases[course], name)) for course, name in found)
        return _list(box, f"search:{typed}", gettext("Search"), ((one, part) for one, part in items if part))

    @pages.get("/opds/search.xml")
    @sessionless
    @takes(gives="application/opensearchdescription+xml")
    def description() -> ResponseReturnValue:
        from edge.library import opds

        _demand_open(box)
        template = url_for("opds.search", _external=True) + "?q={searchTerms}"
        return Response(opds.description_bytes(box.config.name, template), content_type=opds.SEARCH)

    @pages.get("/opds/file/<course>/<activity>/<int:which>")
    @sessionless
    @takes(gives=ANYTHING)
    def file(course: str, activity: str, which: int) -> ResponseReturnValue:
        _demand_open(box)
        release = box.shelf.release(course) or abort(404)
        found = part_of(release, activity) or abort(404)
        here = copies_of(box, release, found)
        is_book = which < len(here) and here[which].media_type in BOOK_TYPES
        return copy_answer(found, here[which]) if is_book else abort(404)

    return pages


def _list(box: Box, name: str, title: str, items: Iterator[Item]) -> Response:
    """One page of a list of books."""
    from edge.library.opds import ACQUISITION, ENTRIES_MAX, Link

    _demand_open(box)
    asked = request.args.get("page", "0")
    page = int(asked) if asked.isascii() and asked.isdigit() and int(asked[:6]) < PAGES_MAX else 0
    here = list(islice(items, page * ENTRIES_MAX, (page + 1) * ENTRIES_MAX + 1))
    entries = [entry for item in here[:ENTRIES_MAX] for entry in _entries(box, *item)]
    links: list[Link] = []
    for rel, number, is_there in (("previous", page - 1, page > 0), ("next", page + 1, len(here) > ENTRIES_MAX)):
        if is_there:
            args: dict[str, Any] = {**request.args, "page": number}
            links.append(Link(rel, url_for(str(request.endpoint), **args), ACQUISITION))
    return _answer(box, name, title, entries, links, kind="acquisition")


def _answer(
    box: Box, name: str, title: str, entries: "list[Entry]", links: "list[Link] | None" = None, *, kind: str
) -> Response:
    from edge.library.opds import ACQUISITION, NAVIGATION, SEARCH, Feed, Link, feed_bytes

    _demand_open(box)
    own = NAVIGATION if kind == "navigation" else ACQUISITION
    usual = [
        Link("self", request.full_path.rstrip("?"), own),
        Link("start", url_for("opds.start"), NAVIGATION),
        Link("search", url_for("opds.description"), SEARCH),
    ]
    feed = Feed(f"urn:qanat:{box.id}:{quote(name)}", title, box.config.name, [*usual, *(links or [])], entries)
    return Response(feed_bytes(feed), content_type=f"{own};charset=utf-8")


def _ways(box: Box) -> "list[Entry]":
    """The lists: all books, and those of each language and subject that some course has."""
    releases = box.shelf.courses()
    languages = sorted({language for release in releases for language in release.languages})
    subjects = sorted({subject for release in releases for subject in release.subjects})
    return [
        _way(box, gettext("All books"), "all", releases),
        *(_way(box, language_name(one), f"language:{one}", releases, language=one) for one in languages),
        *(_way(box, one, f"subject:{one}", releases, subject=one) for one in subjects),
    ]


def _way(box: Box, title: str, name: str, releases: list[Release], **chosen: str) -> "Entry":
    from edge.library.opds import ACQUISITION, Entry, Link

    updated = max((_published(release) for release in releases), default=0)
    link = Link("subsection", url_for("opds.books", **chosen), ACQUISITION)  # type: ignore[arg-type]
    return Entry(f"urn:qanat:{box.id}:{quote(name)}", title, updated, [link], title)


def _parts(release: Release) -> list[Activity]:
    """What there may be a book of: known without a look at the disk."""
    if not copying(release).is_allowed:
        return []
    plain = [one for one in release.activities if media_type(one.path) in BOOK_TYPES]
    return [*books_of(release), *plain]


def _is_text(release: Release, name: str) -> bool:
    activity = release.activity(name)
    return activity is not None and activity.kind == TEXT


def _entries(box: Box, release: Release, activity: Activity) -> "Iterator[Entry]":
    from edge.library.opds import OPEN_ACCESS, Entry, Link

    links = [
        Link(
            OPEN_ACCESS,
            url_for("opds.file", course=release.course, activity=activity.id, which=number),
            one.media_type,
            one.size_bytes,
        )
        for number, one in enumerate(copies_of(box, release, activity))
        if one.media_type in BOOK_TYPES
    ]
    if links:
        yield Entry(
            f"urn:qanat:{release.root}:{quote(activity.id)}",
            words(activity.title, language_now()),
            _published(release),
            links,
            words(release.description, language_now()),
            next(iter(release.languages), ""),
            release.licence,
            release.subjects,
        )


def _published(release: Release) -> int:
    said = release.provenance.get("published", 0)
    return said if isinstance(said, int) and 0 <= said < 1 << 32 else 0


def _demand_open(box: Box) -> None:
    if not box.config.opds:
        abort(404)
