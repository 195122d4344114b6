"""Forgotten: who was erased is listed beside every backup, so that one made before brings nobody back.

* A list holds random ids alone, of campuses and of learners, and only ever grows.
* It is written when somebody is erased and with each backup, whole and lasting, or said not to be written: an alarm
  stands from the erasing until every known place of backups has it.
* A place counts where a backup lies in it: an empty folder under which no disk is mounted is none.
* A list that cannot be read is refused: to put a hub back without it would bring the erased back.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, select

from catalog import durable
from catalog.fault import Damaged, Fault
from sync.clock import Clock
from sync.events import is_learner
from sync.fields import is_name
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.keeping.alarms import THE_HUB, Kind, raise_alarm, settle

LIST = "erased.json"
FORM = 1
MODE = 0o600
_LOCK = ".erased.lock"

Erased = Sequence[tuple[str, str]]
"""Campus and learner."""


class Forgotten:
    """Keeps the lists of one hub."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def tell(self) -> list[Path]:
        """Write the list at every place of backups that this hub knows. Returns those that could not be written.

        While there are any, an alarm stands.
        """
        behind = self._behind()
        now_seconds = self._clock.now().wall_seconds
        with writing(self._engine) as connection:
            if behind:
                raise_alarm(connection, THE_HUB, Kind.ERASURE_UNLISTED, now_seconds, places=len(behind))
            else:
                settle(connection, THE_HUB, Kind.ERASURE_UNLISTED, now_seconds)
        return behind

    def catch_up(self) -> None:
        """Write what can be written by now: whom boxes erased meanwhile, and what had to wait for a disk."""
        if not self._behind():
            with writing(self._engine) as connection:
                settle(connection, THE_HUB, Kind.ERASURE_UNLISTED, self._clock.now().wall_seconds)

    def _behind(self) -> list[Path]:
        """Write the list everywhere; the places where that could not be done."""
        with reading(self._engine) as connection:
            erased, places = erased_in(connection), _places(connection)
        return [place for place in places if not _is_written(place, erased)]


def erased_in(connection: Connection) -> Erased:
    """Whom this hub has erased."""
    erased = schema.erased.c
    rows = connection.execute(select(erased.campus, erased.learner).order_by(erased.campus, erased.learner))
    return [(row.campus, row.learner) for row in rows]


def give_up(connection: Connection) -> None:
    """Staff say that a disk of backups is gone for good: know no place any more where the list cannot be written."""
    erased, table = erased_in(connection), schema.backup
    for place in _places(connection):
        if not _is_written(place, erased):
            connection.execute(delete(table).where(table.c.place == str(place)))


def expect(connection: Connection, now_seconds: int) -> None:
    """Somebody is erased in this transaction: until every place of backups knows, an alarm stands."""
    if places := _places(connection):
        raise_alarm(connection, THE_HUB, Kind.ERASURE_UNLISTED, now_seconds, places=len(places))


def write(place: Path, erased: Erased) -> None:
    """Write the list beside the backups in `place`, with all that stood in it. Raises Damaged, DiskFull, BoxFault."""
    try:
        with _alone(place):
            known = set(read(place))
            if (place / LIST).exists() and known.issuperset(erased):
                return
            rows = sorted(known.union(erased))
            document = {"form": FORM, "erased": [list(row) for row in rows]}
            durable.write_file(place / LIST, json.dumps(document, indent=1).encode(), MODE)
    except OSError as error:
        raise durable.disk_fault(error, place) from error


def read(place: Path) -> Erased:
    """Whom the list beside these backups names; nobody where there is none. Raises Damaged."""
    try:
        document = json.loads((place / LIST).read_bytes())
        rows = [(campus, learner) for campus, learner in document["erased"]]
        if document["form"] != FORM or not all(is_name(campus) and is_learner(learner) for campus, learner in rows):
            raise _unreadable(place)
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(place) from error
    return rows


def _places(connection: Connection) -> list[Path]:
    return [Path(name) for name in connection.execute(select(schema.backup.c.place).distinct()).scalars()]


def _is_written(place: Path, erased: Erased) -> bool:
    """Write the list there; tells whether it stands."""
    if not any(place.glob("[!.]*/backup.json")):
        return False
    try:
        write(place, erased)
    except Fault:
        return False
    return True


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Wait until nobody else writes this list: what another has just added must not go."""
    descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unreadable(place: Path) -> Damaged:
    return Damaged(
        f"The list of the erased beside the backups, {LIST} in {place.name}, cannot be read.",
        "Take it from another copy of the backups. Without it, whoever was erased since would be back.",
    )
