"""Editions: who gets what of a course, and when.

* A course is for every campus until somebody chooses; a chosen campus gets it whatever languages it reads.
* What is withdrawn is said to be so for as long as nobody chooses otherwise: a hub that forgot a course takes nothing
  off a shelf.
* A campus that keeps a version keeps it until its day, judged by the hub's clock; so does a release that has a time.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from catalog.digest import Digest
from catalog.fault import CallerFault
from catalog.manifest import CORE, Outline
from sync.campus.asking import WISH
from sync.campus.ownership import Side
from sync.hub import schema
from sync.hub.drafts.draft import Choice
from sync.hub.engine import insert

TRACKS = ("audio", "captions")
"""Layers of these kinds are of one language where their names end in it: `audio-fr`."""


class NoSuchCourse(CallerFault):
    """The course that was asked for is none of this hub's."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a campus should have of one course."""

    course: str
    root: Digest
    family: str
    layers: tuple[str, ...] | None
    """Beside the core; None for all."""
    languages: tuple[str, ...]
    """That are read there; () for all."""

    def outline(self, release: Outline) -> Outline:
        """The release as this campus takes it."""
        kept = {name: root for name, root in release.layers.items() if name == CORE or self._takes(name)}
        return (
            release
            if len(kept) == len(release.layers)
            else Outline(release.course, release.version, release.root, kept)
        )

    def _takes(self, layer: str) -> bool:
        kind, _, language = layer.partition("-")
        is_spoken = not self.languages or kind not in TRACKS or not language or language in self.languages
        return is_spoken and (self.layers is None or layer in self.layers)


@dataclass(frozen=True, slots=True)
class Orders:
    """What a campus should have, and what it should have no more."""

    wanted: Sequence[Order]
    withdrawn: Collection[str]


def orders(connection: Connection, campus: str, now_seconds: int) -> Orders:
    """What a campus should have now, in one statement."""
    offer, want, edition, place = schema.offer, schema.want, schema.edition, schema.campus
    word = schema.campus_word.c
    wish = (
        select(word.says)
        .where(word.campus == campus, word.about == WISH, word.id == want.c.course, word.side == Side.CAMPUS.value)
        .scalar_subquery()
    )
    query = (
        select(
            offer.c.course, offer.c.root, offer.c.family, offer.c.languages, want.c.layers, want.c.withdrawn_seconds,
            want.c.held_root, want.c.held_until_seconds, edition.c.is_for_all, place.c.languages.label("read_there"),
            wish.label("wish"),
        )
        .join(want, want.c.course == offer.c.course)
        .join(place, place.c.id == want.c.campus)
        .outerjoin(edition, edition.c.course == offer.c.course)
        .where(want.c.campus == campus)
        .order_by(offer.c.course)
    )  # fmt: skip
    rows = connection.execute(query).all()
    return Orders(
        [_order(row, now_seconds) for row in rows if row.withdrawn_seconds is None and _is_read(row)],
        {row.course for row in rows if row.withdrawn_seconds is not None},
    )


def spread(connection: Connection, course: str) -> None:
    """Give a course that is for every campus to those that were never asked about it."""
    if not is_for_all(connection, course):
        return
    campuses = connection.execute(select(schema.campus.c.id)).scalars().all()
    _want(connection, course, campuses)


def welcome(connection: Connection, campus: str) -> None:
    """Give a new campus every course on offer that is for every campus."""
    offer, edition = schema.offer, schema.edition
    query = (
        select(offer.c.course)
        .outerjoin(edition, edition.c.course == offer.c.course)
        .where((edition.c.is_for_all.is_(None)) | (edition.c.is_for_all == 1))
    )
    wants = [{"campus": campus, "course": course} for course in connection.execute(query).scalars()]
    if wants:
        connection.execute(insert(connection, schema.want).on_conflict_do_nothing(), wants)


def choose(connection: Connection, course: str, choice: Choice, now_seconds: int) -> None:
    """Let the chosen campuses have a course, as much of it as was chosen; the others have it no more."""
    campuses = connection.execute(select(schema.campus.c.id)).scalars().all()
    chosen = [campus for campus in campuses if choice.is_for(campus)]
    _put_edition(connection, course, is_for_all=choice.campuses is None)
    _want(connection, course, chosen)
    want = schema.want
    for campus in chosen:
        layers = choice.layers.get(campus)
        values: dict[str, Any] = {"withdrawn_seconds": None, "layers": "" if layers is None else json.dumps(layers)}
        connection.execute(update(want).where(want.c.course == course, want.c.campus == campus).values(values))
    withdraw(connection, course, [campus for campus in campuses if campus not in chosen], now_seconds)
    hold(connection, course, choice.holds, now_seconds)


def withdraw(connection: Connection, course: str, campuses: Iterable[str], now_seconds: int) -> int:
    """Take a course from these campuses: their boxes take it off the shelf with their next call. Returns how many."""
    want, count = schema.want, 0
    for campus in campuses:
        gone = update(want).where(want.c.course == course, want.c.campus == campus, want.c.withdrawn_seconds.is_(None))
        count += connection.execute(gone.values(withdrawn_seconds=now_seconds)).rowcount
    return count


def withdraw_at_all(connection: Connection, course: str, now_seconds: int) -> int:
    """Take a course from every campus, those to come as well. Returns from how many."""
    _put_edition(connection, course, is_for_all=False)
    campuses = connection.execute(select(schema.want.c.campus).where(schema.want.c.course == course)).scalars().all()
    return withdraw(connection, course, campuses, now_seconds)


def hold(connection: Connection, course: str, holds: Mapping[str, int], now_seconds: int) -> None:
    """Let campuses keep the version on offer until a moment of theirs; those that are not named go on.

    A campus that keeps one already keeps that one.
    """
    want = schema.want
    root = connection.execute(select(schema.offer.c.root).where(schema.offer.c.course == course)).scalar_one_or_none()
    for row in connection.execute(select(want).where(want.c.course == course)).all():
        until_seconds = holds.get(row.campus, 0)
        is_held = bool(row.held_root) and now_seconds < row.held_until_seconds
        held_root = row.held_root if is_held else root
        if until_seconds <= now_seconds or held_root is None:
            held_root, until_seconds = "", 0
        if (held_root, until_seconds) != (row.held_root, row.held_until_seconds):
            values = {"held_root": held_root, "held_until_seconds": until_seconds}
            connection.execute(update(want).where(want.c.course == course, want.c.campus == row.campus).values(values))


def held_roots(connection: Connection, now_seconds: int) -> set[Digest]:
    """The releases that some campus keeps for now: what leads to them is kept too."""
    want = schema.want
    query = select(want.c.held_root).where(want.c.held_until_seconds > now_seconds).distinct()
    return {Digest(root) for root in connection.execute(query).scalars() if root}


def schedule(connection: Connection, root: Digest, course: str, due_seconds: int) -> None:
    """Let no box have a release before its time."""
    row = {"root": root, "course": course, "due_seconds": due_seconds}
    statement = insert(connection, schema.scheduled).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["root"], set_=row))


def not_due(connection: Connection, now_seconds: int) -> dict[Digest, int]:
    """The releases whose time has not come, and when it comes."""
    table = schema.scheduled
    rows = connection.execute(select(table).where(table.c.due_seconds > now_seconds)).all()
    return {Digest(row.root): row.due_seconds for row in rows}


def is_for_all(connection: Connection, course: str) -> bool:
    edition = schema.edition
    chosen = connection.execute(select(edition.c.is_for_all).where(edition.c.course == course)).scalar_one_or_none()
    return chosen is None or chosen == 1


def choice_of(connection: Connection, course: str) -> Choice:
    """Who gets a course now, and how much of it."""
    want = schema.want
    rows = connection.execute(select(want).where(want.c.course == course).order_by(want.c.campus)).all()
    given = [row for row in rows if row.withdrawn_seconds is None]
    return Choice(
        None if is_for_all(connection, course) else tuple(row.campus for row in given),
        {row.campus: tuple(json.loads(row.layers)) for row in given if row.layers},
        0,
        {row.campus: row.held_until_seconds for row in given if row.held_until_seconds},
        tuple(row.campus for row in rows if row.withdrawn_seconds is not None),
    )


def subscribe(connection: Connection, campus: str, languages: Sequence[str]) -> None:
    """Let a campus have, of the courses that are for all, those in these languages; none named: all."""
    said = json.dumps(list(languages))
    connection.execute(update(schema.campus).where(schema.campus.c.id == campus).values(languages=said))


def languages_read(connection: Connection) -> dict[str, tuple[str, ...]]:
    """By campus: the languages that are read there; () for all."""
    rows = connection.execute(select(schema.campus.c.id, schema.campus.c.languages))
    return {row.id: tuple(json.loads(row.languages)) for row in rows}


def _order(row: Any, now_seconds: int) -> Order:
    is_held = bool(row.held_root) and now_seconds < row.held_until_seconds
    return Order(
        row.course,
        Digest(row.held_root if is_held else row.root),
        row.family,
        tuple(json.loads(row.layers)) if row.layers else None,
        tuple(json.loads(row.read_there)),
    )


def _is_read(row: Any) -> bool:
    """Whether a course speaks a language that is read there. What was chosen for a campus, or by it, is not asked."""
    if row.wish is not None and json.loads(row.wish).get("is_wanted") == 1:
        return True
    read_there, spoken = json.loads(row.read_there), json.loads(row.languages)
    return row.is_for_all == 0 or not read_there or not spoken or not set(read_there).isdisjoint(spoken)


def _want(connection: Connection, course: str, campuses: Iterable[str]) -> None:
    wants = [{"campus": campus, "course": course} for campus in campuses]
    if wants:
        connection.execute(insert(connection, schema.want).on_conflict_do_nothing(), wants)


def _put_edition(connection: Connection, course: str, *, is_for_all: bool) -> None:
    row = {"course": course, "is_for_all": int(is_for_all)}
    statement = insert(connection, schema.edition).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["course"], set_=row))
