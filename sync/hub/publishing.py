"""Publishing at the hub: sources become a release, and staff can read what the import found.

* The release is in the catalog before its report is kept; a report without a release cannot be.
* It reaches boxes once its packs are built, which somebody else does (`packing`), and once its time has come.
* Who gets it, how much and when is written down before anybody can see the release.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from catalog.about import About, WordsRefused
from catalog.digest import Digest
from catalog.importers.intake import Progress
from catalog.manifest import Release, canonical, is_course
from catalog.moved import MoveRefused, demand_moves
from catalog.publish import Catalog, Published, publish, publish_prepared, roll_back
from sync.clock import Clock
from sync.hub import editions, schema
from sync.hub.campus.notices import Notices
from sync.hub.drafts.cost import Cost, cost_of
from sync.hub.drafts.draft import Choice, Draft, State
from sync.hub.drafts.drafts import Drafts
from sync.hub.drafts.midst import Update, update_of
from sync.hub.drafts.weighing import Weighing, outline_of, parcels_of
from sync.hub.engine import insert, reading, writing
from sync.hub.fleet import Fleet, boxes_in
from sync.hub.packing import Packing
from sync.hub.readout import Readout
from sync.hub.trust.listing import demand_own
from sync.wire import CAN_PATCH


@dataclass(frozen=True, slots=True)
class Finding:
    """What the import of a release found, and when that was. `document` is `catalog.importers.Report.to_document`."""

    version: int
    published_seconds: int
    document: dict[str, Any]


class Publishing:
    """Takes courses in."""

    def __init__(
        self, catalog: Catalog, engine: Engine, packing: Packing, drafts: Drafts, weighing: Weighing, fleet: Fleet,
        notices: Notices, readout: Readout, clock: Clock,
    ) -> None:  # fmt: skip
        self._catalog = catalog
        self._engine = engine
        self._packing = packing
        self._drafts = drafts
        self._weighing = weighing
        self._fleet = fleet
        self._notices = notices
        self._readout = readout
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
        about: About | None = None,
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
            about=about,
            progress=progress,
            is_welcome=self.demand_own,
        )
        with writing(self._engine) as connection:
            _keep(connection, published.release, published.report.to_document(), now_seconds)
        self._packing.wake()
        return published

    def demand_publishable(self, draft: Draft) -> None:
        """Raises DraftRefused, WordsRefused or MoveRefused where a draft cannot be published as it stands."""
        draft.demand(State.READY)
        release = draft.said
        if not any(release.title.values()):
            raise WordsRefused("The course has no title.", "Write what learners should read on its door.", "title")
        ids = {activity.id for activity in release.activities}
        former = self._catalog.releases.latest(release.course)
        if former is not None:
            demand_moves(draft.about.moved, former, ids)
        elif draft.about.moved:
            raise MoveRefused("This is the first version: nothing can have moved.", "Leave out what moved.")

    def publish_draft(self, draft: Draft) -> tuple[Release, bool]:
        """Publish what a draft is by now, for whom and when it says. Tells whether there was anything new in it.

        Raises DraftRefused, WordsRefused, MoveRefused, CourseTaken; Damaged where its files are gone.
        """
        self.demand_publishable(draft)
        self.demand_own(draft.said.course)
        now_seconds, choice = self._clock.now().wall_seconds, draft.choice

        def before(release: Release, is_new: bool) -> None:
            with writing(self._engine) as connection:
                # What boxes have already cannot be put off any more.
                if is_new and choice.due_seconds > now_seconds:
                    editions.schedule(connection, release.root, release.course, choice.due_seconds)
                editions.choose(connection, release.course, choice, now_seconds)
                _keep(connection, release, draft.report or {}, now_seconds)

        release, is_new = publish_prepared(self._catalog, draft.said, before)
        self._drafts.discard(draft.id)
        self._packing.wake()
        return release, is_new

    def choose(self, course: str, campuses: Sequence[str] | None) -> None:
        """Let these campuses have a course, or every one; what each takes of it stays. Raises NoSuchCourse."""
        self._demand_known(course)
        with writing(self._engine) as connection:
            chosen = None if campuses is None else tuple(campuses)
            choice = replace(editions.choice_of(connection, course), campuses=chosen, without=())
            editions.choose(connection, course, choice, self._clock.now().wall_seconds)

    def withdraw(self, course: str, campuses: Sequence[str] | None = None) -> int:
        """Take a course from these campuses, or from all there are and will be. Returns from how many.

        Raises NoSuchCourse.
        """
        now_seconds = self._clock.now().wall_seconds
        self._demand_known(course)
        with writing(self._engine) as connection:
            if campuses is None:
                return editions.withdraw_at_all(connection, course, now_seconds)
            return editions.withdraw(connection, course, campuses, now_seconds)

    def roll_back(self, course: str, version: int | None = None) -> Release:
        """Publish a former version anew, under the next number, for those who have the course.

        Raises NoSuchCourse, CourseTaken; CallerFault where there is no such version.
        """
        self._demand_known(course)
        self.demand_own(course)
        release = roll_back(self._catalog, course, version, now_seconds=self._clock.now().wall_seconds)
        self._packing.wake()
        return release

    def costs(self, draft: Draft) -> list[Cost]:
        """What a draft would take of each campus that it is for, by name."""
        release, weights = draft.said, self._weighing.weights(draft)
        outline, ready = outline_of(release), parcels_of(draft, weights)
        with reading(self._engine) as connection:
            boxes = boxes_in(connection)
            read_there = editions.languages_read(connection)
            offer = schema.offer
            families = {row.course: row.family for row in connection.execute(select(offer)) if row.family}
        if draft.about.family:
            families[release.course] = draft.about.family
        outlines = self._catalog.releases.outlines({held.root for box in boxes for held in box.holdings})
        known = {one.root: one for one in outlines}
        costs = []
        for campus in self._fleet.campuses():
            choice, languages = draft.choice, read_there.get(campus.id, ())
            is_read = not languages or not set(languages).isdisjoint(release.languages) or choice.campuses is not None
            if choice.is_for(campus.id) and is_read:
                order = editions.Order(
                    release.course, release.root, draft.about.family, choice.layers.get(campus.id), languages
                )
                there = [box for box in boxes if box.campus.id == campus.id]
                budget = self._notices.budget_sent(campus.id)
                costs.append(
                    cost_of(campus, there, order.outline(outline), ready, known, families, budget, (CAN_PATCH,))
                )
        return costs

    def update(self, draft: Draft) -> Update | None:
        """What a draft would do to the activities of its course; None where it is the first version."""
        former = self._catalog.releases.latest(draft.said.course)
        if former is None:
            return None
        self._readout.catch_up()
        return update_of(self._engine, former, draft.said.activities)

    def due_seconds(self, root: Digest) -> int | None:
        """When the time of a release comes; None where it has come."""
        with reading(self._engine) as connection:
            return editions.not_due(connection, self._clock.now().wall_seconds).get(root)

    def subscribe(self, campus: str, languages: Sequence[str]) -> None:
        """Let a campus have, of the courses that are for all, those in these languages; none named: all.

        Raises WordsRefused.
        """
        tags = About.written(languages=tuple(dict.fromkeys(languages))).languages
        with writing(self._engine) as connection:
            editions.subscribe(connection, campus, tags)

    def languages_of(self, campus: str) -> tuple[str, ...]:
        """The languages that a campus said to read; () for all."""
        with reading(self._engine) as connection:
            return editions.languages_read(connection).get(campus, ())

    def languages_read(self) -> dict[str, list[str]]:
        """The languages that campuses said to read, each with the names of those campuses."""
        with reading(self._engine) as connection:
            read_there = editions.languages_read(connection)
        names: dict[str, list[str]] = {}
        for campus in self._fleet.campuses():
            for tag in read_there.get(campus.id, ()):
                names.setdefault(tag, []).append(campus.name)
        return names

    def choice_of(self, course: str) -> Choice:
        """Who gets a course now."""
        with reading(self._engine) as connection:
            return editions.choice_of(connection, course)

    def finding(self, course: str) -> Finding | None:
        """What the import of the latest release of this course found; None where it came here some other way."""
        report = schema.import_report
        query = select(report).where(report.c.course == course).order_by(report.c.version.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Finding(row.version, row.published_seconds, json.loads(row.document))

    def _demand_known(self, course: str) -> None:
        if not is_course(course) or self._catalog.releases.latest(course) is None:
            raise editions.NoSuchCourse(
                f"There is no course {course} at this hub.", "Look at the list of courses for those that there are."
            )

    def demand_own(self, course: str) -> None:
        """Raises CourseTaken where this hub mirrors a course of this name: boxes would get neither."""
        with reading(self._engine) as connection:
            demand_own(connection, course)


def _keep(connection: Connection, release: Release, report: Mapping[str, Any], now_seconds: int) -> None:
    row = {
        "root": release.root,
        "course": release.course,
        "version": release.version,
        "document": canonical(report).decode(),
        "published_seconds": now_seconds,
    }
    statement = insert(connection, schema.import_report).values(row)
    newest = {"document": row["document"]}
    connection.execute(statement.on_conflict_do_update(index_elements=["root"], set_=newest))
