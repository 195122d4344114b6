"""Publishing: sources become the next release of a course.

* A release is recorded whole, in the transaction that indexes its files, or not at all.
* Or in two steps: `prepare` keeps the files and says what was found, and what came of it is published, or let go, once
  somebody has read that.
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
from catalog.about import (
    DESCRIPTION_LETTERS_MAX,
    LICENCE_LETTERS_MAX,
    SUBJECT_LETTERS_MAX,
    SUBJECTS_MAX,
    TITLE_LETTERS_MAX,
    About,
)
from catalog.batch import Batch
from catalog.db import Connection, Database
from catalog.digest import Digest
from catalog.fault import CallerFault, Damaged
from catalog.importers.course import Imported, read
from catalog.importers.identity import identity
from catalog.importers.intake import Progress, latin, slug
from catalog.importers.report import Report
from catalog.manifest import LayerName, Release, WrittenLayer, is_course
from catalog.moved import changes, composed, moved_in, way_back
from catalog.releases import Releases
from catalog.renditions.studio import Studio
from catalog.store import Store

MIGRATIONS = (store_.migrations, releases_.migrations)
DATABASE = "catalog.db"
STORE = "store"


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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A release without a number, whose files are here, and what its import found. No list of releases names it."""

    release: Release
    layers: tuple[WrittenLayer, ...]
    report: Report


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
    about: About | None = None,
    progress: Progress | None = None,
    studio: Studio | None = None,
    is_welcome: Callable[[str], None] = lambda course: None,
) -> Published:
    """Make `sources` the next release of `course`; without a name, the course is called after its title.

    `about` says more than the first few words do; of what neither speaks, the former version's words stay.
    `is_welcome` is asked whether the course may be called so as soon as its name is known; it raises where not.
    Raises CallerFault, ContentFault, DiskFull or BoxFault; then nothing of it stays.
    """
    with _batch(catalog, sources, language, studio) as batch:
        prepared = _imported(sources, batch, now_seconds, course, title, language, progress, is_welcome, studio)
        own = About(
            title=prepared.release.title,
            description={language: description} if description else {},
            languages=(language,),
            licence=licence,
        ).filled(About.of(prepared.release))
        said = own if about is None else about.filled(own)

        def record(connection: Connection) -> Published:
            batch.record(connection)
            catalog.releases.record_layers(connection, prepared.layers)
            latest = catalog.releases.latest(prepared.release.course, connection)
            words = said if latest is None else _going_on(said, latest, prepared.release)
            release, is_new = _record(connection, catalog.releases, words.said_of(prepared.release), latest)
            return Published(release, prepared.report, is_new)

        return catalog.database.write(record)


def prepare(
    sources: Sequence[Path],
    catalog: Catalog,
    *,
    now_seconds: int,
    course: str | None = None,
    title: str | None = None,
    language: str = "en",
    progress: Progress | None = None,
    studio: Studio | None = None,
    is_welcome: Callable[[str], None] = lambda course: None,
    keep: Callable[[Prepared], None] = lambda prepared: None,
) -> Prepared:
    """Take `sources` in without publishing them: `publish_prepared` does, `let_go` forgets them.

    `keep` is called before anybody could let go of what nobody names yet.

    Raises CallerFault, ContentFault, DiskFull or BoxFault; then nothing of it stays.
    """
    with _batch(catalog, sources, language, studio) as batch:
        prepared = _imported(sources, batch, now_seconds, course, title, language, progress, is_welcome, studio)

        def record(connection: Connection) -> None:
            batch.record(connection)
            catalog.releases.record_layers(connection, prepared.layers)

        catalog.database.write(record)
        keep(prepared)
        return prepared


def publish_prepared(
    catalog: Catalog, draft: Release, before: Callable[[Release, bool], None] = lambda release, is_new: None
) -> tuple[Release, bool]:
    """Record what was prepared as the next release of its course; tells whether there is anything new in it.

    What the release says to have moved is of this update alone; what had moved before is said with it. `before` hears
    of the release, and whether it is new, before anybody else can see it.

    Raises Damaged where its files are not here any more.
    """

    def record(connection: Connection) -> tuple[Release, bool]:
        for name, layer in draft.layers.items():
            if not catalog.releases.has_layer(layer.root, name, connection):
                raise Damaged(f"The files of {draft.course} are not here any more.", "Send them and import them again.")
        latest = catalog.releases.latest(draft.course, connection)
        release, is_new = _record(connection, catalog.releases, draft, latest)
        before(release, is_new)
        return release, is_new

    return catalog.database.write(record)


def roll_back(catalog: Catalog, course: str, version: int | None = None, *, now_seconds: int) -> Release:
    """Publish a former version of a course anew, under the next number; without a number, the one before the latest.

    What had moved since then moves back. Raises CallerFault where there is no such version, or where it is the latest.
    """

    def record(connection: Connection) -> Release:
        versions = catalog.releases.versions(course, connection)
        older = [one for one in versions[:-1] if version in (None, one.version)]
        if not older:
            raise CallerFault(
                f"{course} has no former version {version}." if version else f"{course} has no former version.",
                f"Run `qanat catalog show {course}` for those that there are.",
            )
        latest, aim = versions[-1], older[-1]
        provenance = {**aim.provenance, "published": now_seconds, "rolled_back_to": aim.version}
        about = replace(About.of(aim), moved=composed(moved_in(latest), way_back(latest, aim), _ids(aim)))
        release = replace(
            about.said_of(aim), version=catalog.releases.next_version(course, connection), provenance=provenance
        )
        catalog.releases.record(connection, release, [])
        return release

    return catalog.database.write(record)


def let_go(catalog: Catalog, keep: Callable[[], Sequence[Digest]] = tuple) -> int:
    """Forget prepared layers that no release names, but for those with a root that `keep` names, and free their files.

    Returns the bytes freed; 0 where something else is being taken in just now.
    """
    if not catalog.releases.has_unnamed(keep()):
        return 0

    def digests_kept(connection: Connection) -> set[Digest]:
        # Asked once nothing is being taken in any more: whoever took something in has said so by now.
        catalog.releases.forget_unnamed(connection, keep())
        return catalog.releases.digests(connection)

    return catalog.store.prune(digests_kept)


def _imported(
    sources: Sequence[Path],
    batch: Batch,
    now_seconds: int,
    course: str | None,
    title: str | None,
    language: str,
    progress: Progress | None,
    is_welcome: Callable[[str], None],
    studio: Studio | None,
) -> Prepared:
    """Read sources into a batch, which is placed and still to be recorded."""
    _check_words(course, title)
    if course:
        is_welcome(course)
    imported = read(sources, batch, language, title, progress or _silent, studio)
    name = course or _course_of(imported.title, sources[0])
    if not course:
        is_welcome(name)
    layers = tuple(layer.written for layer in imported.layers)
    draft = Release(
        course=name,
        version=0,
        title={language: imported.title},
        description={},
        languages=(language,),
        licence="",
        provenance={
            "format": imported.report.format,
            "published": now_seconds,
            "sources": [source.name.encode("utf-8", "replace").decode() for source in sources],
        },
        activities=imported.activities,
        layers={
            layer.name: LayerName(written.root, layer.size_bytes, len(layer.entries))
            for layer, written in zip(imported.layers, layers, strict=True)
        },
    )
    batch.place()
    return Prepared(_said_of_itself(imported, language).said_of(draft), layers, imported.report)


def _batch(catalog: Catalog, sources: Sequence[Path], language: str, studio: Studio | None) -> Batch:
    """A batch that goes on where the same import died."""
    return catalog.store.batch(identity(sources, (language, "with renditions" if studio else "")))


def _said_of_itself(imported: Imported, language: str) -> About:
    """What the sources say of their course, as far as there is room for it."""
    said = imported.about
    return About(
        title={language: imported.title},
        description={language: said.description[:DESCRIPTION_LETTERS_MAX]} if said.description else {},
        languages=(language,),
        licence=said.licence[:LICENCE_LETTERS_MAX],
        subjects=tuple(subject[:SUBJECT_LETTERS_MAX] for subject in said.subjects[:SUBJECTS_MAX]),
    )


def _record(connection: Connection, releases: Releases, draft: Release, latest: Release | None) -> tuple[Release, bool]:
    """Record a draft as what comes after `latest`; what had moved before is said again with what moves now."""
    if latest is not None:
        about = About.of(draft)
        draft = replace(about, moved=composed(moved_in(latest), about.moved, _ids(draft))).said_of(draft)
        if _says(latest) == _says(draft):
            return latest, False
    release = replace(draft, version=releases.next_version(draft.course, connection))
    releases.record(connection, release, [])
    return release, True


def _going_on(said: About, latest: Release, release: Release) -> About:
    """What is said of a new version: as of the one before, where nothing else is said; and what seems to have moved."""
    moved = said.moved or changes(latest, release.activities).moved
    return replace(said.filled(About.of(latest)), moved=moved)


def _ids(release: Release) -> set[str]:
    return {activity.id for activity in release.activities}


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
