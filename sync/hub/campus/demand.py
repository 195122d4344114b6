"""Demand: courses that a campus may ask for, and what it asked for.

* Before one of its boxes is answered, a campus is told which courses of the hub it does not get, each once for each
  version, and which are listed no more. Where nothing changed that is two statements, and no event.
* What its staff want is wanted by the campus from the moment that is read out: the next plan carries it. A word about a
  course that is not on offer, or of which the hub has decided already, changes nothing.
* How many asked is for publishers to see; who asked the hub never hears.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from catalog.digest import Digest
from catalog.manifest import Release
from catalog.releases import Releases
from sync.campus.asking import ASK, LISTING, WISH, Demand, Listed, demands_in, not_listed
from sync.campus.ownership import Side
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.campus.words import words_about
from sync.hub.engine import reading
from sync.hub.fleet import Campus

TOLD_AT_ONCE_MAX = 200
"""As many in one answer; the next one goes on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one campus asked for."""

    campus: Campus
    demand: Demand


class Demands:
    """What campuses are offered beside what they get, and what they say to it."""

    def __init__(self, engine: Engine, releases: Releases, journals: CampusJournals) -> None:
        self._engine = engine
        self._releases = releases
        self._journals = journals

    def tell(self, connection: Connection, campus: str) -> None:
        """Say what is new of the list, in the transaction of the answer."""
        offered = _not_wanted(connection, campus)
        listed = {word.id: word for word in words_about(connection, campus, LISTING) if word.side is Side.HUB}
        told = {course: word.says.get("version", 0) for course, word in listed.items() if word.says.get("titles")}
        new = [course for course, (version, _) in sorted(offered.items()) if told.get(course) != version]
        gone = sorted(told.keys() - offered.keys())
        for course in [*gone, *new][:TOLD_AT_ONCE_MAX]:
            edit = listed[course].edit + 1 if course in listed else 0
            said = not_listed(course)
            if course in offered:
                release = self._releases.release(offered[course][1])
                if release is None:
                    continue
                said = _listed(connection, release).says()
            self._journals.append(connection, campus, "listed", {**said, "edit": edit})

    def asked(self, course: str) -> Sequence[Asked]:
        """Who asked for a course: each campus, and how many there."""
        word, campus = schema.campus_word, schema.campus
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(campus)
                .where(
                    select(word.c.id)
                    .where(word.c.campus == campus.c.id, word.c.id == course, word.c.about.in_((ASK, WISH)))
                    .exists()
                )
                .order_by(campus.c.name)
            ).all()
            return [
                Asked(Campus(row.id, row.name), demand)
                for row in rows
                for demand in demands_in(words_about(connection, row.id, ASK, WISH))
                if demand.course == course
            ]


def _not_wanted(connection: Connection, campus: str) -> dict[str, tuple[int, Digest]]:
    """What is on offer and this campus does not get: the version and root of each course."""
    offer, want = schema.offer.c, schema.want.c
    wanted = select(want.course).where(want.campus == campus, want.course == offer.course)
    rows = connection.execute(select(offer.course, offer.version, offer.root).where(~wanted.exists()))
    return {row.course: (row.version, Digest(row.root)) for row in rows}


def _listed(connection: Connection, release: Release) -> Listed:
    """A release as it is listed; its size is what would travel, as far as that is packed."""
    pack = schema.pack.c
    packed = connection.execute(
        select(func.sum(pack.size_bytes)).where(pack.root == release.root, pack.from_root.is_(None), pack.is_kept == 1)
    ).scalar()
    return Listed(
        course=release.course,
        version=release.version,
        title=release.title,
        about=release.description,
        languages=tuple(release.languages),
        subjects=release.subjects,
        level=release.level,
        minutes=release.minutes,
        size_bytes=int(packed or release.size_bytes),
    )
