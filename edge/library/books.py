"""Books of the courses on the shelf: of each lesson of text, and of each book that came unpacked, an EPUB.

* Made one at a time, each minute, after what is new was made findable; never in a learner's request.
* Only where the licence lets learners keep a copy, and only while the disk has room to spare.
* A book belongs to a release and an activity; those whose release left the shelf go. Any can go at any time.
"""

import threading
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
KINDS = frozenset({"html", "epub"})


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
            for activity in release.activities
            if activity.kind in KINDS
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

        spine = activity.attributes.get("spine")
        named = spine if isinstance(spine, list) else []
        pages = [path for path in named if isinstance(path, str) and is_safe_path(path)]
        language = next(iter(release.languages), "en")
        book = Book(
            tree=self._shelf.tree(release.course).resolve(),
            start=activity.path,
            pages=(pages or self._pages(release, activity))[:PAGES_MAX],
            title=activity.title.get(language) or next(iter(activity.title.values()), release.course),
            language=language,
            identifier=f"urn:qanat:{release.root}:{activity.id}",
            licence=release.licence,
            is_ordered=bool(pages),
        )
        make(book, self.folder.resolve() / _name(release, activity))

    def _pages(self, release: Release, activity: Activity) -> list[str]:
        """The pages of a lesson: those in the folder of its own."""
        folder, slash, _ = activity.path.partition("/")
        entries = [entry for layer in self._shelf.releases.layers(release.root) for entry in layer.entries]
        pages = [entry.path for entry in entries if entry.media_type in PAGES]
        return [path for path in pages if path.startswith(folder + slash) or not slash]


def _name(release: Release, activity: Activity) -> str:
    return sha256(f"{release.root}\n{activity.id}".encode()).hex()[:NAME_CHARACTERS] + ".epub"
