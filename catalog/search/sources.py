"""Sources: which files of a release have text that can be found, and which activity shows each.

* A file belongs to the activity that opens it; a page to the one in whose folder it lies, the nearest first.
* Captions belong to the film that names them.
* What no activity shows is not found.
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from catalog.manifest import Activity, Entry, Layer, Release
from catalog.search.card import Card, Naming, Source

SOURCES_MAX = 20_000
KINDS = {
    "application/epub+zip": "book",
    "application/pdf": "document",
    "application/xhtml+xml": "page",
    "text/html": "page",
}
PAGED = frozenset({"video", "audio", "pdf"})
"""Kinds of activities that show one file and no pages beside it."""


def card_of(release: Release, layers: Iterable[str]) -> Card:
    """What is known of a release without reading its files."""
    return Card(
        course=release.course,
        root=release.root,
        layers=tuple(sorted(layers)),
        languages=tuple(release.languages),
        subjects=tuple(release.subjects),
        level=release.level,
        minutes=release.minutes,
        size_bytes=release.size_bytes,
    )


def names_of(release: Release) -> list[Naming]:
    """What the course and its activities are called, in every language that they are called in."""
    course = Naming("", _all(release.title), " ".join([_all(release.description), *release.subjects]))
    return [course, *(Naming(activity.id, _all(activity.title)) for activity in release.activities)]


def sources_of(release: Release, layers: Iterable[Layer]) -> list[Source]:
    """The files with text, those that come first in the course first."""
    entries = {entry.path: entry for layer in layers for entry in layer.entries}
    captions = _captions(release)
    opened = {activity.path: activity.id for activity in reversed(release.activities)}
    places = {activity.id: place for place, activity in enumerate(release.activities)}
    between = _between_chapters(release, entries)
    found = [
        Source(path, entry.digest, activity, kind)
        for path, entry in entries.items()
        if path not in between
        and (kind := _kind(entry, captions))
        and (activity := captions.get(path) or opened.get(path) or (_around(path, release) if kind == "page" else ""))
    ]
    return sorted(found, key=lambda source: (places.get(source.activity, 0), source.path))[:SOURCES_MAX]


def _kind(entry: Entry, captions: Mapping[str, str]) -> str:
    return "captions" if entry.path in captions else KINDS.get(entry.media_type, "")


def _captions(release: Release) -> dict[str, str]:
    """The film of each track of captions."""
    return {
        str(track["path"]): activity.id
        for activity in release.activities
        for track in activity.attributes.get("captions", ())
        if isinstance(track, dict) and "path" in track
    }


def _between_chapters(release: Release, paths: Iterable[str]) -> set[str]:
    """Files of a book that are none of its chapters: its contents, its cover; a reader never comes by them."""
    books = [activity for activity in release.activities if isinstance(activity.attributes.get("spine"), list)]
    chapters = {path for book in books for path in book.attributes["spine"] if isinstance(path, str)}
    folders = {PurePosixPath(book.path).parts[0] for book in books}
    return {path for path in paths if PurePosixPath(path).parts[0] in folders and path not in chapters}


def _around(path: str, release: Release) -> str:
    """The activity in whose folder a page lies; "" where there is none."""
    homes: dict[str, Activity] = {}
    for activity in release.activities:
        if activity.kind not in PAGED:
            homes.setdefault(str(PurePosixPath(activity.path).parent), activity)
            homes.setdefault(PurePosixPath(activity.path).parts[0], activity)
    near = next((homes[str(folder)] for folder in PurePosixPath(path).parents if str(folder) in homes), None)
    return near.id if near is not None else ""


def _all(text: Mapping[str, str]) -> str:
    return " · ".join(dict.fromkeys(text.values()))
