"""Books of the courses on the shelf: of each lesson of text, and of each book that came unpacked, an EPUB.

* Made one at a time, each minute, after what is new was made findable; never in a learner's request.
* Only where the licence lets learners keep a copy, and only while the disk has room to spare.
* A course of many pages is one book, not many of a page each. A book belongs to a release; those whose release left
  the shelf go. Any can go at any time.
"""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from catalog.copying import copying
from catalog.digest import sha256
from catalog.durable import free_bytes
from catalog.manifest import Activity, Release, is_safe_path
from catalog.shelf import Shelf

FOLDER = "books"
FREE_BYTES_MIN = 1 << 30
BOOKS_BYTES_MAX = 2 << 30
NAME_CHARACTERS = 40
PAGES = frozenset({"text/html", "application/xhtml+xml"})
TEXT, BOOK = "html", "epub"
WHOLE = "~"
"""The name under which a whole course is a book; no part is called so."""


class Books:
    """The books of one box, in `data`/books."""

    def __init__(self, data: Path, shelf: Shelf, is_busy: Callable[[], bool]) -> None:
        self.folder = data / FOLDER
        self._shelf = shelf
        self._is_busy = is_busy
        self._working = threading.Lock()

    def path(self, release: Release, activity: Activity) -> Path | None:
        """The book of this activity; None where there is none, or not yet."""
        path = self.folder / _name(release, activity)
        try:
            return path if path.stat().st_size else None
        except OSError:
            return None

    def tick(self) -> bool:
        """Make one that is missing; says whether there was one to make."""
        if self._is_busy() or not self._working.acquire(blocking=False):
            return False
        try:
            return self._step()
        finally:
            self._working.release()

    def _step(self) -> bool:
        # Loaded a minute after the start: the pages need none of it.
        from catalog.book.making import is_whole

        wanted = {
            _name(release, activity): (release, activity)
            for release in self._shelf.courses()
            if copying(release).is_allowed
            for activity in books_of(release)
        }
        self.folder.mkdir(exist_ok=True)
        here = {path.name: path for path in self.folder.iterdir()}
        for name, path in here.items():
            if name not in wanted or not is_whole(path):
                path.unlink(missing_ok=True)
        missing = [one for name, one in wanted.items() if name not in here]
        taken = sum(path.stat().st_size for path in self.folder.iterdir())
        if not missing or taken > BOOKS_BYTES_MAX or free_bytes(self.folder) < FREE_BYTES_MIN:
            return False
        self._make(*missing[0])
        return True

    def _make(self, release: Release, activity: Activity) -> None:
        from catalog.book.epub import PAGES_MAX, Book
        from catalog.book.making import make

        pages = self._pages(release, activity)
        language = next(iter(release.languages), "en")
        book = Book(
            tree=self._shelf.tree(release.course).resolve(),
            start=activity.path,
            pages=pages[:PAGES_MAX],
            title=activity.title.get(language) or next(iter(activity.title.values()), release.course),
            language=language,
            identifier=f"urn:qanat:{release.root}:{activity.id}",
            licence=release.licence,
            is_ordered=activity.kind == BOOK or activity.id == WHOLE,
        )
        make(book, self.folder.resolve() / _name(release, activity))

    def _pages(self, release: Release, activity: Activity) -> list[str]:
        """The chapters of a book; of a whole course its parts, one after the other; of a lesson its folder's pages."""
        spine = activity.attributes.get("spine")
        if isinstance(spine, list):
            return [path for path in spine if isinstance(path, str) and is_safe_path(path)]
        entries = [entry for layer in self._shelf.releases.layers(release.root) for entry in layer.entries]
        pages = [entry.path for entry in entries if entry.media_type in PAGES]
        if activity.id == WHOLE:
            return _of_parts([one.path for one in release.activities if one.kind == TEXT], pages)
        folder, slash, _ = activity.path.partition("/")
        return [path for path in pages if path.startswith(folder + slash) or not slash]


def _of_parts(parts: list[str], pages: list[str]) -> list[str]:
    """The page of each part, and what lies beside it where no other part does."""
    folders = Counter(path.rpartition("/")[0] for path in parts)
    order: dict[str, None] = {}
    for part in parts:
        folder = part.rpartition("/")[0]
        beside = [path for path in pages if path.startswith(f"{folder}/")] if folder and folders[folder] == 1 else []
        order.update(dict.fromkeys([part, *beside]))
    return list(order)


def books_of(release: Release) -> list[Activity]:
    """What of a release can be a book: each book in it, and its text; the texts of many parts are one book."""
    texts = [activity for activity in release.activities if activity.kind == TEXT]
    books = [activity for activity in release.activities if activity.kind == BOOK]
    if len(texts) > 1:
        texts = [Activity(WHOLE, TEXT, texts[0].path, release.title)]
    return [*texts, *books]


def part_of(release: Release, name: str) -> Activity | None:
    """The part of a release of this name, or all of it where that is one book."""
    whole = next((one for one in books_of(release) if one.id == WHOLE), None)
    return whole if name == WHOLE else release.activity(name)


def _name(release: Release, activity: Activity) -> str:
    return sha256(f"{release.root}\n{activity.id}".encode()).hex()[:NAME_CHARACTERS] + ".epub"
