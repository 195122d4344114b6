"""Copies: what a learner can keep on a phone, as plain files that phones open by themselves.

* Only what the licence, or the publisher, lets them keep; where it does not, there is a reason to show.
* A film as its 360p version where there is one, its sound alone where there is one; sound, documents and books as they
  are; a course of text as the book that was made of it.
* Only files that are here, each with its size: whoever pays for storage decides first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.copying import copying
from catalog.manifest import Activity, Release, is_safe_path
from catalog.media import media_type
from edge.library.books import Books

HEIGHT_WANTED = 360
HEIGHT_MAX = 480
EPUB = "application/epub+zip"
PDF = "application/pdf"
PLAIN = frozenset({EPUB, PDF, "video/mp4", "video/webm"})


@dataclass(frozen=True, slots=True)
class Copy:
    """One file to keep. `kind` is "film", "sound", "document" or "book"; `height` is a film's, where it is known."""

    kind: str
    path: Path
    media_type: str
    size_bytes: int
    height: int = 0


def copies(release: Release, activity: Activity, tree: Path, books: Books | None) -> list[Copy]:
    """What can be kept of this activity, the best for a phone first."""
    if not copying(release).is_allowed:
        return []
    made = books.path(release, activity) if books is not None else None
    here = [(made, 0)] if made is not None else []
    here += [(tree / path, height) for path, height in _files(activity, tree)]
    return [_copy(path, height) for path, height in here]


def _files(activity: Activity, tree: Path) -> Iterator[tuple[str, int]]:
    """The files of an activity that open without the box, and how high a film's picture is."""
    films = [
        (str(one["path"]), _height(one))
        for one in activity.attributes.get("renditions", ())
        if isinstance(one, dict) and "path" in one
    ]
    small = [film for film in films if 0 < film[1] <= HEIGHT_MAX and _is_here(film[0], tree)]
    sound = [path for path, _ in films if media_type(path).startswith("audio/") and _is_here(path, tree)]
    if small:
        yield min(small, key=lambda film: abs(film[1] - HEIGHT_WANTED))
    elif _is_plain(activity.path) and _is_here(activity.path, tree):
        yield activity.path, 0
    # Of a sound the small version is enough beside the whole one; it may be the only one here.
    yield from ((path, 0) for path in sound[:1] if path != activity.path)


def _copy(path: Path, height: int) -> Copy:
    kind = media_type(path.name)
    return Copy(_word(kind), path, kind, path.stat().st_size, height)


def _word(kind: str) -> str:
    match kind.partition("/")[0], kind:
        case _, "application/pdf":
            return "document"
        case _, "application/epub+zip":
            return "book"
        case "audio", _:
            return "sound"
        case _:
            return "film"


def _height(rendition: dict[str, Any]) -> int:
    said = rendition.get("height", 0)
    return said if isinstance(said, int) else 0


def _is_plain(path: str) -> bool:
    kind = media_type(path)
    return kind in PLAIN or kind.startswith("audio/")


def _is_here(path: str, tree: Path) -> bool:
    return is_safe_path(path) and (tree / path).is_file()
