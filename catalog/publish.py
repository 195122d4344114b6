"""Publishing: sources become the next release of a course.

* A release is recorded whole, in the transaction that indexes its files, or not at all.
* Publishing the same files and words again makes no new version.
* Versions of a course only grow.
* One that died while it was read goes on, asked for again, with what it had staged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from catalog import releases as releases_
from catalog import store as store_
from catalog.db import Connection, Database
from catalog.fault import CallerFault
from catalog.importers import Imported, Progress, Report, read
from catalog.importers.identity import identity
from catalog.importers.intake import latin, slug
from catalog.manifest import LayerName, Release, is_course
from catalog.releases import Releases
from catalog.renditions.studio import Studio
from catalog.store import Store

MIGRATIONS = (store_.migrations, releases_.migrations)
DATABASE = "catalog.db"
STORE = "store"
TITLE_LETTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Catalog:
    """What there is at a place: the database, the files and the releases in its data folder."""

    data: Path
    database: Database
    store: Store
    releases: Releases

    @classmethod
    def open(cls, data: Path, database: str = DATABASE) -> Self:
        """Open, or make, the catalog in the folder `data`, and clear away what a power cut left.

        Raises BoxFault where the disk or the database will not do.
        """
        opened = Database(data / database, MIGRATIONS)
        store = Store(data / STORE, opened)
        store.sweep()
        return cls(data, opened, store, Releases(opened, store))

    def close(self) -> None:
        self.database.close()


@dataclass(frozen=True, slots=True)
class Published:
    """A release, and what its import found. `is_new` is False where it was there already."""

    release: Release
    report: Report
    is_new: bool


def publish(
    sources: Sequence[Path],
    catalog: Catalog,
    *,
    now_seconds: int,
    course: str | None = None,
    title: str | None = None,
    language: str = "en",
    licence: str = "",
    description: str | None = None,
    progress: Progress | None = None,
    studio: Studio | None = None,
    is_welcome: Callable[[str], None] = lambda course: None,
) -> Published:
    """Make `sources` the next release of `course`; without a name, the course is called after its title.

    `is_welcome` is asked whether the course may be called so as soon as its name is known; it raises where not.
    Raises CallerFault, ContentFault, DiskFull or BoxFault; then nothing of it stays.
    """
    _check_words(course, title)
    if course:
        is_welcome(course)
    with catalog.store.batch(identity(sources, (language, "with renditions" if studio else ""))) as batch:
        imported = read(sources, batch, language, title, progress or _silent, studio)
        name = course or _course_of(imported.title, sources[0])
        if not course:
            is_welcome(name)
        draft = Release(
            course=name,
            version=0,
            title={language: imported.title},
            description={language: description} if description else {},
            languages=(language,),
            licence=licence,
            provenance={
                "format": imported.report.format,
                "published": now_seconds,
                "sources": [source.name.encode("utf-8", "replace").decode() for source in sources],
            },
            activities=imported.activities,
            layers={
                layer.name: LayerName(layer.root, layer.size_bytes, len(layer.entries)) for layer in imported.layers
            },
        )
        batch.place()

        def record(connection: Connection) -> Published:
            batch.record(connection)
            return _record(connection, catalog.releases, draft, imported)

        return catalog.database.write(record)


def _record(connection: Connection, releases: Releases, draft: Release, imported: Imported) -> Published:
    latest = releases.latest(draft.course, connection)
    if latest is not None and _says(latest) == _says(draft):
        return Published(latest, imported.report, is_new=False)
    release = replace(draft, version=releases.next_version(draft.course, connection))
    releases.record(connection, release, imported.layers)
    return Published(release, imported.report, is_new=True)


def _course_of(title: str, source: Path) -> str:
    """A course's name from its title; from its file's name where the title has no Latin letters."""
    return next((name for text in (title, source.stem) if (name := latin(text))), slug(title, "course"))


def _says(release: Release) -> bytes:
    """What a release says to learners: all but its number, and where and when it was made."""
    return replace(release, version=0, provenance={}).to_bytes()


def _check_words(course: str | None, title: str | None) -> None:
    if course is not None and not is_course(course):
        raise CallerFault(
            f"A course cannot be called {course!r}.", "Use small letters a to z, digits and hyphens, 63 at most."
        )
    if title is not None and not 0 < len(title) <= TITLE_LETTERS_MAX:
        raise CallerFault(f"A title has 1 to {TITLE_LETTERS_MAX} letters.", "Give a shorter one.")


def _silent(done_bytes: int, total_bytes: int) -> None:
    """Progress that nobody watches."""
