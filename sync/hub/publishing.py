"""Publishing at the hub: sources become a release, and staff can read what the import found.

* The release is in the catalog before its report is kept; a report without a release cannot be.
* It reaches boxes once its packs are built, which somebody else does (`packing`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from catalog.importers import Progress
from catalog.manifest import canonical
from catalog.publish import Catalog, Published, publish
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import insert, reading, writing
from sync.hub.packing import Packing
from sync.hub.trust.listing import demand_own


@dataclass(frozen=True, slots=True)
class Finding:
    """What the import of a release found, and when that was. `document` is `catalog.importers.Report.to_document`."""

    version: int
    published_seconds: int
    document: dict[str, Any]


class Publishing:
    """Takes courses in."""

    def __init__(self, catalog: Catalog, engine: Engine, packing: Packing, clock: Clock) -> None:
        self._catalog = catalog
        self._engine = engine
        self._packing = packing
        self._clock = clock

    def publish(
        self,
        sources: Sequence[Path],
        *,
        course: str | None = None,
        title: str | None = None,
        language: str = "en",
        licence: str = "",
        description: str | None = None,
        progress: Progress | None = None,
    ) -> Published:
        """Make `sources` the next release of a course, and keep the import's report.

        Raises CallerFault, ContentFault, DiskFull or BoxFault; then nothing of it stays.
        """
        now_seconds = self._clock.now().wall_seconds
        published = publish(
            sources,
            self._catalog,
            now_seconds=now_seconds,
            course=course,
            title=title,
            language=language,
            licence=licence,
            description=description,
            progress=progress,
            is_welcome=self._demand_own,
        )
        self._keep(published, now_seconds)
        self._packing.wake()
        return published

    def finding(self, course: str) -> Finding | None:
        """What the import of the latest release of this course found; None where it came here some other way."""
        report = schema.import_report
        query = select(report).where(report.c.course == course).order_by(report.c.version.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Finding(row.version, row.published_seconds, json.loads(row.document))

    def _demand_own(self, course: str) -> None:
        """Raises CourseTaken where this hub mirrors a course of this name: boxes would get neither."""
        with reading(self._engine) as connection:
            demand_own(connection, course)

    def _keep(self, published: Published, now_seconds: int) -> None:
        row = {
            "root": published.release.root,
            "course": published.release.course,
            "version": published.release.version,
            "document": canonical(published.report.to_document()).decode(),
            "published_seconds": now_seconds,
        }
        with writing(self._engine) as connection:
            statement = insert(connection, schema.import_report).values(row)
            newest = {"document": row["document"]}
            connection.execute(statement.on_conflict_do_update(index_elements=["root"], set_=newest))
